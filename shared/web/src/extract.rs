//! Extractors: who is asking, as a proof. A handler that does not take a proof can reach nobody's data.

use crate::{
    App, Error, Path, Result,
    cors::{check_origin, origin_of},
    denied::Known,
    keys::{KeysWith, check_scope},
    visitors::check_visitor,
};
use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{HeaderMap, header, request::Parts},
};
use db::{Asked, Caller, Superuser, TenantAdmin};
use serde::Deserialize;
use std::{convert::Infallible, net::IpAddr, sync::Arc};
use tenant_auth::{ApiKeyClaim, ApiKeys, LegacyToken, TokenError, Verified};
use uuid::Uuid;

/// The id of this request.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl FromRequestParts<App> for RequestId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let id = parts.extensions.get::<Self>().cloned();
        id.ok_or_else(|| anyhow::anyhow!("a request without an id").into())
    }
}

/// The address that this request came from, if the host tells it.
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub Option<IpAddr>);

impl FromRequestParts<App> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().copied();
        Ok(known.unwrap_or(Self(None)))
    }
}

impl FromRequestParts<App> for Asked {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let RequestId(request_id) = RequestId::from_request_parts(parts, app).await?;
        let Ok(ClientIp(client_ip)) = ClientIp::from_request_parts(parts, app).await;
        Ok(Self {
            at: app.clock.now(),
            request_id,
            client_ip,
        })
    }
}

/// What follows `Bearer` in the header that says who asks (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    // RFC 9110, section 11.1: the scheme is case-insensitive.
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    // One space or more (section 11.4).
    is_bearer.then(|| token.trim_start_matches(' '))
}

/// A token whose signature and time are good, or an API key that we have made.
enum Token {
    Own(Verified),
    Legacy(LegacyToken),
    Key(ApiKeyClaim),
}

async fn verified(parts: &Parts, app: &App) -> Result<Token> {
    let token = bearer(&parts.headers).ok_or_else(Error::invalid_token)?;
    if ApiKeys::is_meant(token) {
        let claim = app.api_key_claim(token).await?.map(Token::Key);
        return claim.ok_or_else(Error::invalid_token);
    }
    let verified = match app.verify(token).map(Token::Own) {
        Err(TokenError::Invalid) => app.verify_legacy(token).map(Token::Legacy),
        own => own,
    };
    verified.map_err(|e| match e {
        TokenError::Expired => Error::unauthorized(
            "token_expired",
            "The access token has expired. Refresh it or log in again.",
        ),
        TokenError::Invalid => Error::invalid_token(),
    })
}

/// Where others count: questions, and what only looks like a change.
const COUNTED_ELSEWHERE: [&str; 6] = [
    "/chat",
    "/chat/ui",
    "/documents/search",
    "/mcp",
    "/v1/chat/completions",
    "/v1/responses",
];

/// Marks a request that was counted; several extractors of one handler may each find the caller.
#[derive(Clone, Copy)]
struct Counted;

/// Whether the request changes something, or takes a look at the database that others do without, and is not counted yet.
fn costs(parts: &mut Parts, fresh: bool) -> bool {
    let path = parts.extensions.get::<MatchedPath>();
    let elsewhere = path.is_some_and(|path| COUNTED_ELSEWHERE.contains(&path.as_str()));
    (fresh || !parts.method.is_safe()) && !elsewhere && parts.extensions.insert(Counted).is_none()
}

/// The caller behind a token: recently read from the database, or with `fresh` read now. An API key has no role that could
/// have changed, so it is never read for that.
pub(crate) async fn caller(parts: &mut Parts, app: &App, fresh: bool) -> Result<Caller> {
    let token = verified(parts, app).await?;
    let mut counts = false;
    if let Token::Own(token) = &token
        && costs(parts, fresh)
    {
        counts = true;
        app.count_change(token.tenant_id(), token.user_id()).await?;
    }
    let asked = Asked::from_request_parts(parts, app).await?;
    let found = match token {
        Token::Own(token) if fresh => Box::pin(app.db.caller_now(&token, &asked)).await,
        Token::Own(token) => app.db.caller(&token, &asked).await,
        Token::Legacy(token) => Box::pin(app.db.legacy_caller(&token, &asked)).await,
        Token::Key(key) => app.db.key_caller(&key, &asked).await,
    };
    let caller = found?.ok_or_else(Error::invalid_token)?;
    // Whose a token of the service before this one is, or an API key, is known only now.
    if costs(parts, fresh) {
        counts = true;
        app.count_change(caller.tenant_id(), caller.user_id())
            .await?;
    }
    tracing::Span::current().record("tenant_id", caller.tenant_id().to_string());
    if let Some(known) = parts.extensions.get::<Known>() {
        known.is(&caller);
    }
    let in_page = origin_of(&parts.headers).is_some();
    check_scope(&caller, KeysWith::of(&parts.extensions), in_page)?;
    let caller = check_visitor(caller, parts)?;
    check_origin(app, parts, &caller).await?;
    if counts {
        app.count_change_in_tenant(&caller).await?;
    }
    Ok(caller)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        caller(parts, app, false).await
    }
}

impl FromRequestParts<App> for TenantAdmin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = caller(parts, app, true).await?;
        caller.admin().ok_or_else(Error::forbidden)
    }
}

/// A tenant's administrator together with what is known of the tenant and the caller, all read now: settings that were
/// saved a moment ago count.
#[derive(Debug)]
pub struct Administrator {
    /// The administrator as a caller.
    pub caller: Caller,
    /// Proof of the role.
    pub admin: TenantAdmin,
    /// Proof that the caller is a superuser as well, at home or in a tenant that it has assumed.
    pub superuser: Option<Superuser>,
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::new(caller(parts, app, true).await?)
    }
}

impl Administrator {
    /// # Errors
    /// The caller is none.
    fn new(caller: Caller) -> Result<Self> {
        let admin = caller.admin().ok_or_else(Error::forbidden)?;
        let superuser = caller.superuser_anywhere();
        Ok(Self {
            caller,
            admin,
            superuser,
        })
    }
}

impl FromRequestParts<App> for Superuser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = caller(parts, app, true).await?;
        caller.superuser().ok_or_else(Error::forbidden)
    }
}

/// A caller who is one of the tenant's own users: what is done is done in that user's name.
#[derive(Debug)]
pub struct Own(pub Caller);

impl FromRequestParts<App> for Own {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.has_assumed() {
            return Err(Error::Forbidden(
                "tenant_assumed",
                "You have assumed this tenant and are none of its users: look and manage, but do nothing in a user's name.",
            ));
        }
        Ok(Self(caller))
    }
}

/// The tenant that the path's `{tenant_id}` names (`current` is the caller's own): the caller administers it, or is a
/// superuser, who sees every tenant. Any other answers exactly as one that does not exist.
#[derive(Debug)]
pub struct TenantAt {
    /// Which it is.
    pub tenant_id: Uuid,
    /// Proof of a superuser.
    pub superuser: Option<Superuser>,
    admin: Option<TenantAdmin>,
    caller: Caller,
}

impl TenantAt {
    /// Who asks, inside the tenant.
    ///
    /// # Errors
    /// 403 for a superuser who has not assumed it.
    pub fn caller(&self) -> Result<&Caller> {
        self.admin().map(|_| &self.caller)
    }

    /// Proof for what is inside the tenant.
    ///
    /// # Errors
    /// 403 for a superuser who has not assumed it.
    pub fn admin(&self) -> Result<&TenantAdmin> {
        self.admin.as_ref().ok_or_else(Error::assume_required)
    }
}

impl FromRequestParts<App> for TenantAt {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = caller(parts, app, true).await?;
        let (superuser, admin) = (caller.superuser(), caller.admin());
        if superuser.is_none() && admin.is_none() {
            return Err(Error::forbidden());
        }
        let Path(TenantId { tenant_id }) = Path::from_request_parts(parts, app).await?;
        let tenant_id = match &*tenant_id {
            "current" => caller.tenant_id(),
            id => Uuid::try_parse(id).map_err(|_| {
                Error::field(
                    "tenant_id",
                    "is neither an id (a UUID) nor `current`, which is your own tenant",
                )
            })?,
        };
        let admin = admin.filter(|admin| admin.tenant_id() == tenant_id);
        if superuser.is_none() && admin.is_none() {
            return Err(Error::NotFound);
        }
        Ok(Self {
            tenant_id,
            superuser,
            admin,
            caller,
        })
    }
}

#[derive(Deserialize)]
struct TenantId {
    tenant_id: String,
}
