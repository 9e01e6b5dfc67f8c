//! `POST /documents/search`: what a chat would be given.

use axum::extract::State;
use db::{Caller, Source};
use serde::{Deserialize, Serialize};
use service::Wanted;
use utoipa::ToSchema;
use web::{App, Error, Filter, Json, Result};

/// What to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SearchDocumentsRequest)]
pub(crate) struct Search {
    /// The question; not only blanks.
    #[schema(min_length = 1, example = "How long does a refund take?")]
    query: String,
    /// How many passages, 1 to 20; the tenant's setting if absent.
    #[schema(minimum = 1, maximum = 20)]
    top_k: Option<i32>,
    /// Of which documents; absent, of all.
    filter: Option<Filter>,
}

/// What was found, best first.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchResults)]
pub(crate) struct Found {
    /// The passages.
    items: Vec<Source>,
}

/// The passages that a chat with this question would be given.
#[utoipa::path(post, path = "/documents/search", operation_id = "searchDocuments", tag = "documents", request_body = Search, responses(
    (status = 200, body = Found), (status = 409, description = "`model_unpriced`: spending is limited, and the price of the tenant's embedding model is not known."), (status = 429, description = "`limit_reached`: `limit` says which."), (status = 503, description = "`search_timeout`: try again in a moment, with fewer words."),
))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<Search>,
) -> Result<Json<Found>> {
    if asked.query.trim().is_empty() {
        return Err(Error::field("query", "must not be empty"));
    }
    let filter = asked.filter.map(Filter::check).transpose()?.flatten();
    app.count_search(&caller).await?;
    let top_k = asked
        .top_k
        .unwrap_or(caller.account().tenant.retrieval_top_k);
    if !(1..=20).contains(&top_k) {
        return Err(Error::field("top_k", "must be from 1 to 20"));
    }
    let wanted = Wanted {
        top_k,
        filter: filter.as_ref(),
    };
    let found = app
        .retrieve_within_limits(&caller, &asked.query, wanted)
        .await?;
    if !found.whole {
        return Err(service::Error::SearchTooSlow.into());
    }
    let items = found.passages.iter().map(service::source).collect();
    Ok(Json(Found { items }))
}
