//! `POST /login/invitation`: a first password.

use axum::{extract::State, http::StatusCode};
use db::{Acceptance, Asked};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use service::check_full_name;
use tenant_auth::{PasswordOwner, Turn};
use utoipa::ToSchema;
use web::{App, ClientIp, Json, Result};

/// An invitation, and what the invited user makes of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptInvitationRequest)]
pub(crate) struct Accept {
    /// As the invitation gave it.
    #[schema(value_type = String, format = Password, example = "the token of the invitation")]
    token: SecretString,
    /// The password to log in with from now on: 15 to 128 characters, if the deployment does not ask for another number.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "seven green bicycles")]
    password: SecretString,
    /// The user's name, at most 200 characters; as the invitation has it if absent.
    #[schema(max_length = 200, example = "Ada Lovelace")]
    full_name: Option<String>,
}

/// Sets the first password of an invited user, who can log in with it then. An invitation works once; a password that is
/// refused does not spend it.
#[utoipa::path(post, path = "/login/invitation", operation_id = "acceptInvitation", tag = "login", security(()), request_body = Accept, responses(
    (status = 204),
    (status = 401, description = "`invalid_invitation`: forged, used, replaced or expired, or its user or tenant is not active."),
    (status = 429),
))]
pub(crate) async fn accept(
    State(app): State<App>,
    client: ClientIp,
    asked: Asked,
    Json(sent): Json<Accept>,
) -> Result<StatusCode> {
    let full_name = sent.full_name.as_deref();
    full_name.map_or(Ok(()), check_full_name)?;
    app.count_invitation(client.0).await?;
    let claim = app.invitation_claim(sent.token.expose_secret());
    let claim = claim.ok_or(INVALID)?;
    let invited = app.db.invited(&claim, asked.at).await?;
    let invited = invited.ok_or(INVALID)?;
    let name = full_name.unwrap_or(&invited.full_name);
    let owner = PasswordOwner {
        email: &invited.email,
        name,
        tenant_slug: &invited.tenant_slug,
        tenant_name: &invited.tenant_name,
    };
    app.check_new_password("password", &sent.password, &owner)?;
    let turn = Turn::Other(Some(claim.tenant_id()));
    let acceptance = Acceptance {
        asked: &asked,
        password_hash: &app.hasher.hash(sent.password, turn).await?.into(),
        full_name,
    };
    match app.db.accept(&claim, &acceptance).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(INVALID.into()),
    }
}

const INVALID: service::Error = service::Error::Unauthorized(
    "invalid_invitation",
    "This invitation cannot be accepted, or not any more. Ask for another one.",
);
