//! Conversations: every method sees the caller's own only, but that a superuser who has assumed the tenant reads all.

use crate::{Caller, PageOf, ReadTx, Result, TenantTx};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A conversation.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct ChatSession {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// Its title: the beginning of the first message until it is changed.
    #[schema(example = "How long does a refund take?")]
    pub title: String,
    /// What the app that began it calls it, if that has names of its own (`POST /chat/ui`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// How it came about.
    pub origin: ChatOrigin,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
}

/// How a conversation came about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ChatOrigin {
    /// By a question that others may follow.
    #[default]
    Chat,
    /// By one request of a client of OpenAI's API, which keeps its own history.
    Api,
}

impl ReadTx {
    /// The caller's conversations that came about so, newest first.
    pub async fn chat_sessions(
        &mut self,
        caller: &Caller,
        origin: ChatOrigin,
        page: PageOf,
    ) -> Result<Vec<ChatSession>> {
        let sessions = sqlx::query_as(match caller.reads() {
            Some(_) => {
                "select id, user_id, title, external_id, origin, created_at, updated_at from chat_sessions
                 where user_id = $1 and origin = $4 and ($2::uuid is null or id < $2)
                 order by id desc
                 limit $3"
            }
            None => {
                "select id, user_id, title, external_id, origin, created_at, updated_at from chat_sessions
                 where $1::uuid is null and origin = $4 and ($2::uuid is null or id < $2)
                 order by id desc
                 limit $3"
            }
        })
        .bind(caller.reads())
        .bind(page.after)
        .bind(page.limit)
        .bind(origin)
        .fetch_all(self.conn())
        .await?;
        Ok(sessions)
    }

    /// The caller's own conversations, however they came about, newest first.
    pub async fn own_chat_sessions(
        &mut self,
        caller: &Caller,
        page: PageOf,
    ) -> Result<Vec<ChatSession>> {
        let sessions = sqlx::query_as(
            "select id, user_id, title, external_id, origin, created_at, updated_at from chat_sessions
             where user_id = $1 and ($2::uuid is null or id < $2)
             order by id desc
             limit $3",
        )
        .bind(caller.user_id())
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(sessions)
    }

    /// One conversation of the caller.
    pub async fn chat_session(&mut self, caller: &Caller, id: Uuid) -> Result<Option<ChatSession>> {
        let session = sqlx::query_as(
            "select id, user_id, title, external_id, origin, created_at, updated_at from chat_sessions
             where id = $1 and ($2::uuid is null or user_id = $2)",
        )
        .bind(id)
        .bind(caller.reads())
        .fetch_optional(self.conn())
        .await?;
        Ok(session)
    }

    /// The id of a conversation of the tenant that had another one in the service before this one.
    pub async fn legacy_chat(&mut self, legacy_id: &str) -> Result<Option<Uuid>> {
        let id = sqlx::query_scalar(
            "select id from legacy_rows where kind in ('session', 'session_key') and legacy_id = $1 order by kind limit 1",
        )
        .bind(legacy_id)
        .fetch_optional(self.conn())
        .await?;
        Ok(id)
    }
}

impl TenantTx {
    /// Changes one conversation of the caller: its title, or which branch is active, by that branch's last message.
    /// `None` if it is not the caller's, or the message not one of it.
    pub async fn update_chat_session(
        &mut self,
        caller: &Caller,
        id: Uuid,
        title: Option<&str>,
        active: Option<Uuid>,
    ) -> Result<Option<ChatSession>> {
        let session = sqlx::query_as(
            "update chat_sessions s set
               title = coalesce($3, s.title),
               active_seq = coalesce((select m.seq from chat_messages m where m.session_id = s.id and m.id = $4), s.active_seq),
               updated_at = now()
             where s.id = $1 and s.user_id = $2
               and ($4::uuid is null or exists (select from chat_messages m where m.session_id = s.id and m.id = $4))
             returning s.id, s.user_id, s.title, s.external_id, s.origin, s.created_at, s.updated_at",
        )
        .bind(id)
        .bind(caller.user_id())
        .bind(title)
        .bind(active)
        .fetch_optional(self.conn())
        .await?;
        Ok(session)
    }

    /// Deletes one conversation of the caller with its messages; false if there was none.
    pub async fn delete_chat_session(&mut self, caller: &Caller, id: Uuid) -> Result<bool> {
        // Whoever makes an answer in it learns of it, when this is committed.
        let gone = sqlx::query(
            "with told as (
               select pg_notify('parlance', 'stop ' || m.id) from chat_messages m
               join chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
               where m.session_id = $1 and m.status = 'streaming' and s.user_id = $2
             )
             delete from chat_sessions where id = $1 and user_id = $2 and (select count(*) from told) >= 0",
        )
            .bind(id)
            .bind(caller.user_id())
            .execute(self.conn())
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}
