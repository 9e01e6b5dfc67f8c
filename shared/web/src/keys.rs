//! Which routes API keys may ask, and what they lack elsewhere.

use crate::{App, Error, Result, Routes, extract::caller};
use axum::{
    Extension,
    extract::FromRequestParts,
    http::{Extensions, request::Parts},
};
use db::{ApiKeyScope, Caller, Superuser, TenantAdmin};
use utoipa::openapi::security::SecurityRequirement;

/// The name of the way in which an API key is sent, in the contract.
pub(crate) const API_KEY: &str = "api_key";

/// The scope that lets an API key ask a route. A route without one is for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeysWith(pub(crate) ApiKeyScope);

/// `routes`, which API keys with `scope` may ask as well as people.
pub fn open_to_keys(scope: ApiKeyScope, mut routes: Routes<App>) -> Routes<App> {
    let api = routes.get_openapi_mut();
    for item in api.paths.paths.values_mut() {
        for operation in crate::contract::operations(item) {
            let none: [String; 0] = [];
            operation.security.get_or_insert_with(|| {
                vec![
                    SecurityRequirement::new("bearer", none.clone()),
                    SecurityRequirement::new("oauth2", none),
                    SecurityRequirement::new(API_KEY, [scope.as_str()]),
                ]
            });
        }
    }
    routes.layer(Extension(KeysWith(scope)))
}

impl KeysWith {
    /// The scope of the route that a request is on its way to.
    pub(crate) fn of(request: &Extensions) -> Option<ApiKeyScope> {
        request.get().map(|Self(scope)| *scope)
    }
}

/// Confirms that the caller, if it is an API key, may ask the route, and from where it does.
///
/// # Errors
/// 403 `api_key_in_page`, `scope_missing`.
pub(crate) fn check_scope(
    caller: &Caller,
    route: Option<ApiKeyScope>,
    in_page: bool,
) -> Result<()> {
    let Some(scopes) = caller.scopes() else {
        return Ok(());
    };
    if in_page {
        return Err(Error::Forbidden(
            "api_key_in_page",
            "This API key came from a browser page, where everybody can read it. Revoke it, keep keys on servers, and log the page's people in with POST /login.",
        ));
    }
    match route {
        Some(scope) if scopes.contains(&scope) => Ok(()),
        lacking => Err(scope_missing(lacking)),
    }
}

fn scope_missing(scope: Option<ApiKeyScope>) -> Error {
    let sentence = match scope {
        None => "No API key may do this, whatever its scopes. Log in, and send the access token.",
        Some(ApiKeyScope::Chat) => {
            "This API key lacks the scope `chat`. An administrator can make one that has it, with POST /admin/api-keys."
        }
        Some(ApiKeyScope::Documents) => {
            "This API key lacks the scope `documents`. An administrator can make one that has it, with POST /admin/api-keys."
        }
        Some(ApiKeyScope::Usage) => {
            "This API key lacks the scope `usage`. An administrator can make one that has it, with POST /admin/api-keys."
        }
    };
    Error::Forbidden("scope_missing", sentence)
}

/// A tenant's administrator, or an API key with the scope of the route: for what servers may manage, too. People, settings
/// and keys are not among that.
#[derive(Debug)]
pub struct Manager {
    /// Who it is as a caller.
    pub caller: Caller,
    /// Proof that it may.
    pub admin: TenantAdmin,
}

impl FromRequestParts<App> for Manager {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = caller(parts, app, true).await?;
        Self::new(caller, parts)
    }
}

impl Manager {
    pub(crate) fn new(caller: Caller, parts: &Parts) -> Result<Self> {
        let admin = match KeysWith::of(&parts.extensions) {
            Some(scope) => caller.admin_or_key(scope),
            None => caller.admin(),
        };
        let admin = admin.ok_or_else(Error::forbidden)?;
        Ok(Self { caller, admin })
    }
}

/// Whoever may know what was used and what it cost, read now.
#[derive(Debug)]
pub enum Overseer {
    /// A superuser at home: of all tenants, and of their people nothing.
    Platform(Superuser),
    /// A tenant's administrator, a superuser who has assumed it, or an API key for that: all of that tenant.
    Tenant(Box<Manager>),
}

impl FromRequestParts<App> for Overseer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = caller(parts, app, true).await?;
        match caller.superuser() {
            Some(superuser) => Ok(Self::Platform(superuser)),
            None => Ok(Self::Tenant(Box::new(Manager::new(caller, parts)?))),
        }
    }
}
