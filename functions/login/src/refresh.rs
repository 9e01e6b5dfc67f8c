//! `POST /login/refresh`: a refresh token for the next pair.

use crate::grant::{RefreshToken, RenewalForm};
use axum::extract::{FromRequest, Request, State};
use db::Asked;
use secrecy::ExposeSecret;
use service::TokenPair;
use web::{App, ClientIp, Error, Form, Json, JsonOrForm, Result, is_form};

/// Renews a login. A refresh token works once; presenting a used one ends its login, since somebody has a copy,
/// unless the pair that it gave has not been used yet: then its answer was lost, and comes again.
#[utoipa::path(post, path = "/login/refresh", operation_id = "refreshLogin", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves. It decides whether the page may read the answer.")),
    request_body(content(
        (RefreshToken = "application/json"),
        (RenewalForm = "application/x-www-form-urlencoded"), (RenewalForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, body = TokenPair),
        (status = 400, description = "`unsupported_grant_type`: send `refresh_token`."),
        (status = 401, description = "`invalid_refresh_token`, `refresh_token_reused` or `session_expired`: log in again."),
        (status = 429),
    )
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    Renewal(token): Renewal,
) -> Result<Json<TokenPair>> {
    renew(&app, client, &asked, &token).await
}

/// The next pair for a refresh token.
pub(crate) async fn renew(
    app: &App,
    client: ClientIp,
    asked: &Asked,
    token: &RefreshToken,
) -> Result<Json<TokenPair>> {
    app.count_refresh(client.0).await?;
    let tokens = app.refresh(token.refresh_token.expose_secret(), asked);
    Ok(Json(tokens.await?))
}

/// A refresh token, as JSON or in the form of OAuth 2, which may say what it is.
pub(crate) struct Renewal(RefreshToken);

impl FromRequest<App> for Renewal {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_form(request.headers()) {
            let JsonOrForm(token) = JsonOrForm::from_request(request, app).await?;
            return Ok(Self(token));
        }
        let form = Form::from_request(request, app).await?;
        match form.value("grant_type")? {
            None | Some("refresh_token") => form.read().map(Self),
            Some(_) => Err(Error::UnsupportedGrant),
        }
    }
}
