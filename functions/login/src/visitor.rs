//! `POST /login/visitor`: a visitor of a tenant's web page, without an account.

use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use db::{Asked, SiteIdentity};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::{Proof, TokenPair};
use utoipa::ToSchema;
use web::{App, ClientIp, Error, Json, Result};

/// Which page somebody visits, and perhaps who it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitorRequest)]
pub(crate) struct Visitor {
    /// The key of the site, as its administrators see it. It is public.
    #[schema(example = "site_AYr6acsAAAAAAAAAAAAAAAAAAAAR...")]
    site_key: String,
    /// Who it is, if the site takes that: a JWT signed by the tenant's own server with a key of the site, good once and for at
    /// most 300 seconds. `aud` is the site's id; `sub`, `jti` and `exp` are required; `name` and `groups` may be there.
    #[schema(value_type = Option<String>, format = Password, max_length = 16384)]
    identity_token: Option<SecretString>,
    /// With an identity token: the refresh token that this visitor has had without one. Its conversations become those of whoever
    /// the token says, once, and its login ends. One that has ended already is no fault.
    #[schema(value_type = Option<String>, format = Password)]
    anonymous_refresh_token: Option<SecretString>,
    /// Of whoever comes without an identity token: the solution of the `challenge` that an earlier answer had. Where the site asks
    /// for none, it does no harm.
    proof: Option<Proof>,
}

/// Lets a visitor of a web page in, without an account. It may ask, and read what it has asked, from pages of its site and
/// nowhere else; its tokens are renewed as those of a login are.
///
/// Without an identity token it is a new visitor each time, who is told apart from others by the tokens alone. With one it is
/// the visitor whom the tenant's server says, the same from every device, and the login ends after 24 hours at the latest: then
/// the page comes with another identity token.
///
/// A site may ask whoever comes without an identity token for a little work first, always or while many come at once: then the
/// answer is a problem with a `challenge`, which pages solve by trying, and the same request is sent again with the `proof`. Both
/// together count as one visitor.
///
/// The page's origin must be one of the site's: a request without `Origin` is refused.
#[utoipa::path(post, path = "/login/visitor", operation_id = "enterAsVisitor", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves.")),
    request_body = Visitor,
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "`invalid_site_key`: this is no key of a site. `identity_required`: the site lets nobody in without an identity token. `invalid_identity_token`: no key of the site has signed it. `identity_token_expired`, `identity_token_used`: sign another one. `challenge_required`: solve the `challenge`, and send the `proof`. `challenge_failed`: likewise, the proof was none."),
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
    let site = app
        .site_claim(&visitor.site_key)
        .await?
        .ok_or_else(invalid_key)?;
    let proof = visitor
        .proof
        .as_ref()
        .filter(|_| visitor.identity_token.is_none());
    let comes = app.count_visitor(&site, proof, &asked).await?;
    let entrance = app.db.entrance(&site, &asked).await?.ok_or(CLOSED)?;
    let origin = headers.get(header::ORIGIN);
    let origin = origin.and_then(|origin| origin.to_str().ok());
    if !entrance.origins.iter().any(|one| Some(&**one) == origin) {
        return Err(Error::origin_not_allowed());
    }
    let before = visitor.anonymous_refresh_token.as_ref();
    let Some(token) = &visitor.identity_token else {
        if before.is_some() {
            let message = "is for visitors who are identified: send it with an `identity_token`";
            return Err(Error::field("anonymous_refresh_token", message));
        }
        if entrance.identity == SiteIdentity::Required {
            return Err(identity_required());
        }
        app.ask_for_work(&site, &entrance, comes, &asked).await?;
        app.count_new_visitor(&site, entrance.visitors_per_minute, client.0)
            .await?;
        let login = app.db.visit(&site, &asked, app.login_ends()).await?;
        return Ok(Json(app.tokens(&login.ok_or(CLOSED)?)));
    };
    if entrance.identity == SiteIdentity::Off {
        return Err(Error::field("identity_token", NOT_TAKEN));
    }
    let identity = app.identify(&site, token.expose_secret(), &asked).await?;
    let before = before.map(ExposeSecret::expose_secret);
    let login = app.recognise(&identity, before, &asked).await?;
    Ok(Json(app.tokens(&*login.ok_or(CLOSED)?)))
}

fn invalid_key() -> Error {
    Error::unauthorized(
        "invalid_site_key",
        "This is not the key of a site. Copy it from the site's settings.",
    )
}

fn identity_required() -> Error {
    Error::unauthorized(
        "identity_required",
        "Visitors of this site say who they are. Send an `identity_token` that your server has signed.",
    )
}

const NOT_TAKEN: &str = "is not taken by this site: leave it out, or have its administrator set `identity` to `optional` or `required`";

const CLOSED: Error = Error::Forbidden(
    "site_closed",
    "There is no such site, or it is switched off. Whoever runs the page can open it.",
);
