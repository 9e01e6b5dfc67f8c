//! `POST /login/password`: another password.

use axum::{extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use tenant_auth::{Attempt, PasswordOwner, Turn};
use utoipa::ToSchema;
use web::{App, Error, Json, Own, Result};

/// The password as it is, and as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePasswordRequest)]
pub(crate) struct ChangePassword {
    /// The present password: a token alone, such as one left open on a desk, is not enough.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    current_password: SecretString,
    /// The new one: 15 to 128 characters, if the deployment does not ask for another number.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "seven green bicycles")]
    new_password: SecretString,
}

/// Changes the caller's password and ends its other logins.
#[utoipa::path(post, path = "/login/password", operation_id = "changePassword", tag = "login", request_body = ChangePassword, responses(
    (status = 204), (status = 429),
))]
pub(crate) async fn change(
    State(app): State<App>,
    Own(caller): Own,
    Json(asked): Json<ChangePassword>,
) -> Result<StatusCode> {
    let new = asked.new_password;
    let account = caller.account();
    let owner = PasswordOwner {
        email: &account.email,
        name: &account.full_name,
        tenant_slug: &account.tenant.slug,
        tenant_name: &account.tenant.name,
    };
    app.check_new_password("new_password", &new, &owner)?;
    app.count_password(&caller).await?;
    let mut tx = app.db.tenant(&caller).await?;
    let old = tx.stored_password(&caller).await?;
    // No connection is held while a password is hashed.
    drop(tx);
    let old = old.ok_or_else(Error::invalid_token)?;
    let turn = Turn::Other(Some(caller.tenant_id()));
    let attempt = Attempt::at(old.clone());
    let checked = app.hasher.check(asked.current_password, attempt, turn);
    if checked.await?.matching.is_empty() {
        return Err(wrong());
    }
    let hash = app.hasher.hash(new, turn).await?.into();
    let mut tx = app.db.tenant(&caller).await?;
    if !tx
        .change_password(&caller, &old, &hash, app.clock.now())
        .await?
    {
        return Err(wrong());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wrong() -> Error {
    Error::field("current_password", "is not your password")
}
