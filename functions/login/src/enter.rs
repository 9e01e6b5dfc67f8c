//! `POST /login`: a name and a password for a pair of tokens.

use crate::{
    grant::{Enter, Grant, LoginForm},
    refresh::renew,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use db::{Asked, Candidate, NewLogin, Whose};
use secrecy::SecretString;
use service::TokenPair;
use tenant_auth::{Attempt, Authenticated, Turn};
use tracing::Instrument;
use uuid::Uuid;
use web::{App, ClientIp, Error, Json, Result, page_of_a_tenant};

/// As much of a client's name is kept; the longest of browsers have some 300 characters.
const AGENT_CHARS: usize = 512;

/// Logs in. Every failure is the same 401, and takes the same work; only whoever has the right password is told that the tenant is
/// suspended.
///
/// A form of OAuth 2 is answered with the names of OAuth 2 beside ours: `error` and `error_description`.
#[utoipa::path(post, path = "/login", operation_id = "login", tag = "login", security(()),
    params(("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves. It decides which tenant is meant where none is named.")),
    request_body(content((Enter = "application/json"), (LoginForm = "application/x-www-form-urlencoded"), (LoginForm = "multipart/form-data"))),
    responses(
        (status = 200, body = TokenPair),
        (status = 400, description = "`unsupported_grant_type`: send `password` or `refresh_token`."),
        (status = 401, description = "`invalid_credentials`: email, password or tenant is wrong."),
        (status = 403, description = "`origin_not_allowed`: the named tenant does not allow this browser origin. `tenant_suspended`: email and password are right, and the tenant is suspended."),
        (status = 429),
    )
)]
pub(crate) async fn enter(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    headers: HeaderMap,
    grant: Grant,
) -> Result<Json<TokenPair>> {
    let enter = match grant {
        Grant::Password(enter) => enter,
        Grant::Refresh(token) => return renew(&app, client, &asked, &token).await,
    };
    let agent = headers.get(header::USER_AGENT);
    let slug = enter.tenant.as_deref().filter(|slug| !slug.is_empty());
    // What is no address is nobody's, and takes the same work.
    let email = service::email(&enter.email).unwrap_or_default();
    let others = other_spellings(&enter.email, &email);
    let counted = match &*email {
        "" => others[0].as_deref().unwrap_or_default(),
        email => email,
    };
    let from = app
        .count_login(slug.unwrap_or_default(), counted, client.0)
        .await?;
    let page = page_of_a_tenant(&app, &headers);
    let whose = Whose::client(client.0);
    let mut failure = Failure::default();
    let mut is_suspended = false;
    // The password may be replaced while it is checked; a login beside this one does so when it hashes it anew.
    for _ in 0..2 {
        let candidate = find(&app, slug, page, (&email, &others), whose).await?;
        if let (Some(_), Some(page)) = (slug, page) {
            check_page(&candidate, page)?;
        }
        let suspended = candidate.is_suspended;
        let (proven, failed) = prove(&app, &enter.password, candidate).await?;
        failure = failed;
        is_suspended = suspended && proven.is_some();
        let Some(proven) = proven.filter(|_| !suspended) else {
            break;
        };
        let new = NewLogin {
            asked: &asked,
            expires_at: app.login_ends(),
            client: from.as_deref(),
            user_agent: agent
                .and_then(|agent| agent.to_str().ok())
                .map(|agent| service::beginning(agent, AGENT_CHARS)),
            checked: &proven.phc,
            rehashed: proven.rehashed.as_deref(),
        };
        if let Some(login) = app.db.login(&proven.who, &new).await? {
            return Ok(Json(app.tokens(&login)));
        }
    }
    write_down(&app, asked, failure, email);
    Err(refused(is_suspended))
}

/// The one answer to every failure; and the one to whoever has the right password of an account in a suspended tenant.
fn refused(is_suspended: bool) -> Error {
    match is_suspended {
        true => Error::Forbidden(
            "tenant_suspended",
            "Email and password are right, but your tenant is suspended. Ask whoever runs this service.",
        ),
        false => Error::unauthorized("invalid_credentials", "Email, password or tenant is wrong."),
    }
}

/// The address as it was typed, if it is spelt otherwise than addresses are here, and as earlier releases stored it: people who
/// came from a service to which capital letters mattered may have one that differs from another's in nothing else.
fn other_spellings(typed: &str, email: &str) -> [Option<String>; 2] {
    let is_other = typed != email && !typed.contains('\0') && typed.chars().count() <= 254;
    let typed_so = is_other.then(|| typed.to_owned());
    [typed_so, service::email_as_before(typed)]
}

/// The account that is meant: whose address is exactly what was typed, else the usual spelling's, else that of earlier releases.
/// Each is looked for, whatever was found before: how long it takes must not tell whose address there is.
async fn find(
    app: &App,
    slug: Option<&str>,
    page: Option<&str>,
    (email, [typed, before]): (&str, &[Option<String>; 2]),
    whose: Whose,
) -> Result<Candidate> {
    let mut candidate = app.db.find_login(slug, page, email, whose).await?;
    if let Some(before) = before {
        let found = app.db.find_login(slug, page, before, whose).await?;
        if use_of(&found) > use_of(&candidate) {
            candidate = found;
        }
    }
    if let Some(typed) = typed {
        let found = app.db.find_login(slug, page, typed, whose).await?;
        if use_of(&found) >= use_of(&candidate) && !found.stored.is_empty() {
            candidate = found;
        }
    }
    Ok(candidate)
}

/// Of what use an account is: there is none, nobody comes in with it, or somebody may.
fn use_of(candidate: &Candidate) -> u8 {
    match (candidate.stored.is_empty(), candidate.is_suspended) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

/// Refuses a page that the named tenant does not allow; likewise where there is no such tenant.
fn check_page(candidate: &Candidate, page: &str) -> Result<()> {
    let allowed = candidate.allowed_origins.iter().flatten();
    match allowed.into_iter().any(|origin| origin == page) {
        true => Ok(()),
        false => Err(Error::origin_not_allowed()),
    }
}

/// A password that was right.
struct Proven {
    who: Authenticated,
    /// The hash that it was checked against.
    phc: SecretString,
    /// The same password hashed anew, if what is stored was made otherwise.
    rehashed: Option<String>,
}

/// What is written down of one that was not: in the log of the tenant that was named, or of those with such an account.
#[derive(Default)]
struct Failure {
    tenants: Vec<Uuid>,
    unusable: Vec<(Uuid, Uuid)>,
}

/// Checks a password; that of an account that there is not takes as long.
async fn prove(
    app: &App,
    password: &SecretString,
    candidate: Candidate,
) -> Result<(Option<Proven>, Failure)> {
    let turn = Turn::Login(candidate.tenant_id);
    let attempt = Attempt {
        stored: candidate.stored.clone(),
        tries: candidate.tries,
        bcrypt_cost: candidate.bcrypt_cost,
    };
    let checked = app.hasher.check(password.clone(), attempt, turn).await?;
    let of_accounts = candidate.stored.iter().map(|stored| stored.tenant_id);
    let failure = Failure {
        tenants: match candidate.tenant_id {
            Some(named) => vec![named],
            // Where several have the address, only one is told: others may have made their copy of it to learn of its owner.
            None => of_accounts.take(1).collect(),
        },
        unusable: checked.unusable,
    };
    // Whose password is the same in two tenants says which one is meant, by its page or its slug.
    let who = match checked.matching[..] {
        [one] => Some(one),
        ref several => several
            .iter()
            .find(|who| Some(who.tenant_id()) == candidate.preferred)
            .copied(),
    };
    let its = |who: &Authenticated| {
        let mut stored = candidate.stored.iter();
        let its = stored.find(|stored| stored.tenant_id == who.tenant_id());
        its.map(|stored| (*who, stored.phc.clone()))
    };
    let Some((who, phc)) = who.as_ref().and_then(its) else {
        return Ok((None, failure));
    };
    let rehashed = match who.needs_rehash() {
        true => app.hasher.rehash(password.clone(), turn).await?,
        false => None,
    };
    let proven = Proven { who, phc, rehashed };
    Ok((Some(proven), failure))
}

/// Writes down a login that failed: beside the answer, not before it, since how long that takes depends on what there is to write
/// (OWASP ASVS 5.0, 6.3.8).
fn write_down(app: &App, asked: Asked, failure: Failure, email: String) {
    let db = app.db.clone();
    let written = async move {
        let Failure { tenants, unusable } = failure;
        let written = db.audit_failed_login(&asked, &tenants, &email, &unusable);
        if let Err(e) = written.await {
            tracing::error!(
                error = service::told(&e),
                "a failed login is not in the audit log"
            );
        }
    };
    app.tasks.spawn(written.in_current_span());
}
