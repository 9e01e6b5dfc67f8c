//! What visitors of a tenant's web pages may ask, and from where.

use crate::{App, Error, Result, Routes, cors::origin_of};
use axum::{Extension, http::request::Parts};
use db::Caller;

/// Marks a route that visitors may ask. Every other one is for people and API keys.
#[derive(Clone, Copy, Debug)]
struct OpenToVisitors;

/// `routes`, which visitors may ask as well.
pub fn open_to_visitors(routes: Routes<App>) -> Routes<App> {
    routes.layer(Extension(OpenToVisitors))
}

/// The caller, of whom it is confirmed that it may ask the route if it is a visitor, and asks from a page of its site.
///
/// # Errors
/// 403 `account_required`, `origin_not_allowed`.
pub(crate) fn check_visitor(caller: Caller, parts: &Parts) -> Result<Caller> {
    let Some(site) = caller.site() else {
        return Ok(caller);
    };
    if parts.extensions.get::<OpenToVisitors>().is_none() {
        return Err(Error::Forbidden(
            "account_required",
            "Visitors of a page may chat, and nothing else. Log in with an account, with POST /login.",
        ));
    }
    let page = origin_of(&parts.headers);
    match page.filter(|page| site.origins.iter().any(|origin| origin == page)) {
        Some(page) => Ok(caller.on_page(page)),
        None => Err(Error::origin_not_allowed()),
    }
}
