//! Questions that got no good answer: how many, and which, where the tenant shares that.

use crate::{AdminTx, Feedback, PageOf, Result, error::in_time};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// How much of a question is shown, in characters.
const QUESTION_CHARS: i32 = 1000;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Lack {
    /// It was made without any document.
    NoSource,
    /// Whoever asked said that it was of no use.
    ThumbsDown,
    /// The provider refused to answer, or broke off for what it held.
    Refused,
}

/// Whose answers are looked at: those from `from` and before `to`.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// Not before.
    pub from: DateTime<Utc>,
    /// Before.
    pub to: DateTime<Utc>,
}

/// How many answers there were, and how many of them lacked something; one may lack several things.
#[derive(Clone, Copy, Debug, Default, Serialize, sqlx::FromRow, ToSchema)]
#[schema(as = UnansweredCounts)]
pub struct LackCounts {
    /// All answers.
    #[schema(example = 120)]
    pub answers: i64,
    /// Those that were made without any document.
    #[schema(example = 9)]
    pub no_source: i64,
    /// Those of which whoever asked said that they were of no use.
    #[schema(example = 2)]
    pub thumbs_down: i64,
    /// Those that the provider refused.
    #[schema(example = 1)]
    pub refused: i64,
}

/// A question that got no good answer. Who asked is not told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnansweredQuestion)]
pub struct Unanswered {
    /// The answer's message.
    pub message_id: Uuid,
    /// What was asked: the first 1000 characters.
    #[schema(example = "Do you ship to Iceland?")]
    pub question: String,
    /// What is wrong with its answer.
    pub lacks: Vec<Lack>,
    /// What whoever asked thinks of it.
    pub feedback: Option<Feedback>,
    /// When it was answered.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    question: String,
    no_source: bool,
    thumbs_down: bool,
    refused: bool,
    feedback: Option<Json<Feedback>>,
    created_at: DateTime<Utc>,
}

/// The answers of a period, and what each lacks. An id tells when its row was made (UUIDv7), so the primary key finds them.
macro_rules! answers {
    () => {
        "select m.id, m.session_id, m.seq, m.parent_seq, m.created_at, f.rating, f.comment, f.rated_at,
                m.status = 'complete' and m.sources = '[]' and m.degraded = '[]' as no_source, coalesce(f.rating = 'down', false) as thumbs_down,
                coalesce(m.finish_reason = 'content_filter'
                  or m.error_code in ('content_filter', 'context_length_exceeded', 'provider_rejected'), false) as refused
         from chat_messages m
         left join message_feedback f on f.tenant_id = m.tenant_id and f.message_id = m.id
         where m.id >= $1 and m.id < $2 and m.role = 'assistant'"
    };
}

pub(crate) use answers;

impl AdminTx {
    /// How many answers of the managed tenant lacked something. `None` if counting takes longer than the transaction allows,
    /// after which it is of no more use.
    pub async fn unanswered_counts(&mut self, period: Period) -> Result<Option<LackCounts>> {
        let sql = concat!(
            "select count(*) as answers, count(*) filter (where no_source) as no_source,
                    count(*) filter (where thumbs_down) as thumbs_down, count(*) filter (where refused) as refused
             from (",
            answers!(),
            ") a"
        );
        let counts = sqlx::query_as(sql)
            .bind(first_id(period.from))
            .bind(first_id(period.to))
            .fetch_one(self.conn())
            .await;
        in_time(counts)
    }

    /// The questions themselves, newest first: those that were asked since the tenant shares them, none if it does not. `None`
    /// as of [`AdminTx::unanswered_counts`].
    pub async fn unanswered(
        &mut self,
        period: Period,
        lack: Option<Lack>,
        page: PageOf,
    ) -> Result<Option<Vec<Unanswered>>> {
        let sql = concat!(
            "select a.id, left(q.content, $6) as question, a.no_source, a.thumbs_down, a.refused, a.created_at,
                    case when a.rating is not null then jsonb_build_object(
                      'rating', a.rating, 'comment', a.comment, 'rated_at', a.rated_at) end as feedback
             from (",
            answers!(),
            ") a
             join chat_messages q on q.session_id = a.session_id and q.seq = coalesce(a.parent_seq, a.seq - 1)
             join tenants t on q.created_at >= t.share_unanswered_since
             where (a.no_source or a.thumbs_down or a.refused)
               and ($3::text is null or $3 = 'no_source' and a.no_source or $3 = 'thumbs_down' and a.thumbs_down
                    or $3 = 'refused' and a.refused)
               and ($4::uuid is null or a.id < $4)
             order by a.id desc
             limit $5"
        );
        let rows = sqlx::query_as(sql)
            .bind(first_id(period.from))
            .bind(first_id(period.to))
            .bind(lack)
            .bind(page.after)
            .bind(page.limit)
            .bind(QUESTION_CHARS)
            .fetch_all(self.conn())
            .await;
        let rows: Option<Vec<Row>> = in_time(rows)?;
        Ok(rows.map(|rows| rows.into_iter().map(Unanswered::from).collect()))
    }
}

impl From<Row> for Unanswered {
    fn from(row: Row) -> Self {
        let all = [
            (row.no_source, Lack::NoSource),
            (row.thumbs_down, Lack::ThumbsDown),
            (row.refused, Lack::Refused),
        ];
        Self {
            message_id: row.id,
            question: row.question,
            lacks: all
                .into_iter()
                .filter(|(lacks, _)| *lacks)
                .map(|(_, lack)| lack)
                .collect(),
            feedback: row.feedback.map(|feedback| feedback.0),
            created_at: row.created_at,
        }
    }
}

/// The least id of what was made at a moment or later (RFC 9562, section 5.7).
pub(crate) fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis.min((1 << 48) - 1) << 80)
}
