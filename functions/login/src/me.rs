//! `/login/me`: who the token's bearer is.

use axum::extract::State;
use chrono::{DateTime, Utc};
use db::Caller;
use serde::{Deserialize, Serialize};
use service::{CurrentTenant, CurrentUser, check_full_name};
use utoipa::ToSchema;
use web::{App, Error, IfMatch, Json, Own, Result, Tagged, Versioned};

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user: CurrentUser,
    /// The user's tenant; or the one that a superuser has assumed.
    tenant: CurrentTenant,
    /// Whether the user is a superuser who has assumed the tenant.
    has_assumed: bool,
    /// Whether the tenant's administrators see questions that got no good answer, and what was said of that answer; who asked
    /// they do not see.
    share_unanswered: bool,
    /// Whether the tenant's administrators may read conversations that begin now; whose they are they do not see.
    share_conversations: bool,
    /// When the access token expires.
    expires_at: DateTime<Utc>,
}

/// Of all that, only the user can be changed here.
impl Versioned for Me {
    const PASSING: &'static [&'static str] = &[
        "tenant",
        "has_assumed",
        "share_unanswered",
        "share_conversations",
        "expires_at",
    ];
}

/// The caller: user, role, tenant, and when the token expires. At most five seconds old.
#[utoipa::path(get, path = "/login/me", operation_id = "getMe", tag = "login", responses((status = 200, body = Me)))]
pub(crate) async fn me(caller: Caller) -> Tagged<Me> {
    Tagged(Me::of(&caller))
}

/// What the caller sets of itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateMeRequest)]
pub(crate) struct ChangeMe {
    /// Its name, at most 200 characters.
    #[schema(max_length = 200, example = "Ada Lovelace")]
    full_name: String,
}

/// Changes the caller's name. The email stays an administrator's matter: it is what the caller logs in with, and nobody
/// has confirmed that another one is the caller's.
#[utoipa::path(patch, path = "/login/me", operation_id = "updateMe", tag = "login", params(IfMatch), request_body = ChangeMe, responses(
    (status = 200, body = Me), (status = 429),
))]
pub(crate) async fn change(
    State(app): State<App>,
    Own(caller): Own,
    seen: IfMatch,
    Json(asked): Json<ChangeMe>,
) -> Result<Tagged<Me>> {
    check_full_name(&asked.full_name)?;
    app.count_rename(&caller).await?;
    let mut tx = app.db.tenant(&caller).await?;
    let name = tx.own_name(&caller).await?;
    let name = name.ok_or_else(Error::invalid_token)?;
    let mut now = Me::of(&caller);
    now.user.full_name.clone_from(&name);
    if let Err(changed) = seen.check(&now) {
        drop(tx);
        // What is read next must be what there is, and not what is remembered.
        app.db.reread(&caller, app.clock.now()).await?;
        return Err(changed);
    }
    tx.rename(&caller, &name, &asked.full_name).await?;
    tx.commit().await?;
    let caller = app.db.reread(&caller, app.clock.now()).await?;
    let caller = caller.ok_or_else(Error::invalid_token)?;
    Ok(Tagged(Me::of(&caller)))
}

impl Me {
    fn of(caller: &Caller) -> Self {
        let account = caller.account();
        Self {
            user: CurrentUser::of(account),
            tenant: CurrentTenant {
                id: account.tenant.id,
                slug: account.tenant.slug.clone(),
                name: account.tenant.name.clone(),
            },
            has_assumed: caller.has_assumed(),
            share_unanswered: account.tenant.share_unanswered,
            share_conversations: account.tenant.share_conversations,
            expires_at: DateTime::from_timestamp(caller.expires_at(), 0).unwrap_or_default(),
        }
    }
}
