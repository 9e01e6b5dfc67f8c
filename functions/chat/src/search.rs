//! `GET /chat/search`: words in the caller's conversations.

use axum::extract::State;
use db::FoundChat;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{App, Error, Json, Listing, Own, PageQuery, Query, Result};

/// What to look for, and which page of what is found.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// 1 to 200 characters, as they are written; in capitals or not.
    #[param(min_length = 1, max_length = 200, example = "refund")]
    q: String,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, of the same search.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// The caller's conversations whose title or messages hold a text, newest first.
///
/// The text is looked for as it stands, anywhere, in every language: letter by letter, without stemming, several words only
/// in this order. Each page looks through 500 conversations at most, so it may hold few or none and still have a
/// `next_cursor`: there are more to look through.
#[utoipa::path(get, path = "/chat/search", operation_id = "searchChats", tag = "chat", params(Search), responses(
    (status = 200, body = Listing<FoundChat>), (status = 503, description = "`search_timeout`: try again in a moment."),
))]
pub(crate) async fn search(
    State(app): State<App>,
    Own(caller): Own,
    Query(asked): Query<Search>,
) -> Result<Json<Listing<FoundChat>>> {
    let text = asked.q.trim();
    if !(1..=200).contains(&text.chars().count()) {
        return Err(Error::field("q", "must be 1 to 200 characters"));
    }
    if text.contains('\0') {
        return Err(Error::field(
            "q",
            "holds a character that nothing stored has",
        ));
    }
    let list = format!("chats of {} with {text}", caller.user_id());
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, caller.tenant_id(), &list)?;
    app.count_search(&caller).await?;
    let (found, next) = app.search_chats(&caller, text, page.of).await?;
    Ok(Json(page.listing_until(found, next)))
}
