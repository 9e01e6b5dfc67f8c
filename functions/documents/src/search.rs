//! `POST /documents/search`: what a chat would be given.

use axum::extract::State;
use db::{ApiKeyScope, Caller, Leg, Source};
use serde::{Deserialize, Serialize};
use service::Retrieved;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{App, Error, Filter, Json, Query, Result};

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
    /// What was left out of the search because it took too long or failed: the rest answered.
    degraded: Vec<Leg>,
    /// With `explain`: how it came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<Explained>,
}

/// How a search came about.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplainedSearch)]
struct Explained {
    /// Of each passage, in their order, what the ways of finding it say.
    scores: Vec<ExplainedScores>,
    /// What a model would be given before the question: a passage a line.
    prompt: String,
}

/// How well a passage fits, on the scale of each way of finding it; null where that did not find it.
#[derive(Serialize, ToSchema)]
struct ExplainedScores {
    /// The passage.
    chunk_id: Uuid,
    /// By full text: the share of the question's words that it has, 0 to 1.
    #[schema(example = 0.82)]
    full_text: Option<f32>,
    /// By vectors: how near it is.
    #[schema(example = 0.61)]
    vectors: Option<f32>,
    /// What whoever puts passages in order says.
    rerank: Option<f32>,
}

/// How to search.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// Whether to tell the scores of each way of finding passages, and what a model would be given: for those who manage documents.
    #[serde(default)]
    explain: bool,
}

/// The passages that a chat with this question would be given.
#[utoipa::path(post, path = "/documents/search", operation_id = "searchDocuments", tag = "documents", params(How), request_body = Search, responses(
    (status = 200, body = Found), (status = 403, description = "`forbidden`: `explain` is for those who manage documents."), (status = 409, description = "`model_unpriced`: spending is limited, and the price of the tenant's embedding model is not known."), (status = 429, description = "`limit_reached`: `limit` says which."), (status = 503, description = "`search_timeout`: try again in a moment, with fewer words."),
))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Query(how): Query<How>,
    Json(asked): Json<Search>,
) -> Result<Json<Found>> {
    if how.explain && caller.admin_or_key(ApiKeyScope::Documents).is_none() {
        return Err(Error::forbidden());
    }
    let found = passages(&app, caller, asked).await?;
    let passages = found.found.iter().map(|found| &found.passage);
    Ok(Json(Found {
        items: passages.map(service::source).collect(),
        explained: how.explain.then(|| explained(&found.found)),
        degraded: found.degraded,
    }))
}

/// The passages that fit.
///
/// # Errors
/// 422 for what cannot be looked for; a limit is reached; there was no time to find any.
pub(crate) async fn passages(app: &App, caller: Caller, asked: Search) -> Result<Retrieved> {
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
    let found = app
        .service()
        .retrieve_within_limits(caller, &asked.query, top_k, filter)
        .await?;
    match found.whole {
        true => Ok(found),
        false => Err(service::Error::SearchTooSlow.into()),
    }
}

fn explained(found: &[service::Found]) -> Explained {
    let scores = found.iter().map(|found| ExplainedScores {
        chunk_id: found.passage.chunk_id,
        full_text: found.scores.full_text,
        vectors: found.scores.vectors,
        rerank: found.scores.rerank,
    });
    let passages = found.iter().map(|found| ai::Passage {
        title: found.passage.title.clone(),
        text: found.passage.text.clone(),
        source_url: found.passage.source_url.clone(),
    });
    let passages: Vec<ai::Passage> = passages.collect();
    Explained {
        scores: scores.collect(),
        prompt: ai::passage_lines(&passages).join("\n"),
    }
}
