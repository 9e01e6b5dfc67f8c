//! `POST /login/refresh`: a refresh token for the next pair.

use axum::extract::State;
use db::Asked;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::TokenPair;
use utoipa::ToSchema;
use web::{App, ClientIp, Json, Result};

/// The refresh token of a login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshTokenRequest)]
pub(crate) struct RefreshToken {
    /// As the login or the last refresh gave it.
    #[schema(value_type = String, format = Password, example = "the refresh token of the login")]
    pub(crate) refresh_token: SecretString,
}

/// Renews a login. A refresh token works once; presenting a used one ends its login, since somebody has a copy.
#[utoipa::path(post, path = "/login/refresh", operation_id = "refreshLogin", tag = "login", security(()), request_body = RefreshToken, responses(
    (status = 200, body = TokenPair),
    (status = 401, description = "`invalid_refresh_token`, `refresh_token_reused` or `session_expired`: log in again."),
    (status = 429),
))]
pub(crate) async fn refresh(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    Json(token): Json<RefreshToken>,
) -> Result<Json<TokenPair>> {
    app.count_refresh(client.0).await?;
    let tokens = app.refresh(token.refresh_token.expose_secret(), &asked);
    Ok(Json(tokens.await?))
}
