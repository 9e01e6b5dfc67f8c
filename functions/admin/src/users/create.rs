//! `POST /admin/users`: a user with a password.

use super::{check_password, email, email_taken, hash};
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, NewUser, Role, User};
use secrecy::SecretString;
use serde::Deserialize;
use service::check_full_name;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Administrator, App, Error, Json, Query, Repeatable, Result};

/// A user to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateUserRequest)]
pub(crate) struct CreateUser {
    /// The address to log in with; unique in the tenant.
    #[schema(max_length = 254, example = "grace@acme.example")]
    email: String,
    /// The first password: 15 to 128 characters, if the deployment does not ask for another number.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "seven green bicycles")]
    password: SecretString,
    /// The user's name.
    #[schema(max_length = 200, example = "Grace Hopper")]
    full_name: Option<String>,
    /// What the user may do; `member` if absent.
    role: Option<Role>,
}

/// Earlier releases took a tenant here. Who still names one must not get a user in another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// Creates a user in the caller's tenant, with a password that the caller has to hand over. `POST /admin/users/invite`
/// lets people choose their own.
#[utoipa::path(post, path = "/admin/users", operation_id = "createUser", tag = "admin", params(web::IdempotencyKey), request_body = CreateUser, responses(
    (status = 201, body = User), (status = 403), (status = 409, description = "`email_taken`: the tenant has a user with this email."),
    (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` created the user, who was deleted."),
    (status = 429, description = "`too_many_requests`: more than 30 passwords in a minute."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    by: Administrator,
    Query(NoQuery {}): Query<NoQuery>,
    Repeatable { key, asked }: Repeatable<CreateUser>,
) -> Result<(StatusCode, Json<User>)> {
    let email = email(&asked.email)?;
    let full_name = asked.full_name.unwrap_or_default();
    check_full_name(&full_name)?;
    check_password(&app, &by, (&email, &full_name), &asked.password)?;
    if let Some((tx, id)) = key.made_before(&app, &by.admin).await? {
        return created_before(tx, id).await;
    }
    let hash = hash(&app, &by, asked.password).await?;
    let new = NewUser {
        id: Uuid::now_v7(),
        email,
        full_name,
        password_hash: hash,
        role: asked.role.unwrap_or(Role::Member),
    };
    let mut tx = app.db.admin(&by.admin).await?;
    if let Some(id) = key.claim(&mut tx, new.id).await? {
        return created_before(tx, id).await;
    }
    let created = tx.create_user(&new).await;
    let user = created.map_err(|e| match e.is_constraint("users_email_key") {
        true => email_taken(),
        false => e.into(),
    })?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// The user that the same request has created before.
///
/// # Errors
/// 410: it was deleted.
async fn created_before(mut tx: AdminTx, id: Uuid) -> Result<(StatusCode, Json<User>)> {
    let user = tx.user(id).await?.ok_or(Error::ResultGone)?;
    Ok((StatusCode::CREATED, Json(user)))
}
