//! Looking for words in one's own conversations.

use crate::{Caller, ChatOrigin, MessageRole, PageOf, ReadTx, Result, error::in_time};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// So many conversations are looked through at once: however many there are, one page of results takes a bounded time.
const LOOKED_THROUGH: i64 = 500;
/// So many messages of one conversation are shown.
const SHOWN: i64 = 3;
/// How long a snippet is, and how much of it stands before what was looked for; in characters.
const SNIPPET: (i32, i32) = (240, 60);

/// A conversation in which something was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatSearchResult)]
pub struct FoundChat {
    /// The conversation.
    pub session_id: Uuid,
    /// Its title.
    #[schema(example = "How long does a refund take?")]
    pub title: String,
    /// How it came about.
    pub origin: ChatOrigin,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
    /// The newest messages that hold the text, at most three; none where only the title does.
    pub messages: Vec<FoundMessage>,
}

/// A message in which something was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ChatSearchMessage)]
pub struct FoundMessage {
    /// The message.
    pub id: Uuid,
    /// Who said it.
    pub role: MessageRole,
    /// The text around the first place where it was found.
    #[schema(example = "A refund takes 14 days.")]
    pub snippet: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    title: String,
    origin: ChatOrigin,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    messages: Json<Vec<FoundMessage>>,
}

impl ReadTx {
    /// The caller's conversations whose title or messages hold `text`, newest first, among the next 500 of them. The second
    /// tells after which one to go on, if there are more to look through. `None` if that takes longer than the transaction
    /// allows, after which it is of no more use.
    ///
    /// Letters are compared as they are stored; capitals count as small letters as far as the database's locale knows them.
    pub async fn search_chats(
        &mut self,
        caller: &Caller,
        text: &str,
        page: PageOf,
    ) -> Result<Option<(Vec<FoundChat>, Option<Uuid>)>> {
        let last: Option<Uuid> = sqlx::query_scalar(
            "select id from chat_sessions
             where user_id = $1 and ($2::uuid is null or id < $2)
             order by id desc
             offset $3 - 1 limit 1",
        )
        .bind(caller.user_id())
        .bind(page.after)
        .bind(LOOKED_THROUGH)
        .fetch_optional(self.conn())
        .await?;
        let (length, before) = SNIPPET;
        // The conversations are gone through in order, and no further than the page is full.
        let rows = sqlx::query_as(
            "select s.id, s.title, s.origin, s.created_at, s.updated_at, f.messages
             from chat_sessions s
             cross join lateral (
               select coalesce(jsonb_agg(jsonb_build_object(
                        'id', h.id, 'role', h.role, 'created_at', h.created_at, 'snippet',
                        case when h.start > 1 then '… ' else '' end || substr(h.content, h.start, $6)
                        || case when h.start + $6 <= char_length(h.content) then ' …' else '' end)), '[]') as messages
               from (
                 select m.id, m.role, m.created_at, m.content, greatest(strpos(lower(m.content), lower($4)) - $7, 1) as start
                 from chat_messages m
                 where m.session_id = s.id and strpos(lower(m.content), lower($4)) > 0
                 order by m.seq desc
                 limit $8) h) f
             where s.user_id = $1 and ($2::uuid is null or s.id < $2) and ($3::uuid is null or s.id >= $3)
               and (strpos(lower(s.title), lower($4)) > 0 or f.messages <> '[]')
             order by s.id desc
             limit $5",
        )
        .bind(caller.user_id())
        .bind(page.after)
        .bind(last)
        .bind(text)
        .bind(page.limit)
        .bind(length)
        .bind(before)
        .bind(SHOWN)
        .fetch_all(self.conn())
        .await;
        let Some(rows): Option<Vec<Row>> = in_time(rows)? else {
            return Ok(None);
        };
        let full = usize::try_from(page.limit - 1).unwrap_or(usize::MAX);
        let next = match rows.len() > full {
            true => rows.get(full - 1).map(|row| row.id),
            false => last,
        };
        let found = rows.into_iter().take(full).map(|row| FoundChat {
            session_id: row.id,
            title: row.title,
            origin: row.origin,
            created_at: row.created_at,
            updated_at: row.updated_at,
            messages: row.messages.0,
        });
        Ok(Some((found.collect(), next)))
    }
}
