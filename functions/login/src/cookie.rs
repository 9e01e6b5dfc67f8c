//! `/login/cookie`: a login that outlives its page in a cookie, which no script can read. Only with `LOGIN_COOKIES=on`, and for pages of
//! the service's own origin or of the deployment's: the browser sends it by itself, so whoever asks must show which page it is.

use crate::grant::RefreshToken;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use db::Asked;
use secrecy::ExposeSecret;
use service::{KeptLogin, TokenPair};
use web::{App, ClientIp, Error, Json, Result, is_everybodys_page};

/// Its prefix has browsers take it over TLS alone, for this host alone, and for all of its paths (RFC 6265bis, section 4.1.3.2).
const NAME: &str = "__Host-rt";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// What deletes it.
const FORGOTTEN: &str = "__Host-rt=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict";
/// No page of another origin can send it without being allowed to, which none is.
const HEADER: &str = "x-login-cookie";

/// That cookies are on, and that a page of ours asks, and no other has it ask.
pub(crate) struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if !app.config.login_cookies {
            return Err(Error::NotFound);
        }
        match parts.headers.contains_key(HEADER) && is_everybodys_page(app, &parts.headers) {
            true => Ok(Self),
            false => Err(Error::Forbidden(
                "origin_not_allowed",
                "Only pages of this service, or of the deployment's own origins, keep logins in cookies; they send `x-login-cookie: 1`.",
            )),
        }
    }
}

/// Puts a login into a cookie: the refresh token is traded for the next one, which only the browser has. The answer is the access token.
#[utoipa::path(put, path = "/login/cookie", operation_id = "keepLogin", tag = "login", security(()),
    params(("x-login-cookie" = String, Header, description = "Anything: no page of another origin can send it.", example = "1")),
    request_body = RefreshToken,
    responses(
        (status = 200, body = KeptLogin),
        (status = 401, description = "`invalid_refresh_token`, `refresh_token_reused` or `session_expired`: log in again."),
        (status = 403, description = "`origin_not_allowed`: another page asks, or `x-login-cookie` is missing."),
        (status = 404, description = "`not_found`: it is switched off; LOGIN_COOKIES is not `on`."),
        (status = 429),
    )
)]
pub(crate) async fn keep(
    _: OwnPage,
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    Json(token): Json<RefreshToken>,
) -> Result<Response> {
    app.count_refresh(client.0).await?;
    let pair = app.refresh(token.refresh_token.expose_secret(), &asked);
    kept(pair.await?)
}

/// Renews the login of the cookie, which is the next one then.
#[utoipa::path(post, path = "/login/cookie", operation_id = "renewKeptLogin", tag = "login", security(()),
    params(("x-login-cookie" = String, Header, description = "Anything: no page of another origin can send it.", example = "1")),
    responses(
        (status = 200, body = KeptLogin),
        (status = 401, description = "`invalid_refresh_token`, `refresh_token_reused` or `session_expired`: log in again. The cookie is deleted."),
        (status = 403, description = "`origin_not_allowed`: another page asks, or `x-login-cookie` is missing."),
        (status = 404, description = "`not_found`: it is switched off; LOGIN_COOKIES is not `on`."),
        (status = 429),
    )
)]
pub(crate) async fn renew(
    _: OwnPage,
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response> {
    app.count_refresh(client.0).await?;
    // Without a cookie it is as with one that is forged.
    let token = cookie(&headers).unwrap_or_default();
    match app.refresh(token, &asked).await {
        Ok(pair) => kept(pair),
        Err(e @ service::Error::Unauthorized(..)) => Ok(forgotten(Error::from(e).into_response())),
        Err(e) => Err(e.into()),
    }
}

/// Ends the login of the cookie, and deletes the cookie. Where there is none, that is no error.
#[utoipa::path(delete, path = "/login/cookie", operation_id = "forgetKeptLogin", tag = "login", security(()),
    params(("x-login-cookie" = String, Header, description = "Anything: no page of another origin can send it.", example = "1")),
    responses(
        (status = 204),
        (status = 403, description = "`origin_not_allowed`: another page asks, or `x-login-cookie` is missing."),
        (status = 404, description = "`not_found`: it is switched off; LOGIN_COOKIES is not `on`."),
    )
)]
pub(crate) async fn forget(
    _: OwnPage,
    State(app): State<App>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(claim) = cookie(&headers).and_then(|token| app.refresh_claim(token)) {
        app.db.logout(&claim, &asked).await?;
    }
    Ok(forgotten(StatusCode::NO_CONTENT.into_response()))
}

fn kept(pair: TokenPair) -> Result<Response> {
    let (token, kept) = pair.into_kept();
    let seconds = kept.refresh_expires_in;
    let cookie = format!("{NAME}={token}; Max-Age={seconds}; {ATTRIBUTES}");
    let cookie = HeaderValue::try_from(cookie).map_err(anyhow::Error::from)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(kept)).into_response())
}

fn forgotten(mut answer: Response) -> Response {
    let cookie = HeaderValue::from_static(FORGOTTEN);
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    answer
}

/// What the browser has kept.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == NAME)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_no_other_is_taken_for_it() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("rt=a; x__Host-rt=b"),
        );
        assert_eq!(cookie(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; __Host-rt=c; d"),
        );
        assert_eq!(cookie(&headers), Some("c"));
    }
}
