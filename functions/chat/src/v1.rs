//! `/v1`: what clients of OpenAI's API ask, answered by the same turn as `POST /chat`. Its failures are in OpenAI's form,
//! which is made where all failures are (`shared/web/src/openai.rs`).

mod begun;
mod call;
mod chunks;
mod citations;
mod completion;
mod completions;
mod fields;
mod input;
mod messages;
mod models;
mod names;
mod output;
mod refused;
mod response;
mod response_events;
mod responses;

use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// Every request has the whole conversation in it.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(2048);

/// The routes under `/v1`.
pub(crate) fn routes() -> Routes<App> {
    let routes = Routes::new()
        .routes(routes!(completions::create))
        .routes(routes!(responses::create))
        .routes(routes!(models::list))
        .routes(routes!(models::show));
    BODY_LIMIT.on(routes)
}
