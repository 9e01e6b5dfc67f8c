//! `POST /login/logout`: the end of a login.

use crate::grant::{RefreshToken, RevocationForm};
use axum::{extract::State, http::StatusCode};
use db::Asked;
use secrecy::ExposeSecret;
use web::{App, JsonOrForm, Result};

/// Ends a login. Ending one that has ended, or that never was, is no error (RFC 7009, section 2.2).
#[utoipa::path(post, path = "/login/logout", operation_id = "logout", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves. It decides whether the page may read the answer.")),
    request_body(content(
        (RefreshToken = "application/json"),
        (RevocationForm = "application/x-www-form-urlencoded"), (RevocationForm = "multipart/form-data"),
    )),
    responses((status = 204))
)]
pub(crate) async fn logout(
    State(app): State<App>,
    asked: Asked,
    JsonOrForm(token): JsonOrForm<RefreshToken>,
) -> Result<StatusCode> {
    if let Some(claim) = app.refresh_claim(token.refresh_token.expose_secret()) {
        app.db.logout(&claim, &asked).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
