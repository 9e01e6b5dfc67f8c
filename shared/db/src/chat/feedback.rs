//! What people think of the answers they got.

use crate::{Caller, Result, TenantTx};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether an answer was of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Rating {
    /// It was.
    Up,
    /// It was not.
    Down,
}

/// What whoever asked thinks of an answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    /// Whether it was of use.
    pub rating: Rating,
    /// Why.
    #[schema(example = "The number of days is wrong.")]
    pub comment: Option<String>,
    /// When that was said.
    pub rated_at: DateTime<Utc>,
}

impl TenantTx {
    /// Says what the caller thinks of an answer in one of its conversations, or takes it back. False if it is none.
    pub async fn rate(
        &mut self,
        caller: &Caller,
        message: Uuid,
        rating: Option<Rating>,
        comment: Option<&str>,
    ) -> Result<bool> {
        // Without a rating it is deleted; the answer is looked for all the same.
        let found: bool = sqlx::query_scalar(
            "with answer as (
               select m.id from chat_messages m
               join chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
               where m.id = $1 and m.role = 'assistant' and s.user_id = $2
             ), rated as (
               insert into message_feedback (message_id, rating, comment)
               select id, $3, $4 from answer where $3 is not null
               on conflict (tenant_id, message_id) do update
                 set rating = excluded.rating, comment = excluded.comment, rated_at = now()
             ), taken_back as (
               delete from message_feedback where message_id in (select id from answer) and $3 is null
             )
             select exists (select from answer)",
        )
        .bind(message)
        .bind(caller.user_id())
        .bind(rating)
        .bind(comment)
        .fetch_one(self.conn())
        .await?;
        Ok(found)
    }
}
