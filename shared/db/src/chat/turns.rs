//! One chat turn in the database: a question and its answer, stored before the answer is known.

use crate::{Caller, Db, MessageRole, MessageStatus, Result, Source, Usage};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

/// A question to be stored.
#[derive(Debug)]
pub struct NewTurn<'a> {
    /// The conversation it continues; none starts one.
    pub session_id: Option<Uuid>,
    /// The title of a conversation that it starts.
    pub title: &'a str,
    /// The question.
    pub question: &'a str,
    /// What the client attached.
    pub metadata: &'a serde_json::Value,
    /// Who is going to answer.
    pub provider: &'a str,
    /// With which model.
    pub model: &'a str,
}

/// A stored question with the row that waits for its answer.
#[derive(Debug)]
pub struct Turn {
    /// The conversation.
    pub session_id: Uuid,
    /// The question's message.
    pub user_message_id: Uuid,
    /// The answer's message.
    pub message_id: Uuid,
    /// What was said before, oldest first: the last 40 messages that have text.
    pub history: Vec<HistoryMessage>,
}

/// An earlier message.
#[derive(Debug, Deserialize)]
pub struct HistoryMessage {
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
}

/// How an answer ended.
#[derive(Debug)]
pub struct AnswerEnd<'a> {
    /// Anything but `streaming`.
    pub status: MessageStatus,
    /// All of its text.
    pub content: &'a str,
    /// Why the model ended.
    pub finish_reason: Option<&'a str>,
    /// The code of the problem that ended it.
    pub error_code: Option<&'a str>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What it was given to draw on.
    pub sources: &'a [Source],
}

/// Each is one statement, a function of `migrations/0021_turn.sql`, and a transaction by itself.
impl Db {
    /// Stores a question and an answer that is `streaming`, in a new conversation or in one of the caller's.
    /// `None` if the conversation is not the caller's.
    ///
    /// # Errors
    /// The database could not store it; nothing is stored then.
    pub async fn begin_turn(&self, caller: &Caller, new: &NewTurn<'_>) -> Result<Option<Turn>> {
        let (user_message_id, message_id) = (Uuid::now_v7(), Uuid::now_v7());
        let (session, history): (Option<Uuid>, Option<Json<Vec<HistoryMessage>>>) = sqlx::query_as(
            "select session_id, history from begin_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(caller.tenant_id())
        .bind(Uuid::now_v7())
        .bind(caller.user_id())
        .bind(new.session_id)
        .bind(new.title)
        .bind(user_message_id)
        .bind(message_id)
        .bind(new.question)
        .bind(new.metadata)
        .bind(new.provider)
        .bind(new.model)
        .fetch_one(self.once().await?.conn())
        .await?;
        let turn = |(session_id, Json(history))| Turn {
            session_id,
            user_message_id,
            message_id,
            history,
        };
        Ok(session.zip(history).map(turn))
    }

    /// Stores what there is of a running answer. False if it is no longer running. Of many at once only some are stored at
    /// the same time; the others wait.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn flush_answer(&self, caller: &Caller, message: Uuid, text: &str) -> Result<bool> {
        // Never closed.
        let _turn = self.growing.acquire().await;
        let stored = sqlx::query_scalar("select flush_answer($1, $2, $3)")
            .bind(caller.tenant_id())
            .bind(message)
            .bind(text)
            .fetch_one(self.once().await?.conn())
            .await?;
        Ok(stored)
    }

    /// Ends a running answer. False if something else ended it before: then that stands.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn end_answer(
        &self,
        caller: &Caller,
        message: Uuid,
        end: &AnswerEnd<'_>,
    ) -> Result<bool> {
        let ended =
            sqlx::query_scalar("select end_answer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
                .bind(caller.tenant_id())
                .bind(message)
                .bind(end.status)
                .bind(end.content)
                .bind(end.finish_reason)
                .bind(end.error_code)
                .bind(end.usage.map(|u| u.prompt_tokens))
                .bind(end.usage.map(|u| u.completion_tokens))
                .bind(end.usage.map(|u| u.exact))
                .bind(Json(end.sources))
                .fetch_one(self.once().await?.conn())
                .await?;
        Ok(ended)
    }
}
