//! `/admin/conversations`: what a tenant's users say, where it shares that.

use axum::extract::State;
use chrono::{DateTime, Utc};
use db::{
    Conversation, ConversationFilter, Deed, Feedback, Message, MessageRole, MessageStatus, Rating,
    Source,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Administrator, App, Error, Json, Listing, PageQuery, Path, Query, Result};

/// How long one statement may take: a busy tenant has many conversations.
const TIME: Duration = Duration::from_secs(3);

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationQuery {
    /// Only those whose title or messages hold this: 1 to 200 characters, as they are written; in capitals or not.
    #[param(min_length = 1, max_length = 200, example = "refund")]
    q: Option<String>,
    /// Only those of which an answer was rated so.
    rating: Option<Rating>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before; with the same filters.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = SharedConversationList)]
pub(crate) struct Conversations {
    /// Whether the tenant shares its users' conversations; if not, there are no items, but for a superuser who has assumed it.
    share_conversations: bool,
    /// The conversations, newest first.
    items: Vec<Conversation>,
    /// Where the next page starts: send it as `cursor`. Null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A message, as an administrator reads it.
#[derive(Serialize, ToSchema)]
#[schema(as = SharedMessage)]
pub(crate) struct SharedMessage {
    /// Its id.
    id: Uuid,
    /// The message that it follows; null for the first.
    parent_id: Option<Uuid>,
    /// Who said it.
    role: MessageRole,
    /// What was said.
    #[schema(example = "A refund takes 14 days.")]
    content: String,
    /// What became of it.
    status: MessageStatus,
    /// The code of the problem that ended it, if one did.
    error_code: Option<String>,
    /// Who answered.
    provider: Option<String>,
    /// The model that wrote it.
    model: Option<String>,
    /// Which of the tenant's system prompts it was made with.
    prompt_version: Option<i32>,
    /// What it was given to draw on.
    sources: Vec<Source>,
    /// What whoever asked thinks of it.
    feedback: Option<Feedback>,
    /// When it was stored.
    created_at: DateTime<Utc>,
}

/// The conversations of the tenant's users, newest first, without whose they are: those that began since its `share_conversations`
/// says so, of which its users are told at `GET /login/me`. A superuser who has assumed the tenant sees all.
///
/// Each page looks through 500 conversations at most, so it may hold few or none and still have a `next_cursor`.
#[utoipa::path(get, path = "/admin/conversations", operation_id = "listConversations", tag = "admin", params(ConversationQuery), responses(
    (status = 200, body = Conversations), (status = 403), (status = 503, description = "`search_timeout`: try again in a moment."),
))]
pub(crate) async fn list(
    State(app): State<App>,
    at: Administrator,
    Query(asked): Query<ConversationQuery>,
) -> Result<Json<Conversations>> {
    let text = asked.q.as_deref().map(str::trim);
    if text.is_some_and(|text| !(1..=200).contains(&text.chars().count())) {
        return Err(Error::field("q", "must be 1 to 200 characters"));
    }
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(Error::field(
            "q",
            "holds a character that nothing stored has",
        ));
    }
    let list = format!("conversations {text:?} {:?}", asked.rating);
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, at.admin.tenant_id(), &list)?;
    let share_conversations = at.caller.account().tenant.share_conversations;
    let all = at.caller.has_assumed();
    let (rows, next) = match share_conversations || all {
        true => {
            let filter = ConversationFilter {
                text,
                rating: asked.rating,
                all,
            };
            let mut tx = app.db.admin_within(&at.admin, TIME).await?;
            let found = tx.conversations(filter, page.of).await?;
            found.ok_or_else(|| Error::from(service::Error::SearchTooSlow))?
        }
        false => (Vec::new(), None),
    };
    let Listing { items, next_cursor } = page.listing_until(rows, next);
    Ok(Json(Conversations {
        share_conversations,
        items,
        next_cursor,
    }))
}

/// The messages of one of them, oldest first, of all its branches. That it was read is written into the audit log.
#[utoipa::path(get, path = "/admin/conversations/{id}/messages", operation_id = "readConversation", tag = "admin",
    params(("id" = Uuid, Path), PageQuery), responses((status = 200, body = Listing<SharedMessage>), (status = 403),
))]
pub(crate) async fn read(
    State(app): State<App>,
    at: Administrator,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<SharedMessage>>> {
    let list = format!("conversation {id}");
    let page = page.of(&app, at.admin.tenant_id(), &list)?;
    let mut tx = app.db.admin(&at.admin).await?;
    let all = at.caller.has_assumed();
    let found = tx.conversation(id, all, page.of).await?;
    let (rows, cut) = found.ok_or(Error::NotFound)?;
    let read = Deed::done("conversation.read", id);
    tx.audit_hourly(&at.caller, read).await?;
    tx.commit().await?;
    let Listing { items, next_cursor } = page.listing_cut(rows, cut, |row| row.id);
    Ok(Json(Listing {
        items: items.into_iter().map(SharedMessage::from).collect(),
        next_cursor,
    }))
}

impl From<Message> for SharedMessage {
    fn from(of: Message) -> Self {
        Self {
            id: of.id,
            parent_id: of.parent_id,
            role: of.role,
            content: of.content,
            status: of.status,
            error_code: of.error_code,
            provider: of.provider,
            model: of.model,
            prompt_version: of.prompt_version,
            sources: of.sources,
            feedback: of.feedback,
            created_at: of.created_at,
        }
    }
}
