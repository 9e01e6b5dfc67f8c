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

/// Confirms that the caller, if it is a visitor, may ask the route, and asks from a page of its site.
///
/// # Errors
/// 403 `account_required`, `origin_not_allowed`.
pub(crate) fn check_visitor(caller: &Caller, parts: &Parts) -> Result<()> {
    let Some(site) = caller.site() else {
        return Ok(());
    };
    if parts.extensions.get::<OpenToVisitors>().is_none() {
        return Err(Error::Forbidden(
            "account_required",
            "Visitors of a page may chat, and nothing else. Log in with an account, with POST /login.",
        ));
    }
    let page = origin_of(&parts.headers);
    match page.is_some_and(|page| site.origins.iter().any(|origin| origin == page)) {
        true => Ok(()),
        false => Err(Error::origin_not_allowed()),
    }
}
