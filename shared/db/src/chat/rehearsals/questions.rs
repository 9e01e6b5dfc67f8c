//! The questions of a rehearsal, with both answers, and what people found.

use super::Verdict;
use crate::{AdminTx, PageOf, Result, Source, Usd};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// Which answer somebody found better, and why.
type Kept = (Option<Verdict>, Option<String>);

/// How much of a question is shown, in characters.
const QUESTION_CHARS: i32 = 4000;

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RehearsedAnswerStatus)]
pub enum AnswerState {
    /// It failed in a way that may pass, and is tried again.
    Again,
    /// It is whole.
    Complete,
    /// There is none; `error` says why.
    Failed,
}

/// What was answered with one of the settings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RehearsedAnswer {
    /// What became of it.
    pub status: AnswerState,
    /// The answer.
    #[schema(example = "A refund takes 14 days.")]
    pub content: String,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Why there is none, in a code and a sentence.
    pub error: Option<String>,
    /// Who answered.
    #[schema(example = "openai")]
    pub provider: String,
    /// The model that wrote it.
    #[schema(example = "gpt-4o-mini")]
    pub model: String,
    /// Tokens in.
    #[schema(example = 231)]
    pub prompt_tokens: i32,
    /// Tokens out.
    #[schema(example = 9)]
    pub completion_tokens: i32,
    /// What it cost, with all that was asked for it.
    #[serde(deserialize_with = "nano")]
    pub cost: Usd,
    /// How long it took, in milliseconds.
    #[schema(example = 1200)]
    pub millis: i32,
}

fn nano<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Usd, D::Error> {
    i64::deserialize(value).map(Usd::from_nano)
}

/// What the judge says of both answers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RehearsalJudgement)]
pub struct Judgement {
    /// Which one is better; null if it could not say.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: Option<String>,
    /// Why it could not say, in a code and a sentence.
    pub error: Option<String>,
}

/// A question of a rehearsal. Who asked is not told.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RehearsalQuestion)]
pub struct RehearsedQuestion {
    /// The question's message.
    pub message_id: Uuid,
    /// What was asked: the first 4000 characters.
    #[schema(example = "Do you ship to Iceland?")]
    pub question: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// What was answered with the settings that the rehearsal began with; null while it was not asked.
    pub now: Option<RehearsedAnswer>,
    /// What was answered with the changed ones.
    pub changed: Option<RehearsedAnswer>,
    /// What the judge says of both; null while it was not asked.
    pub judgement: Option<Judgement>,
    /// Which answer is better, as somebody found.
    pub verdict: Option<Verdict>,
    /// Why, or what is to be done.
    pub comment: Option<String>,
}

/// Whether a tenant `t` still lets its administrators read a question `q` of a rehearsal, which is the message `m`.
macro_rules! is_shown {
    () => {
        "coalesce(case q.shared_by
           when 'conversation' then (select s.created_at from chat_sessions s where s.id = m.session_id) >= t.share_conversations_since
           else m.created_at >= t.share_unanswered_since end, false)"
    };
}

pub(crate) use is_shown;

#[derive(sqlx::FromRow)]
struct Row {
    message_id: Uuid,
    question: String,
    asked_at: DateTime<Utc>,
    now: Option<Json<RehearsedAnswer>>,
    changed: Option<Json<RehearsedAnswer>>,
    judgement: Option<Json<Judgement>>,
    verdict: Option<Verdict>,
    comment: Option<String>,
}

impl From<Row> for RehearsedQuestion {
    fn from(row: Row) -> Self {
        Self {
            message_id: row.message_id,
            question: row.question,
            asked_at: row.asked_at,
            now: row.now.map(|Json(answer)| answer),
            changed: row.changed.map(|Json(answer)| answer),
            judgement: row.judgement.map(|Json(judgement)| judgement),
            verdict: row.verdict,
            comment: row.comment,
        }
    }
}

impl AdminTx {
    /// The questions of a rehearsal, the newest first: none that the tenant does not show its administrators any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn rehearsed_questions(
        &mut self,
        id: Uuid,
        page: PageOf,
    ) -> Result<Vec<RehearsedQuestion>> {
        let rows: Vec<Row> = sqlx::query_as(concat!(
            "select q.message_id, left(m.content, $4) as question, m.created_at as asked_at, to_jsonb(n) as now,
               to_jsonb(c) as changed, q.verdict, q.comment,
               case when q.judged is not null or q.judge_error is not null then jsonb_build_object(
                 'verdict', q.judged, 'reason', q.judge_reason, 'error', q.judge_error) end as judgement
             from rehearsal_questions q
             join chat_messages m on m.id = q.message_id
             join tenants t on ",
            is_shown!(),
            "
             left join rehearsal_answers n
               on n.rehearsal_id = q.rehearsal_id and n.message_id = q.message_id and n.side = 'now'
             left join rehearsal_answers c
               on c.rehearsal_id = q.rehearsal_id and c.message_id = q.message_id and c.side = 'changed'
             where q.rehearsal_id = $1 and ($2::uuid is null or q.message_id < $2)
             order by q.message_id desc
             limit $3"
        ))
        .bind(id)
        .bind(page.after)
        .bind(page.limit)
        .bind(QUESTION_CHARS)
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(RehearsedQuestion::from).collect())
    }

    /// Which answer to a question somebody found better, and why; `None` if there is no such question.
    ///
    /// # Errors
    /// The database is away.
    pub async fn verdict(&mut self, (id, message): (Uuid, Uuid)) -> Result<Option<Kept>> {
        let sql = "select verdict, comment from rehearsal_questions where rehearsal_id = $1 and message_id = $2";
        let kept = sqlx::query_as(sql).bind(id).bind(message);
        Ok(kept.fetch_optional(self.conn()).await?)
    }

    /// Likewise, and nobody else changes it before the transaction ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn verdict_for_update(
        &mut self,
        (id, message): (Uuid, Uuid),
    ) -> Result<Option<Kept>> {
        sqlx::query("select from rehearsal_questions where rehearsal_id = $1 and message_id = $2 for no key update")
            .bind(id)
            .bind(message)
            .execute(self.conn())
            .await?;
        self.verdict((id, message)).await
    }

    /// Keeps which answer somebody found better, or forgets it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn set_verdict(
        &mut self,
        (id, message): (Uuid, Uuid),
        verdict: Option<Verdict>,
        comment: Option<&str>,
    ) -> Result<()> {
        let by = self.for_whom().user_id;
        sqlx::query(
            "update rehearsal_questions set verdict = $3, comment = $4, verdict_by = case when $3 is not null then $5 end,
               verdict_at = case when $3 is not null then now() end
             where rehearsal_id = $1 and message_id = $2",
        )
        .bind(id)
        .bind(message)
        .bind(verdict)
        .bind(comment)
        .bind(by)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
