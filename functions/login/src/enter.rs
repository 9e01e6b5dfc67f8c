//! `POST /login`: a name and a password for a pair of tokens.

use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use db::{Asked, NewLogin};
use secrecy::SecretString;
use serde::Deserialize;
use service::TokenPair;
use tenant_auth::{Authenticated, StoredPassword};
use tracing::Instrument;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, ClientIp, Error, Json, JsonOrForm, Result, login_origin_allowed};

/// Who wants in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequest)]
pub(crate) struct Enter {
    /// The email.
    #[schema(example = "ada@acme.example")]
    #[serde(alias = "username")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: SecretString,
    /// The tenant's slug. Without it the browser's origin decides, else the email if only one account has it.
    #[schema(example = "acme")]
    #[serde(default, alias = "client_id")]
    tenant: Option<String>,
    /// What else OAuth 2 clients send; it changes nothing.
    #[serde(default, rename = "grant_type")]
    #[schema(ignore)]
    _grant_type: Option<String>,
    #[serde(default, rename = "scope")]
    #[schema(ignore)]
    _scope: Option<String>,
    #[serde(default, rename = "client_secret")]
    #[schema(ignore)]
    _client_secret: Option<SecretString>,
}

/// The form of OAuth 2's password grant (RFC 6749, section 4.3.2).
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is read as what it stands for; this is how OAuth 2 names its fields"
)]
pub(crate) struct LoginForm {
    /// The email.
    #[schema(example = "ada@acme.example")]
    username: String,
    /// The password.
    #[schema(format = Password, example = "correct horse battery staple")]
    password: String,
    /// The tenant's slug. Without it the browser's origin decides, else the email if only one account has it.
    #[schema(example = "acme")]
    client_id: Option<String>,
    /// `password`; it changes nothing.
    #[schema(example = "password")]
    grant_type: Option<String>,
    /// It changes nothing.
    scope: Option<String>,
    /// It changes nothing.
    client_secret: Option<String>,
}

/// Logs in. Every failure is the same 401, and takes the same work.
#[utoipa::path(post, path = "/login", operation_id = "login", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves. It decides which tenant is meant where none is named.")),
    request_body(content((Enter = "application/json"), (LoginForm = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, body = TokenPair),
        (status = 401, description = "`invalid_credentials`: email, password or tenant is wrong."),
        (status = 403, description = "`origin_not_allowed`: the named tenant does not allow this browser origin."),
        (status = 429),
    )
)]
pub(crate) async fn enter(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    headers: HeaderMap,
    JsonOrForm(enter): JsonOrForm<Enter>,
) -> Result<Json<TokenPair>> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let slug = enter.tenant.as_deref().filter(|slug| !slug.is_empty());
    // What is no address is nobody's, and takes the same work.
    let email = service::email(&enter.email).unwrap_or_default();
    app.count_login(slug.unwrap_or_default(), &email, client.0)
        .await?;
    let mut tenant = None;
    // The password may be replaced while it is checked; a login beside this one does so when it hashes it anew.
    for _ in 0..2 {
        let origin = text(header::ORIGIN);
        let candidate = app.db.find_login(slug, origin, &email).await?;
        if let (Some(_), Some(allowed)) = (slug, &candidate.allowed_origins)
            && !login_origin_allowed(&app, &headers, allowed)
        {
            return Err(Error::origin_not_allowed());
        }
        tenant = candidate.tenant_id;
        let password = enter.password.clone();
        let Some(proven) = prove(&app, password, candidate.stored).await? else {
            break;
        };
        let new = NewLogin {
            asked: &asked,
            expires_at: app.login_ends(),
            user_agent: text(header::USER_AGENT),
            checked: &proven.stored.phc,
            rehashed: proven.rehashed.as_deref(),
        };
        if let Some(login) = app.db.login(&proven.who, &new).await? {
            return Ok(Json(app.tokens(&login)));
        }
    }
    Err(failed(&app, asked, tenant, email))
}

/// A password that was right.
struct Proven {
    who: Authenticated,
    stored: StoredPassword,
    /// The same password hashed anew, if what is stored was made with weaker parameters.
    rehashed: Option<String>,
}

/// Checks a password; that of an account that there is not takes as long.
async fn prove(
    app: &App,
    password: SecretString,
    stored: Option<StoredPassword>,
) -> Result<Option<Proven>> {
    let who = app.hasher.check(password.clone(), stored.clone()).await?;
    let Some((who, stored)) = who.zip(stored) else {
        return Ok(None);
    };
    let rehashed = match who.needs_rehash() {
        true => Some(app.hasher.hash(password).await?),
        false => None,
    };
    Ok(Some(Proven {
        who,
        stored,
        rehashed,
    }))
}

/// The one answer to every failure. It is written down beside the answer, not before it: how long that takes depends on
/// what there is to write (OWASP ASVS 5.0, 6.3.8).
fn failed(app: &App, asked: Asked, tenant: Option<Uuid>, email: String) -> Error {
    let db = app.db.clone();
    let written = async move {
        if let Err(e) = db.audit_failed_login(&asked, tenant, &email).await {
            tracing::error!(
                error = service::told(&e),
                "a failed login is not in the audit log"
            );
        }
    };
    app.tasks.spawn(written.in_current_span());
    Error::unauthorized("invalid_credentials", "Email, password or tenant is wrong.")
}
