//! Conversations: every method sees the caller's own only, but that a superuser who has assumed the tenant reads all.

use crate::{Caller, PageOf, Result, TenantTx};
use chrono::{DateTime, Utc};
use serde::Serialize;
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
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
}

impl TenantTx {
    /// The caller's conversations, newest first.
    pub async fn chat_sessions(
        &mut self,
        caller: &Caller,
        page: PageOf,
    ) -> Result<Vec<ChatSession>> {
        let sessions = sqlx::query_as(match caller.reads() {
            Some(_) => {
                "select id, user_id, title, created_at, updated_at from chat_sessions
                 where user_id = $1 and ($2::uuid is null or id < $2)
                 order by id desc
                 limit $3"
            }
            None => {
                "select id, user_id, title, created_at, updated_at from chat_sessions
                 where $1::uuid is null and ($2::uuid is null or id < $2)
                 order by id desc
                 limit $3"
            }
        })
        .bind(caller.reads())
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(sessions)
    }

    /// One conversation of the caller.
    pub async fn chat_session(&mut self, caller: &Caller, id: Uuid) -> Result<Option<ChatSession>> {
        let session = sqlx::query_as(
            "select id, user_id, title, created_at, updated_at from chat_sessions
             where id = $1 and ($2::uuid is null or user_id = $2)",
        )
        .bind(id)
        .bind(caller.reads())
        .fetch_optional(self.conn())
        .await?;
        Ok(session)
    }

    /// Gives one conversation of the caller another title.
    pub async fn rename_chat_session(
        &mut self,
        caller: &Caller,
        id: Uuid,
        title: &str,
    ) -> Result<Option<ChatSession>> {
        let session = sqlx::query_as(
            "update chat_sessions set title = $3, updated_at = now() where id = $1 and user_id = $2
             returning id, user_id, title, created_at, updated_at",
        )
        .bind(id)
        .bind(caller.user_id())
        .bind(title)
        .fetch_optional(self.conn())
        .await?;
        Ok(session)
    }

    /// Deletes one conversation of the caller with its messages; false if there was none.
    pub async fn delete_chat_session(&mut self, caller: &Caller, id: Uuid) -> Result<bool> {
        let gone = sqlx::query("delete from chat_sessions where id = $1 and user_id = $2")
            .bind(id)
            .bind(caller.user_id())
            .execute(self.conn())
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}
