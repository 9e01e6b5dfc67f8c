//! `GET /login/me`: who the token's bearer is.

use chrono::{DateTime, Utc};
use db::{Caller, Role};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user: MeUser,
    /// The user's tenant; or the one that a superuser has assumed.
    tenant: MeTenant,
    /// Whether the user is a superuser who has assumed the tenant.
    has_assumed: bool,
    /// When the access token expires.
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct MeUser {
    id: Uuid,
    email: String,
    full_name: String,
    role: Role,
    is_superuser: bool,
}

#[derive(Serialize, ToSchema)]
struct MeTenant {
    id: Uuid,
    slug: String,
    name: String,
}

/// The caller: user, role, tenant, and when the token expires. At most five seconds old.
#[utoipa::path(get, path = "/login/me", tag = "login", responses((status = 200, body = Me), (status = 401)))]
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    let account = caller.account();
    Json(Me {
        user: MeUser {
            id: account.user_id,
            email: account.email.clone(),
            full_name: account.full_name.clone(),
            role: account.role,
            is_superuser: account.is_superuser,
        },
        tenant: MeTenant {
            id: account.tenant.id,
            slug: account.tenant.slug.clone(),
            name: account.tenant.name.clone(),
        },
        has_assumed: caller.has_assumed(),
        expires_at: DateTime::from_timestamp(caller.expires_at(), 0).unwrap_or_default(),
    })
}
