//! login: who you are.

mod cookie;
mod enter;
mod grant;
mod invitation;
mod logout;
mod me;
mod password;
mod refresh;
mod sessions;
mod usage;
mod visitor;

use axum::middleware;
use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// Nothing that is sent here is long.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(4);
/// But for an identity token, of at most 16 KiB: one that is somewhat longer is told what is wrong with it.
const VISITOR_LIMIT: BodyLimit = BodyLimit::kib(32);

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let routes = Routes::new()
        .routes(routes!(enter::enter))
        .merge(VISITOR_LIMIT.on(Routes::new().routes(routes!(visitor::enter))))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(cookie::keep, cookie::renew, cookie::forget))
        .routes(routes!(invitation::accept))
        .merge(web::open_to_visitors(Routes::new().routes(routes!(me::me))))
        .routes(routes!(me::change))
        .routes(routes!(usage::show))
        .routes(routes!(password::change))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end));
    BODY_LIMIT.on(routes.layer(middleware::from_fn(web::to_oauth)))
}
