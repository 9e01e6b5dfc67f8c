//! What was said.

use crate::{Caller, PageOf, Result, TenantTx};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// How much the messages of one page may have together, in bytes: a hundred of the largest would be many megabytes, kept
/// for whoever reads them slowly.
const PAGE_BYTES: i64 = 1024 * 1024;

/// Who said it. The server decides, never the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MessageRole {
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MessageStatus {
    /// It is being written.
    Streaming,
    /// It is whole.
    Complete,
    /// The user stopped it.
    Stopped,
    /// It broke off; what there is was kept.
    Interrupted,
    /// The provider failed; what there is was kept.
    Failed,
}

/// A passage that an answer was given to draw on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The document.
    pub document_id: Uuid,
    /// The document's title.
    #[schema(example = "Refunds")]
    pub title: String,
    /// The passage in it.
    pub chunk_id: Uuid,
    /// How well it fits the question; higher is better.
    #[schema(example = 0.82)]
    pub score: f32,
    /// The beginning of the passage.
    #[schema(example = "Refunds take 14 days.")]
    pub snippet: String,
    /// Where the document is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Tokens in.
    #[schema(example = 231)]
    pub prompt_tokens: i32,
    /// Tokens out.
    #[schema(example = 9)]
    pub completion_tokens: i32,
    /// Whether the provider counted them; else they are estimated.
    pub exact: bool,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: Uuid,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    #[schema(example = "A refund takes 14 days.")]
    pub content: String,
    /// What became of it.
    pub status: MessageStatus,
    /// The model that wrote it.
    pub model: Option<String>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Why the model ended: `stop`, `length` or `content_filter`.
    pub finish_reason: Option<String>,
    /// What the client attached to it.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Value,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    role: MessageRole,
    content: String,
    status: MessageStatus,
    model: Option<String>,
    prompt_tokens: Option<i32>,
    completion_tokens: Option<i32>,
    usage_exact: Option<bool>,
    sources: Json<Vec<Source>>,
    finish_reason: Option<String>,
    metadata: serde_json::Value,
    created_at: DateTime<Utc>,
    /// How many the page would have without a bound for its size.
    found: i64,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let counted = row
            .prompt_tokens
            .zip(row.completion_tokens)
            .zip(row.usage_exact);
        Self {
            id: row.id,
            role: row.role,
            content: row.content,
            status: row.status,
            model: row.model,
            usage: counted.map(|((prompt_tokens, completion_tokens), exact)| Usage {
                prompt_tokens,
                completion_tokens,
                exact,
            }),
            sources: row.sources.0,
            finish_reason: row.finish_reason,
            metadata: row.metadata,
            created_at: row.created_at,
        }
    }
}

impl TenantTx {
    /// The messages of one conversation of the caller, oldest first; none if it is not the caller's to read. So many as
    /// the page asks for, or fewer of large ones: together they have at most 1 MiB, but there is always one. The second
    /// tells whether some were left out for that.
    ///
    /// An answer whose process died stays `streaming` in its row; a heartbeat of over a minute ago tells.
    pub async fn messages(
        &mut self,
        caller: &Caller,
        session: Uuid,
        page: PageOf,
    ) -> Result<(Vec<Message>, bool)> {
        let rows: Vec<MessageRow> = sqlx::query_as(
            "select * from (
               select page.*, count(*) over () as found,
                      sum(octet_length(content) + octet_length(metadata::text) + octet_length(sources::text))
                        over (order by seq) as bytes, row_number() over (order by seq) as nth
               from (
                 select m.id, m.seq, m.role, m.content, m.model, m.prompt_tokens, m.completion_tokens, m.usage_exact,
                        m.sources, m.finish_reason, m.metadata, m.created_at,
                        case when m.status = 'streaming' and m.heartbeat_at < now() - interval '60 seconds'
                             then 'interrupted' else m.status end as status
                 from chat_messages m
                 join chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
                 where m.session_id = $1 and ($2::uuid is null or s.user_id = $2)
                   and ($3::uuid is null or m.seq >
                        (select seq from chat_messages where id = $3 and session_id = $1))
                 order by m.seq
                 limit $4) page) measured
             where bytes <= $5 or nth = 1
             order by seq",
        )
        .bind(session)
        .bind(caller.reads())
        .bind(page.after)
        .bind(page.limit)
        .bind(PAGE_BYTES)
        .fetch_all(self.conn())
        .await?;
        let found = rows.first().map_or(0, |row| row.found);
        let cut = i64::try_from(rows.len()).is_ok_and(|some| some < found);
        Ok((rows.into_iter().map(Message::from).collect(), cut))
    }
}
