//! The statements of a turn and of a list, as few and as short on the wire as can be.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use sqlx::{
    Connection, FromRow, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    types::{
        Json,
        chrono::{DateTime, Utc},
    },
};
use std::str::FromStr;
use uuid::Uuid;

use crate::seed::{MEMBER, TENANT};

/// As many connections as the service has.
const CONNECTIONS: u32 = 10;

/// A pool that row-level security binds as it binds the service, and who asks.
pub(super) struct Database {
    pool: PgPool,
    tenant: Uuid,
    user: Uuid,
}

/// A conversation.
#[derive(FromRow, Serialize)]
pub(super) struct Session {
    id: Uuid,
    user_id: Uuid,
    title: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A passage that was found.
#[derive(FromRow, Serialize)]
pub(super) struct Passage {
    pub(super) document_id: Uuid,
    pub(super) chunk_id: Uuid,
    pub(super) title: String,
    pub(super) source_url: Option<String>,
    pub(super) text: String,
    pub(super) score: f32,
}

/// The rows of a turn.
pub(super) struct Turn {
    pub(super) session: Uuid,
    pub(super) question: Uuid,
    pub(super) answer: Uuid,
    pub(super) history: Value,
}

/// What ends a turn.
pub(super) struct End<'a> {
    pub(super) content: &'a str,
    pub(super) prompt_tokens: i32,
    pub(super) completion_tokens: i32,
    pub(super) sources: &'a [Passage],
}

impl Database {
    /// Adds the functions below, and opens the pool.
    pub(super) async fn open(url: &str, role_prefix: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?;
        let mut superuser = PgConnection::connect_with(&options).await?;
        sqlx::raw_sql(include_str!("functions.sql"))
            .execute(&mut superuser)
            .await?;
        let (tenant, user) = sqlx::query_as(
            "select t.id, u.id from parlance.tenants t join parlance.users u on u.tenant_id = t.id
             where t.slug = $1 and u.email = $2",
        )
        .bind(TENANT)
        .bind(MEMBER)
        .fetch_optional(&mut superuser)
        .await?
        .context("the database was not filled")?;
        superuser.close().await?;
        let role = format!("{role_prefix}_app");
        let options = options.options([("role", role.as_str()), ("search_path", "parlance")]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self { pool, tenant, user })
    }

    /// A page of 20 conversations: one statement in a transaction that is bound to a tenant.
    pub(super) async fn sessions(&self) -> Result<Vec<Session>> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(self.tenant.to_string())
            .execute(&mut *tx)
            .await?;
        let sessions = sqlx::query_as(
            "select id, user_id, title, created_at, updated_at from chat_sessions
             where user_id = $1 and ($2::uuid is null or id < $2)
             order by id desc
             limit $3",
        )
        .bind(self.user)
        .bind(None::<Uuid>)
        .bind(20_i64)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(sessions)
    }

    pub(super) async fn begin(&self, question: &str) -> Result<Turn> {
        let (question_id, answer_id) = (Uuid::now_v7(), Uuid::now_v7());
        let (session, Json(history)): (Uuid, Json<Value>) = sqlx::query_as(
            "select session, history from bare_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(self.tenant.to_string())
        .bind(Uuid::now_v7())
        .bind(self.user)
        .bind(None::<Uuid>)
        .bind(question)
        .bind(question_id)
        .bind(answer_id)
        .bind(question)
        .bind(Json(Value::Object(serde_json::Map::new())))
        .bind("openai")
        .bind("gpt-4o-mini")
        .fetch_one(&self.pool)
        .await?;
        Ok(Turn {
            session,
            question: question_id,
            answer: answer_id,
            history,
        })
    }

    pub(super) async fn by_text(&self, question: &str) -> Result<Vec<Passage>> {
        let passages = sqlx::query_as("select * from bare_by_text($1, $2, 5, 0.3)")
            .bind(self.tenant.to_string())
            .bind(question)
            .fetch_all(&self.pool);
        Ok(passages.await?)
    }

    pub(super) async fn by_id(&self, ids: &[Uuid]) -> Result<Vec<Passage>> {
        let passages = sqlx::query_as("select * from bare_by_id($1, $2)")
            .bind(self.tenant.to_string())
            .bind(ids)
            .fetch_all(&self.pool);
        Ok(passages.await?)
    }

    pub(super) async fn end(&self, answer: Uuid, end: &End<'_>) -> Result<()> {
        sqlx::query("select bare_end($1, $2, $3, $4, $5, $6)")
            .bind(self.tenant.to_string())
            .bind(answer)
            .bind(end.content)
            .bind(end.prompt_tokens)
            .bind(end.completion_tokens)
            .bind(Json(end.sources))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
