//! Conversations as administrators read them, where the tenant shares them.

use crate::{AdminTx, ChatOrigin, Message, PageOf, Rating, Result, error::in_time};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// So many conversations are looked through at once: however many there are, one page takes a bounded time.
const LOOKED_THROUGH: i64 = 500;
/// How long a snippet is, and how much of it stands before what was looked for; in characters.
const SNIPPET: (i32, i32) = (240, 60);

/// A conversation. Whose it is is not told.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
#[schema(as = SharedConversation)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// Its title: the beginning of the first message until it is changed.
    #[schema(example = "How long does a refund take?")]
    pub title: String,
    /// How it came about.
    pub origin: ChatOrigin,
    /// How many messages it has, in all branches.
    #[schema(example = 4)]
    pub messages: i64,
    /// How many of its answers whoever asked found good.
    pub thumbs_up: i64,
    /// How many of them were of no use.
    pub thumbs_down: i64,
    /// The text around what was looked for, in the newest message that holds it; null without a search, and where only the title does.
    #[schema(example = "A refund takes 14 days.")]
    pub snippet: Option<String>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
}

/// Which conversations.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConversationFilter<'a> {
    /// Whose title or messages hold this.
    pub text: Option<&'a str>,
    /// Of which an answer was rated so.
    pub rating: Option<Rating>,
    /// Also those that the tenant does not share: for whoever has assumed it.
    pub all: bool,
}

impl AdminTx {
    /// Those among the next 500 that fit, newest first. The second tells after which one to go on, if there are more to look
    /// through. `None` if that takes longer than the transaction allows, after which it is of no more use.
    pub async fn conversations(
        &mut self,
        filter: ConversationFilter<'_>,
        page: PageOf,
    ) -> Result<Option<(Vec<Conversation>, Option<Uuid>)>> {
        let last: Option<Uuid> = sqlx::query_scalar(
            "select s.id from chat_sessions s join tenants t on $3 or s.created_at >= t.share_conversations_since
             where $1::uuid is null or s.id < $1
             order by s.id desc
             offset $2 - 1 limit 1",
        )
        .bind(page.after)
        .bind(LOOKED_THROUGH)
        .bind(filter.all)
        .fetch_optional(self.conn())
        .await?;
        let (length, before) = SNIPPET;
        let rows = sqlx::query_as(
            "select s.id, s.title, s.origin, n.messages, n.thumbs_up, n.thumbs_down, h.snippet, s.created_at, s.updated_at
             from chat_sessions s
             join tenants t on $6 or s.created_at >= t.share_conversations_since
             cross join lateral (
               select count(*) as messages, count(*) filter (where f.rating = 'up') as thumbs_up,
                      count(*) filter (where f.rating = 'down') as thumbs_down
               from chat_messages m
               left join message_feedback f on f.tenant_id = m.tenant_id and f.message_id = m.id
               where m.session_id = s.id) n
             left join lateral (
               select case when f.start > 1 then '… ' else '' end || substr(f.content, f.start, $7)
                      || case when f.start + $7 <= char_length(f.content) then ' …' else '' end as snippet
               from (
                 select m.content, greatest(strpos(lower(m.content), lower($3)) - $8, 1) as start
                 from chat_messages m
                 where m.session_id = s.id and strpos(lower(m.content), lower($3)) > 0
                 order by m.seq desc
                 limit 1) f) h on $3::text is not null
             where ($1::uuid is null or s.id < $1) and ($2::uuid is null or s.id >= $2)
               and ($3 is null or h.snippet is not null or strpos(lower(s.title), lower($3)) > 0)
               and ($4::text is null or $4 = 'up' and n.thumbs_up > 0 or $4 = 'down' and n.thumbs_down > 0)
             order by s.id desc
             limit $5",
        )
        .bind(page.after)
        .bind(last)
        .bind(filter.text)
        .bind(filter.rating)
        .bind(page.limit)
        .bind(filter.all)
        .bind(length)
        .bind(before)
        .fetch_all(self.conn())
        .await;
        let Some(mut rows): Option<Vec<Conversation>> = in_time(rows)? else {
            return Ok(None);
        };
        let full = usize::try_from(page.limit - 1).unwrap_or(usize::MAX);
        let next = match rows.len() > full {
            true => rows.get(full - 1).map(|row| row.id),
            false => last,
        };
        rows.truncate(full);
        Ok(Some((rows, next)))
    }

    /// The messages of one, as [`ReadTx::messages`](crate::ReadTx::messages) with all branches; `None` if there is none of that
    /// id, or it is not shared. With `all` also those that are not.
    pub async fn conversation(
        &mut self,
        id: Uuid,
        all: bool,
        page: PageOf,
    ) -> Result<Option<(Vec<Message>, bool)>> {
        let is_shared: bool = sqlx::query_scalar(
            "select exists (select from chat_sessions s join tenants t on $2 or s.created_at >= t.share_conversations_since
                            where s.id = $1)",
        )
        .bind(id)
        .bind(all)
        .fetch_one(self.conn())
        .await?;
        match is_shared {
            true => Ok(Some(self.messages_of(None, id, page, true).await?)),
            false => Ok(None),
        }
    }
}
