//! What was said.

use crate::{Caller, Feedback, PageOf, ReadTx, Result, Source, TenantTx};
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

/// A part of finding passages that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// Full text.
    FullText,
    /// Vectors.
    Vectors,
    /// Whoever puts in order what was found.
    Rerank,
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
    /// The conversation that it belongs to.
    pub session_id: Uuid,
    /// The message that it follows; null for the first.
    pub parent_id: Option<Uuid>,
    /// What the app that asked calls it, if that has names of its own (`POST /chat/ui`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    #[schema(example = "A refund takes 14 days.")]
    pub content: String,
    /// What the model thought before it wrote that, if that was asked for.
    pub reasoning: Option<String>,
    /// What became of it.
    pub status: MessageStatus,
    /// The code of the problem that ended it, if one did.
    pub error_code: Option<String>,
    /// Who answered.
    #[schema(example = "openai")]
    pub provider: Option<String>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Which of the tenant's system prompts it was made with.
    pub prompt_version: Option<i32>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Which ways of finding that were left out, because they failed or took too long.
    #[schema(example = json!([]))]
    pub degraded: Vec<Leg>,
    /// Why the model ended: `stop`, `length`, `content_filter` or `other`; `stopped` for an answer that somebody stopped.
    pub finish_reason: Option<String>,
    /// What whoever asked thinks of it.
    pub feedback: Option<Feedback>,
    /// What the client attached to it.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Value,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    session_id: Uuid,
    parent_id: Option<Uuid>,
    external_id: Option<String>,
    role: MessageRole,
    content: String,
    reasoning: Option<String>,
    status: MessageStatus,
    error_code: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    prompt_version: Option<i32>,
    prompt_tokens: Option<i32>,
    completion_tokens: Option<i32>,
    usage_exact: Option<bool>,
    sources: Json<Vec<Source>>,
    degraded: Json<Vec<Leg>>,
    finish_reason: Option<String>,
    feedback: Option<Json<Feedback>>,
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
            session_id: row.session_id,
            parent_id: row.parent_id,
            external_id: row.external_id,
            role: row.role,
            content: row.content,
            reasoning: row.reasoning,
            status: row.status,
            error_code: row.error_code,
            provider: row.provider,
            model: row.model,
            prompt_version: row.prompt_version,
            usage: counted.map(|((prompt_tokens, completion_tokens), exact)| Usage {
                prompt_tokens,
                completion_tokens,
                exact,
            }),
            sources: row.sources.0,
            degraded: row.degraded.0,
            finish_reason: row.finish_reason,
            feedback: row.feedback.map(|feedback| feedback.0),
            metadata: row.metadata,
            created_at: row.created_at,
        }
    }
}

/// The columns of a message of the table `m`, but for its order. An answer whose process died stays `streaming` in its row;
/// a heartbeat of over a minute ago tells. Offset 0: under row-level security an index serves plain columns only, so the
/// number of the message before is computed first.
macro_rules! message_columns {
    () => {
        "m.id, m.session_id, m.external_id, m.role, m.content, m.reasoning, m.provider, m.model, m.prompt_version, m.prompt_tokens,
         m.completion_tokens, m.usage_exact, m.sources, m.degraded, m.finish_reason, m.metadata, m.created_at,
         (select jsonb_build_object('rating', f.rating, 'comment', f.comment, 'rated_at', f.rated_at)
          from message_feedback f where f.message_id = m.id) as feedback,
         (select p.id
          from (select coalesce(m.parent_seq, m.seq - 1) as seq offset 0) parent
          join chat_messages p on p.session_id = m.session_id and p.seq = parent.seq) as parent_id,
         case when m.status <> 'streaming' or m.heartbeat_at >= now() - interval '60 seconds' then m.status
              when m.stopping then 'stopped' else 'interrupted' end as status,
         case when m.status <> 'streaming' or m.heartbeat_at >= now() - interval '60 seconds' then m.error_code
              when not m.stopping then 'answer_interrupted' end as error_code"
    };
}

/// A page of the messages that `among` says, of the table `m`.
macro_rules! page_of_messages {
    ($with:literal, $among:literal) => {
        concat!(
            $with,
            " select * from (
               select page.*, count(*) over () as found,
                      sum(octet_length(content) + octet_length(metadata::text) + octet_length(sources::text)
                          + coalesce(octet_length(reasoning), 0)) over (order by seq) as bytes,
                      row_number() over (order by seq) as nth
               from (
                 select m.seq, ",
            message_columns!(),
            "    from chat_messages m
                 join chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
                 where m.session_id = $1 and ($2::uuid is null or s.user_id = $2)
                   and ($3::uuid is null or m.seq >
                        (select seq from chat_messages where id = $3 and session_id = $1))
                   and (",
            $among,
            ")
                 order by m.seq
                 limit $4) page) measured
             where bytes <= $5 or nth = 1
             order by seq"
        )
    };
}

/// The active branch: all of a conversation that never branched.
const ACTIVE: &str = page_of_messages!(
    "with recursive after as (
       select coalesce((select seq from chat_messages where id = $3 and session_id = $1), 0) as seq
     ), shown as (
       select coalesce(s.active_seq, s.last_seq) as seq from chat_sessions s
       where s.id = $1 and (s.branched or s.active_seq is not null)
       union all
       select coalesce(m.parent_seq, m.seq - 1)
       from shown join chat_messages m on m.session_id = $1 and m.seq = shown.seq
       where shown.seq > (select seq from after)
     )",
    "not s.branched and s.active_seq is null or m.seq in (select seq from shown)"
);

/// Every branch.
const ALL: &str = page_of_messages!("", "true");

impl ReadTx {
    /// The messages of one conversation of the caller, oldest first, of its active branch or of all; none if it is not the
    /// caller's to read. So many as the page asks for, or fewer of large ones: together they have at most 1 MiB, but there
    /// is always one. The second tells whether some were left out for that.
    pub async fn messages(
        &mut self,
        caller: &Caller,
        session: Uuid,
        page: PageOf,
        all_branches: bool,
    ) -> Result<(Vec<Message>, bool)> {
        self.messages_of(caller.reads(), session, page, all_branches)
            .await
    }

    /// The same of a conversation of that user; of anybody's, if it is none.
    pub(crate) async fn messages_of(
        &mut self,
        user: Option<Uuid>,
        session: Uuid,
        page: PageOf,
        all_branches: bool,
    ) -> Result<(Vec<Message>, bool)> {
        let rows: Vec<MessageRow> = sqlx::query_as(if all_branches { ALL } else { ACTIVE })
            .bind(session)
            .bind(user)
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

impl TenantTx {
    /// One message of a conversation of the caller.
    pub async fn message(&mut self, caller: &Caller, id: Uuid) -> Result<Option<Message>> {
        let row: Option<MessageRow> = sqlx::query_as(concat!(
            "select 1::bigint as found, ",
            message_columns!(),
            " from chat_messages m
              join chat_sessions s on s.tenant_id = m.tenant_id and s.id = m.session_id
              where m.id = $1 and ($2::uuid is null or s.user_id = $2)"
        ))
        .bind(id)
        .bind(caller.reads())
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(Message::from))
    }
}
