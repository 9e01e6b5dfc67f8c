//! Conversations in the names of apps that have their own: functions of `migrations/0050_apps.sql`.

use crate::{
    Caller, ChatSession, Db, Need, NewTurn, NotBegun, Result, TenantTx, Turn, chat::turns::Begun,
};
use sqlx::types::Json;
use uuid::Uuid;

/// Where a turn belongs, in the names of an app that has its own; 1 to 255 characters each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPlace {
    /// The conversation. One that there is not is started.
    pub chat: String,
    /// The question. One of a name that is taken is the same request again, unless it is said to be meant otherwise.
    pub question: Option<String>,
    /// What it is about: the question in whose place it is asked, or the answer that is not wanted.
    pub target: Option<String>,
    /// Whether another answer is wanted.
    pub anew: bool,
}

impl Db {
    /// As [`Db::begin_turn`], in the names of an app.
    pub(super) async fn begin_app_turn(
        &self,
        caller: &Caller,
        new: &NewTurn<'_>,
        place: &AppPlace,
    ) -> Result<Result<Turn, NotBegun>> {
        let begun: Begun = sqlx::query_as(
            "select outcome, made, session_id, question_id, question, history, refusal, nearest
             from begin_app_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
               $21, $22, $23)",
        )
        .bind(caller.tenant_id())
        .bind(Uuid::now_v7())
        .bind(caller.user_id())
        .bind(&place.chat)
        .bind(as_ours(&place.chat))
        .bind(new.title)
        .bind(Uuid::now_v7())
        .bind(Uuid::now_v7())
        .bind(new.question)
        .bind(new.metadata)
        .bind(new.provider)
        .bind(new.model)
        .bind(new.prompt_version)
        .bind(&place.question)
        .bind(place.question.as_deref().and_then(as_ours))
        .bind(&place.target)
        .bind(place.target.as_deref().and_then(as_ours))
        .bind(place.anew)
        .bind(new.key.map(|key| key.key))
        .bind(new.key.map(|key| &key.body_hash[..]))
        .bind(caller.key_id())
        .bind(Json(new.limits))
        .bind(Json(new.reservation))
        .fetch_one(self.once(caller, Need::Asked).await?.conn())
        .await?;
        Ok(begun.into_turn())
    }

    /// The answers that are being made in what an app calls `chat`, newest first.
    ///
    /// # Errors
    /// They could not be looked for.
    pub async fn running_answers(&self, caller: &Caller, chat: &str) -> Result<Vec<Uuid>> {
        let running = sqlx::query_scalar("select * from running_answers($1, $2, $3, $4)")
            .bind(caller.tenant_id())
            .bind(caller.user_id())
            .bind(chat)
            .bind(as_ours(chat))
            .fetch_all(self.once(caller, Need::Asked).await?.conn())
            .await?;
        Ok(running)
    }
}

impl TenantTx {
    /// The caller's conversation that an app calls `chat`.
    pub async fn chat_of_app(
        &mut self,
        caller: &Caller,
        chat: &str,
    ) -> Result<Option<ChatSession>> {
        let session = sqlx::query_as(
            "select id, user_id, title, external_id, origin, created_at, updated_at from chat_sessions
             where id = chat_of_app($1, $2, $3)",
        )
        .bind(caller.user_id())
        .bind(chat)
        .bind(as_ours(chat))
        .fetch_optional(self.conn())
        .await?;
        Ok(session)
    }
}

/// An app's name, where it is one of our ids.
pub(crate) fn as_ours(name: &str) -> Option<Uuid> {
    Uuid::try_parse(name).ok()
}
