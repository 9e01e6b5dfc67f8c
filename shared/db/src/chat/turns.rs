//! One chat turn in the database: a question and its answer, stored before the answer is known.

use crate::{
    Caller, MessageRole, MessageStatus, Result, TenantTx,
    chat::messages::{Source, Usage},
};
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

impl TenantTx {
    /// Stores a question and an answer that is `streaming`, in a new conversation or in one of the caller's.
    /// `None` if the conversation is not the caller's. The row lock on the conversation numbers the
    /// messages without gaps.
    pub async fn begin_turn(&mut self, caller: &Caller, new: &NewTurn<'_>) -> Result<Option<Turn>> {
        let (user_message_id, message_id) = (Uuid::now_v7(), Uuid::now_v7());
        let row: Option<(Uuid, Json<Vec<HistoryMessage>>)> = sqlx::query_as(
            "with started as (
               insert into chat_sessions (id, user_id, title, last_seq)
               select $1, $2, $4, 2 where $3::uuid is null
               returning id, last_seq
             ), continued as (
               update chat_sessions set last_seq = last_seq + 2, updated_at = now()
               where id = $3 and user_id = $2
               returning id, last_seq
             ), session as (
               select * from started union all select * from continued
             ), question as (
               insert into chat_messages (id, session_id, seq, role, content, status, metadata)
               select $5, id, last_seq - 1, 'user', $7, 'complete', $8 from session
             ), answer as (
               insert into chat_messages (id, session_id, seq, role, content, status, provider, model)
               select $6, id, last_seq, 'assistant', '', 'streaming', $9, $10 from session
             )
             select session.id, (
               select coalesce(jsonb_agg(jsonb_build_object('role', h.role, 'content', h.content) order by h.seq), '[]')
               from (select m.seq, m.role, m.content from chat_messages m
                     where m.session_id = session.id and m.content <> ''
                     order by m.seq desc limit 40) h
             )
             from session",
        )
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
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|(session_id, Json(history))| Turn {
            session_id,
            user_message_id,
            message_id,
            history,
        }))
    }

    /// Stores what there is of a running answer. False if it is no longer running.
    pub async fn flush_answer(&mut self, message: Uuid, content: &str) -> Result<bool> {
        let done = sqlx::query(
            "update chat_messages set content = $2, heartbeat_at = now() where id = $1 and status = 'streaming'",
        )
        .bind(message)
        .bind(content)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a running answer. False if something else ended it before: then that stands.
    pub async fn end_answer(&mut self, message: Uuid, end: &AnswerEnd<'_>) -> Result<bool> {
        let done = sqlx::query(
            "update chat_messages set
                status = $2, content = $3, finish_reason = $4, error_code = $5, prompt_tokens = $6,
                completion_tokens = $7, usage_exact = $8, sources = $9, heartbeat_at = now()
             where id = $1 and status = 'streaming'",
        )
        .bind(message)
        .bind(end.status)
        .bind(end.content)
        .bind(end.finish_reason)
        .bind(end.error_code)
        .bind(end.usage.map(|u| u.prompt_tokens))
        .bind(end.usage.map(|u| u.completion_tokens))
        .bind(end.usage.map(|u| u.exact))
        .bind(Json(end.sources))
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
