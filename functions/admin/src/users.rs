//! `/admin/users`: the people of a tenant.

use axum::{extract::State, http::StatusCode};
use db::{NewUser, Role, TenantAdmin, User};
use secrecy::SecretString;
use serde::Deserialize;
use tenant_auth::PasswordOwner;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Listing, PageQuery, Path, Query, Result};

/// A user to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    /// The address to log in with; unique in the tenant.
    email: String,
    /// The first password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// The user's name.
    #[serde(default)]
    full_name: String,
    /// What the user may do; `member` if absent.
    role: Option<Role>,
}

/// Creates a user in the caller's tenant.
#[utoipa::path(post, path = "/admin/users", tag = "admin",
    request_body = CreateUser,
    responses((status = 201, body = User), (status = 403), (status = 409, description = "`email_taken`"), (status = 422))
)]
pub(crate) async fn create(
    State(app): State<App>,
    admin: TenantAdmin,
    Json(asked): Json<CreateUser>,
) -> Result<(StatusCode, Json<User>)> {
    let email =
        web::email(&asked.email).ok_or_else(|| Error::field("email", "is not an email address"))?;
    if asked.full_name.chars().count() > 200 {
        return Err(Error::field("full_name", "must be at most 200 characters"));
    }
    let tenant = app.db.admin(&admin).await?.tenant().await?;
    let owner = PasswordOwner {
        email: &email,
        name: &asked.full_name,
        tenant_slug: &tenant.slug,
        tenant_name: &tenant.name,
    };
    app.check_new_password("password", &asked.password, &owner)?;
    let hash = app.hasher.hash(asked.password).await?;
    let new = NewUser {
        email,
        full_name: asked.full_name,
        password_hash: hash.into(),
        role: asked.role.unwrap_or(Role::Member),
    };
    let mut tx = app.db.admin(&admin).await?;
    let user =
        tx.create_user(&new)
            .await
            .map_err(|e| match e.is_constraint("users_email_key") {
                true => Error::Conflict(
                    "email_taken",
                    "This tenant has a user with this email.".into(),
                ),
                false => e.into(),
            })?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// The users of the caller's tenant, newest first.
#[utoipa::path(get, path = "/admin/users", tag = "admin", params(PageQuery), responses(
    (status = 200, body = Listing<User>), (status = 403), (status = 422),
))]
pub(crate) async fn list(
    State(app): State<App>,
    admin: TenantAdmin,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<User>>> {
    let page = page.of(&app, admin.tenant_id(), "users")?;
    let users = app.db.admin(&admin).await?.users(page.of).await?;
    Ok(Json(page.listing(users, |user| user.id)))
}

/// One user of the caller's tenant.
#[utoipa::path(get, path = "/admin/users/{id}", tag = "admin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = User), (status = 403), (status = 404))
)]
pub(crate) async fn show(
    State(app): State<App>,
    admin: TenantAdmin,
    Path(id): Path<Uuid>,
) -> Result<Json<User>> {
    let user = app.db.admin(&admin).await?.user(id).await?;
    user.map(Json).ok_or(Error::NotFound)
}
