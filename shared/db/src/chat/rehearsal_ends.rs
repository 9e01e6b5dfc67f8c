//! What came of a step of a rehearsal, and of all of it.

use super::rehearsals::{RehearsalStatus, Side, Verdict};
use crate::{Result, Source, scope::JobTx};
use sqlx::types::Json;
use uuid::Uuid;

/// What came of asking a question.
#[derive(Debug)]
pub struct SideEnd<'a> {
    /// The question's message.
    pub message: Uuid,
    /// With which of the settings.
    pub side: Side,
    /// The answer.
    pub content: &'a str,
    /// What it was given to draw on.
    pub sources: &'a [Source],
    /// Why there is no answer, in a code and a sentence.
    pub error: Option<&'a str>,
    /// Whether it is to be tried again.
    pub again: bool,
    /// Who was asked.
    pub provider: &'a str,
    /// For which model.
    pub model: &'a str,
    /// Tokens in and out.
    pub tokens: (i32, i32),
    /// In nano-USD.
    pub cost: i64,
    /// How long it took.
    pub millis: i32,
}

/// What came of comparing two answers.
#[derive(Debug)]
pub struct JudgeEnd<'a> {
    /// The question's message.
    pub message: Uuid,
    /// Which one is better.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Why nothing was said, in a code and a sentence.
    pub error: Option<&'a str>,
    /// Whether it is to be tried again.
    pub again: bool,
    /// In nano-USD.
    pub cost: i64,
}

impl JobTx {
    /// Notes what the call that is made now may cost, until its end is stored.
    ///
    /// # Errors
    /// The database is away.
    pub async fn hold(mut self, cost: i64) -> Result<()> {
        let id = self.document_id;
        sqlx::query(
            "update rehearsals set spent = spent + held, held = $2, note = null where id = $1",
        )
        .bind(id)
        .bind(cost)
        .execute(self.conn())
        .await?;
        self.commit().await
    }

    /// Stores what came of asking a question; nothing of it if that was deleted meanwhile.
    ///
    /// # Errors
    /// The database is away.
    pub async fn store_side(&mut self, end: &SideEnd<'_>) -> Result<()> {
        let id = self.document_id;
        let status = match (end.error, end.again) {
            (None, _) => "complete",
            (Some(_), true) => "again",
            (Some(_), false) => "failed",
        };
        sqlx::query(
            "insert into rehearsal_answers as a (rehearsal_id, message_id, side, status, content, sources, error, provider, model,
               prompt_tokens, completion_tokens, cost, millis)
             select q.rehearsal_id, q.message_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
             from rehearsal_questions q where q.rehearsal_id = $1 and q.message_id = $2
             on conflict (tenant_id, rehearsal_id, message_id, side) do update set
               status = excluded.status, content = excluded.content, sources = excluded.sources, error = excluded.error,
               provider = excluded.provider, model = excluded.model, prompt_tokens = excluded.prompt_tokens,
               completion_tokens = excluded.completion_tokens, cost = a.cost + excluded.cost, millis = excluded.millis,
               tries = a.tries + 1",
        )
        .bind(id)
        .bind(end.message)
        .bind(end.side)
        .bind(status)
        .bind(end.content)
        .bind(Json(end.sources))
        .bind(end.error)
        .bind(end.provider)
        .bind(end.model)
        .bind(end.tokens.0)
        .bind(end.tokens.1)
        .bind(end.cost)
        .bind(end.millis)
        .execute(self.conn())
        .await?;
        self.spend(end.cost).await
    }

    /// Stores what came of comparing two answers.
    ///
    /// # Errors
    /// The database is away.
    pub async fn store_judgement(&mut self, end: &JudgeEnd<'_>) -> Result<()> {
        let id = self.document_id;
        sqlx::query(
            "update rehearsal_questions set judged = $3, judge_reason = $4, judge_error = case when not $6 then $5 end,
               judge_tries = judge_tries + 1
             where rehearsal_id = $1 and message_id = $2",
        )
        .bind(id)
        .bind(end.message)
        .bind(end.verdict)
        .bind(end.reason)
        .bind(end.error)
        .bind(end.again)
        .execute(self.conn())
        .await?;
        self.spend(end.cost).await
    }

    async fn spend(&mut self, cost: i64) -> Result<()> {
        let id = self.document_id;
        sqlx::query("update rehearsals set spent = spent + $2, held = 0 where id = $1")
            .bind(id)
            .bind(cost)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Ends the rehearsal, and its job with it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_rehearsal(
        mut self,
        status: RehearsalStatus,
        note: Option<&str>,
    ) -> Result<()> {
        let id = self.document_id;
        sqlx::query(
            "update rehearsals set status = $2, note = $3, ended_at = clock_timestamp(), spent = spent + held, held = 0
             where id = $1 and status = 'running'",
        )
        .bind(id)
        .bind(status)
        .bind(note)
        .execute(self.conn())
        .await?;
        self.finish().await
    }
}
