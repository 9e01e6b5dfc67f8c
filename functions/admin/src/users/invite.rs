//! `POST /admin/users/invite`: a user who chooses the password.

use super::{email, email_taken};
use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use db::{NewInvitation, Role, User};
use serde::{Deserialize, Serialize};
use service::check_full_name;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Administrator, App, Error, Json, Repeatable, Result};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InviteUserRequest)]
pub(crate) struct Invite {
    /// The address to log in with; unique in the tenant.
    #[schema(max_length = 254, example = "grace@acme.example")]
    email: String,
    /// The user's name, which it can still change. At most 200 characters.
    #[schema(max_length = 200, example = "Grace Hopper")]
    full_name: Option<String>,
    /// What the user may do; `member` if absent.
    role: Option<Role>,
    /// The page of your frontend that asks for the password, on an origin that the deployment or the tenant allows.
    page: Option<String>,
    /// For how long the invitation can be accepted, 1 to 336 hours.
    #[schema(default = 72, minimum = 1, maximum = 336)]
    expires_in_hours: Option<i64>,
}

/// An invitation, to be handed to whom it is for: whoever has the token can become that user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct Invited {
    /// The user; `is_invited` until the invitation is accepted.
    user: User,
    /// For `POST /login/invitation`. Shown again only to the same request with the same `Idempotency-Key`.
    token: String,
    /// The page with the token behind `#invitation=`, which browsers send to nobody; null if no page was named.
    link: Option<String>,
    /// When it is too late to accept.
    expires_at: DateTime<Utc>,
}

/// Invites somebody to the caller's tenant: creates a user without a password, and a token with which it sets the first
/// one. Nothing is sent: the caller hands over token or link.
///
/// Who is still invited can be invited again, also after deactivation: the earlier token ends, and what is given counts.
#[utoipa::path(post, path = "/admin/users/invite", operation_id = "inviteUser", tag = "admin", params(web::IdempotencyKey), request_body = Invite, responses(
    (status = 201, body = Invited), (status = 403),
    (status = 409, description = "`email_taken`: by somebody who has a password."),
    (status = 410, description = "`result_gone`: the invitation of an earlier request with this `Idempotency-Key` was accepted, replaced or ended."),
))]
pub(crate) async fn invite(
    State(app): State<App>,
    by: Administrator,
    Repeatable { key, asked }: Repeatable<Invite>,
) -> Result<(StatusCode, Json<Invited>)> {
    let email = email(&asked.email)?;
    asked.full_name.as_deref().map_or(Ok(()), check_full_name)?;
    let hours = asked.expires_in_hours.unwrap_or(72);
    if !(1..=336).contains(&hours) {
        return Err(Error::field("expires_in_hours", "must be from 1 to 336"));
    }
    let page = asked
        .page
        .map(|page| app.invitation_page(&by.caller, &page));
    let page = page.transpose()?;
    let now = app.clock.now();
    let new = NewInvitation {
        id: Uuid::now_v7(),
        email,
        full_name: asked.full_name,
        role: asked.role,
        now,
        expires_at: now + TimeDelta::hours(hours),
    };
    let mut tx = app.db.admin(&by.admin).await?;
    let invitation = match key.claim(&mut tx, new.id).await? {
        Some(id) => tx.invitation(id).await?.ok_or(Error::ResultGone)?,
        None => tx.invite(&new).await?.ok_or_else(email_taken)?,
    };
    tx.commit().await?;
    let token = app.invitation_token(&invitation);
    let link = page.map(|mut page| {
        // No client sends a fragment to a server, so no log has it (RFC 9110, section 7.1).
        page.set_fragment(Some(&format!("invitation={token}")));
        page.into()
    });
    let invited = Invited {
        user: invitation.user().clone(),
        token,
        link,
        expires_at: invitation.expires_at(),
    };
    Ok((StatusCode::CREATED, Json(invited)))
}
