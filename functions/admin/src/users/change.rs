//! `PATCH /admin/users/{id}`: what a user may do, its name, another password.

use super::{check_password, check_rank, lock, own_account};
use axum::extract::State;
use db::{Role, User, UserChange};
use secrecy::SecretString;
use serde::Deserialize;
use service::{check_full_name, group_faults};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Administrator, App, Error, IfMatch, Json, Path, Result, Tagged};

/// What to set; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateUserRequest)]
pub(crate) struct ChangeUser {
    /// The user's name, at most 200 characters.
    #[schema(max_length = 200, example = "Grace Hopper")]
    full_name: Option<String>,
    /// What the user may do.
    role: Option<Role>,
    /// Whether the user may log in. `false` ends all its logins.
    is_active: Option<bool>,
    /// The groups that the user is in, up to 50 names of 1 to 64 characters each; the list is replaced as a whole. Documents can
    /// be limited to groups; what is searched and asked from then on heeds it.
    #[schema(max_items = 50, example = json!([]))]
    groups: Option<Vec<String>>,
    /// Another password. It ends all logins of the user.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128)]
    password: Option<SecretString>,
    /// Whether the user may manage tenants. Superusers only, and alone in its request.
    is_superuser: Option<bool>,
}

impl ChangeUser {
    fn has_more_than_superuser(&self) -> bool {
        self.full_name.is_some()
            || self.role.is_some()
            || self.is_active.is_some()
            || self.password.is_some()
            || self.groups.is_some()
    }

    /// Confirms that nothing here takes away the caller's own rights.
    fn check_own(&self) -> Result<()> {
        if self.password.is_some() {
            return Err(own_account(
                "Change its password with POST /login/password.",
            ));
        }
        if self.role == Some(Role::Member) || self.is_active == Some(false) {
            return Err(own_account("Another administrator can do this."));
        }
        Ok(())
    }
}

/// Changes what is given of a user of the caller's tenant.
///
/// Deactivation and another password end all of its logins: refresh tokens at once, access tokens within 5 seconds. Nobody
/// can demote or deactivate themselves or set their own password here; only superusers can change a superuser.
#[utoipa::path(patch, path = "/admin/users/{id}", operation_id = "updateUser", tag = "admin", params(("id" = Uuid, Path), IfMatch), request_body = ChangeUser,
    responses(
        (status = 200, body = User), (status = 403),
        (status = 409, description = "`own_account`; `not_joined`: who is only invited cannot become a superuser."),
        (status = 429, description = "`too_many_requests`: more than 30 passwords in a minute."),
    )
)]
pub(crate) async fn change(
    State(app): State<App>,
    by: Administrator,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(asked): Json<ChangeUser>,
) -> Result<Tagged<User>> {
    asked.full_name.as_deref().map_or(Ok(()), check_full_name)?;
    let groups = asked.groups.as_deref().unwrap_or_default();
    service::Error::if_any(group_faults("groups", groups))?;
    if let Some(value) = asked.is_superuser {
        if asked.has_more_than_superuser() {
            let message = "must be alone in its request: send the other fields in another one";
            return Err(Error::field("is_superuser", message));
        }
        return set_superuser(&app, &by, id, value, &seen).await.map(Tagged);
    }
    if id == by.caller.user_id() {
        asked.check_own()?;
    }
    let password_hash = match asked.password {
        Some(password) => Some(hash(&app, &by, id, password).await?),
        None => None,
    };
    let change = UserChange {
        full_name: asked.full_name,
        role: asked.role,
        is_active: asked.is_active,
        groups: asked.groups,
        password_hash,
    };
    let mut tx = app.db.admin(&by.admin).await?;
    let before = lock(&mut tx, &by, id).await?;
    seen.check(&before)?;
    let user = tx.change_user(&before, &change, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Tagged(user))
}

/// Another password of a user, hashed. No connection is held meanwhile.
async fn hash(
    app: &App,
    by: &Administrator,
    id: Uuid,
    password: SecretString,
) -> Result<SecretString> {
    let user = app.db.admin(&by.admin).await?.user(id).await?;
    let user = user.ok_or(Error::NotFound)?;
    check_rank(by, &user)?;
    check_password(app, by, (&user.email, &user.full_name), &password)?;
    super::hash(app, by, password).await
}

/// No administrator of a tenant can write that column, so it is a superuser's transaction.
async fn set_superuser(
    app: &App,
    by: &Administrator,
    id: Uuid,
    value: bool,
    seen: &IfMatch,
) -> Result<User> {
    let superuser = by.superuser.as_ref().ok_or_else(Error::forbidden)?;
    if id == by.caller.user_id() {
        return Err(own_account("Another superuser can do this."));
    }
    let user = app.db.admin(&by.admin).await?.user(id).await?;
    let user = user.ok_or(Error::NotFound)?;
    seen.check(&user)?;
    if user.is_superuser == value {
        return Ok(user);
    }
    if user.is_invited {
        return Err(Error::Conflict(
            "not_joined",
            "This user has not accepted its invitation yet. Try again when it has.".into(),
        ));
    }
    let mut tx = app.db.platform(superuser).await?;
    if !tx.set_superuser(by.admin.tenant_id(), id, value).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    let user = app.db.admin(&by.admin).await?.user(id).await?;
    user.ok_or(Error::NotFound)
}
