//! `/admin/users`: the people of a tenant.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod invite;
pub(crate) mod limits;
pub(crate) mod list;

use db::{AdminTx, Role, User};
use secrecy::SecretString;
use tenant_auth::{PasswordOwner, Turn};
use uuid::Uuid;
use web::{Administrator, App, Error, Result};

/// An address as it is compared.
///
/// # Errors
/// 422: it is none.
fn email(text: &str) -> Result<String> {
    service::email(text).ok_or_else(|| Error::field("email", "is not an email address"))
}

/// Confirms that `password` may be set for a user of the administrator's tenant.
///
/// # Errors
/// 422 with what to change.
fn check_password(
    app: &App,
    by: &Administrator,
    (email, name): (&str, &str),
    password: &SecretString,
) -> Result<()> {
    let tenant = &by.caller.account().tenant;
    let owner = PasswordOwner {
        email,
        name,
        tenant_slug: &tenant.slug,
        tenant_name: &tenant.name,
    };
    Ok(app.check_new_password("password", password, &owner)?)
}

/// Hashes a password that an administrator sets; so many a minute, and after those who log in.
///
/// # Errors
/// 429: too many.
async fn hash(app: &App, by: &Administrator, password: SecretString) -> Result<SecretString> {
    let tenant = by.admin.tenant_id();
    app.count_set_password(tenant).await?;
    let turn = Turn::Other(Some(tenant));
    Ok(app.hasher.hash(password, turn).await?.into())
}

fn email_taken() -> Error {
    Error::Conflict(
        "email_taken",
        "This tenant has a user with this email.".into(),
    )
}

/// Nobody takes away their own rights here, so that a tenant keeps an administrator.
fn own_account(what_to_do: &str) -> Error {
    Error::Conflict(
        "own_account",
        format!("This is your own account. {what_to_do}"),
    )
}

/// Locks a user for a change that `by` may make.
///
/// # Errors
/// 403: `by` is an administrator no more, or the user is a superuser and `by` is none; 404: there is no such user.
async fn lock(tx: &mut AdminTx, by: &Administrator, id: Uuid) -> Result<User> {
    let locked = tx.lock_user(id).await?;
    let may_still = match locked.actor {
        Some(actor) => actor.is_active && actor.role == Role::Admin,
        // A superuser who lives in another tenant.
        None => by.superuser.is_some(),
    };
    if !may_still {
        return Err(Error::forbidden());
    }
    let user = locked.user.ok_or(Error::NotFound)?;
    check_rank(by, &user)?;
    Ok(user)
}

/// Whoever could change a superuser could become one.
fn check_rank(by: &Administrator, user: &User) -> Result<()> {
    match user.is_superuser && by.superuser.is_none() {
        true => Err(Error::Forbidden(
            "forbidden",
            "This user is a superuser. Only a superuser can change or delete it.",
        )),
        false => Ok(()),
    }
}
