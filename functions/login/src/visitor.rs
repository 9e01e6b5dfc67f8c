//! `POST /login/visitor`: a visitor of a tenant's web page, without an account.

use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use db::{Asked, Visit};
use serde::Deserialize;
use service::TokenPair;
use utoipa::ToSchema;
use web::{App, ClientIp, Error, Json, Result};

/// Which page somebody visits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitorRequest)]
pub(crate) struct Visitor {
    /// The key of the site, as its administrators see it. It is public.
    #[schema(example = "site_AYr6acsAAAAAAAAAAAAAAAAAAAAR...")]
    site_key: String,
}

/// Lets a visitor of a web page in, without an account: a new one each time. It may ask, and read what it has asked, from pages of
/// its site and nowhere else, and is told apart from others by its tokens alone; they are renewed as those of a login are.
///
/// The page's origin must be one of the site's: a request without `Origin` is refused.
#[utoipa::path(post, path = "/login/visitor", operation_id = "enterAsVisitor", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves.")),
    request_body = Visitor,
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "`invalid_site_key`: this is no key of a site."),
        (status = 403, description = "`site_closed`, `origin_not_allowed`: this page is none of the site's."),
        (status = 429),
    )
)]
pub(crate) async fn enter(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    headers: HeaderMap,
    Json(visitor): Json<Visitor>,
) -> Result<Json<TokenPair>> {
    let site = app.site_claim(&visitor.site_key).ok_or_else(invalid_key)?;
    app.count_visitor(&site, client.0).await?;
    let origin = headers.get(header::ORIGIN);
    let origin = origin.and_then(|origin| origin.to_str().ok());
    let origin = origin.unwrap_or_default();
    match app
        .db
        .visit(&site, origin, &asked, app.login_ends())
        .await?
    {
        Visit::Begun(login) => Ok(Json(app.tokens(&login))),
        Visit::WrongOrigin => Err(Error::origin_not_allowed()),
        Visit::Closed => Err(CLOSED),
    }
}

fn invalid_key() -> Error {
    Error::unauthorized(
        "invalid_site_key",
        "This is not the key of a site. Copy it from the site's settings.",
    )
}

const CLOSED: Error = Error::Forbidden(
    "site_closed",
    "There is no such site, or it is switched off. Whoever runs the page can open it.",
);
