//! chat: ask and be answered.

mod answer;
mod answered;
mod ask;
mod asked;
mod attempt;
mod calls;
mod ending;
mod erase;
mod event;
mod export;
mod export_text;
mod feedback;
mod keeping;
mod live;
mod message;
mod prompt;
mod resume;
mod row;
mod search;
mod sessions;
mod spans;
mod sse;
mod storing;
mod turn;
mod ui;
mod v1;
mod visitors;

use db::ApiKeyScope;
use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// A question may hold a page that was pasted into it.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(256);

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let routes = Routes::new()
        .routes(routes!(ask::ask))
        .routes(routes!(message::show))
        .routes(routes!(message::stop))
        .routes(routes!(feedback::rate))
        .routes(routes!(resume::resume))
        .routes(routes!(sessions::list, erase::erase))
        .routes(routes!(search::search))
        .routes(routes!(export::all))
        .routes(routes!(export::one))
        .routes(routes!(sessions::show, sessions::update, sessions::delete))
        .routes(routes!(sessions::messages));
    let routes = BODY_LIMIT.on(routes).merge(ui::routes());
    let routes = web::open_to_visitors(routes).merge(v1::routes());
    web::open_to_keys(ApiKeyScope::Chat, routes)
}
