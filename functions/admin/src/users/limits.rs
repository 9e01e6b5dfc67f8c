//! `/admin/users/{id}/limits`: what one user may ask and spend.

use axum::extract::State;
use db::Limits;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Administrator, App, Error, IfMatch, Json, LimitLeft, Path, Result, Tagged, Versioned};

/// What one user may ask and spend.
#[derive(Serialize, ToSchema)]
#[schema(as = UserLimits)]
pub(crate) struct LimitsOutput {
    /// What is said of this user.
    limits: Limits,
    /// What holds of it, with what is said of all of the tenant's users.
    total: Limits,
    /// Where it is with its limits to tokens and money.
    left: Vec<LimitLeft>,
}

/// They are no others for what was spent, or for what is said of others.
impl Versioned for LimitsOutput {
    const PASSING: &'static [&'static str] = &["total", "left"];
}

/// What a user of the caller's tenant may ask and spend, and what is left of it.
#[utoipa::path(get, path = "/admin/users/{id}/limits", operation_id = "getUserLimits", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 200, body = LimitsOutput), (status = 403))
)]
pub(crate) async fn show(
    State(app): State<App>,
    by: Administrator,
    Path(id): Path<Uuid>,
) -> Result<Tagged<LimitsOutput>> {
    let mut tx = app.db.admin(&by.admin).await?;
    let limits = tx.limits_of_user(id).await?.ok_or(Error::NotFound)?;
    let tenant = tx.tenant().await?;
    let of = app.limits_of_user(&tenant, id, limits);
    let states = tx.limit_states(&[of]).await?;
    tx.commit().await?;
    Ok(Tagged(LimitsOutput {
        limits,
        total: of.limits,
        left: states.iter().map(LimitLeft::of).collect(),
    }))
}

/// Sets what a user of the caller's tenant may ask and spend, all of it: what is absent is as for the tenant's other users. It
/// counts within 5 seconds; what is spent by then is not taken back.
#[utoipa::path(put, path = "/admin/users/{id}/limits", operation_id = "setUserLimits", tag = "admin", params(("id" = Uuid, Path), IfMatch),
    request_body(content = Limits, example = json!({ "tokens_per_day": 100_000 })),
    responses((status = 200, body = LimitsOutput), (status = 403))
)]
pub(crate) async fn set(
    State(app): State<App>,
    by: Administrator,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(limits): Json<Limits>,
) -> Result<Tagged<LimitsOutput>> {
    service::Error::if_any(service::limit_faults("", &limits).collect())?;
    let mut tx = app.db.admin(&by.admin).await?;
    let before = tx.limits_of_user_for_update(id).await?;
    seen.check(&LimitsOutput {
        limits: before.ok_or(Error::NotFound)?,
        total: Limits::default(),
        left: Vec::new(),
    })?;
    tx.set_limits_of_user(id, &limits).await?;
    tx.commit().await?;
    show(State(app), by, Path(id)).await
}
