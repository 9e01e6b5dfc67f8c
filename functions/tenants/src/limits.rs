//! `/tenants/{tenant_id}/limits`: what a tenant and its users may ask and spend.

use axum::extract::State;
use db::{LimitState, Limits, Tenant};
use serde::{Deserialize, Serialize};
use service::Object;
use utoipa::ToSchema;
use web::{App, Error, IfMatch, Json, LimitLeft, Result, Tagged, TenantAt, Versioned};

/// What a tenant and its users may ask and spend.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantLimits)]
pub(crate) struct LimitsOutput {
    /// What is said of the tenant as a whole, by the operator.
    tenant: Limits,
    /// What is said of each of its users, by its administrators. A user may have limits of its own.
    users: Limits,
    /// What holds of the tenant as a whole, with what the deployment says.
    tenant_total: Limits,
    /// What holds of a user of whom nothing else is said.
    each_user: Limits,
    /// Where the tenant is with its limits to tokens and money; to a superuser who has not assumed it nothing is said.
    left: Vec<LimitLeft>,
}

/// They are no others for what was spent, or for what the deployment says.
impl Versioned for LimitsOutput {
    const PASSING: &'static [&'static str] = &["tenant_total", "each_user", "left"];
}

impl LimitsOutput {
    fn of(app: &App, tenant: &Tenant, left: &[LimitState]) -> Self {
        let usual = &app.config.limits;
        Self {
            tenant: tenant.limits,
            users: tenant.user_limits,
            tenant_total: tenant.limits.or(usual.tenant),
            each_user: tenant.user_limits.or(usual.user),
            left: left.iter().map(LimitLeft::of).collect(),
        }
    }
}

/// What to set: each is replaced as a whole, and stays as it is where it is absent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetTenantLimits)]
pub(crate) struct LimitsInput {
    /// Of the tenant as a whole; superusers only.
    #[schema(value_type = Option<Limits>)]
    tenant: Option<Object<Limits>>,
    /// Of each of its users; its administrators only.
    #[schema(value_type = Option<Limits>)]
    users: Option<Object<Limits>>,
}

impl LimitsInput {
    fn check(&self) -> Result<()> {
        let all = [("tenant.", &self.tenant), ("users.", &self.users)];
        let given = all
            .into_iter()
            .filter_map(|(at, limits)| Some((at, &limits.as_ref()?.0)));
        let faults = given.flat_map(|(at, limits)| service::limit_faults(at, limits));
        Ok(service::Error::if_any(faults.collect())?)
    }
}

/// What the tenant and its users may ask and spend, and what is left of it.
#[utoipa::path(get, path = "/tenants/{tenant_id}/limits", operation_id = "getTenantLimits", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current")),
    responses((status = 200, body = LimitsOutput), (status = 403))
)]
pub(crate) async fn show(State(app): State<App>, at: TenantAt) -> Result<Tagged<LimitsOutput>> {
    let (tenant, left) = match (&at.superuser, at.admin()) {
        (_, Ok(admin)) => {
            let mut tx = app.db.admin(admin).await?;
            let tenant = tx.tenant().await?;
            let states = tx.limit_states(&[app.limits_of_tenant(&tenant)]).await?;
            tx.commit().await?;
            (tenant, states)
        }
        (Some(superuser), _) => {
            let mut tx = app.db.platform(superuser).await?;
            let tenant = tx.tenant(at.tenant_id).await?.ok_or(Error::NotFound)?;
            (tenant, Vec::new())
        }
        (None, Err(e)) => return Err(e),
    };
    Ok(Tagged(LimitsOutput::of(&app, &tenant, &left)))
}

/// Sets what the tenant as a whole may ask and spend (superusers), or each of its users (its administrators). It counts within
/// 5 seconds; what is spent by then is not taken back.
#[utoipa::path(put, path = "/tenants/{tenant_id}/limits", operation_id = "setTenantLimits", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), IfMatch),
    request_body(content = LimitsInput, example = json!({ "users": { "requests_per_minute": 30, "tokens_per_day": 100_000 } })),
    responses((status = 200, body = LimitsOutput), (status = 403))
)]
pub(crate) async fn set(
    State(app): State<App>,
    at: TenantAt,
    seen: IfMatch,
    Json(asked): Json<LimitsInput>,
) -> Result<Tagged<LimitsOutput>> {
    asked.check()?;
    // All of it may be done, or nothing is.
    if asked.users.is_some() {
        at.admin()?;
    }
    if let Some(Object(limits)) = &asked.tenant {
        let superuser = at.superuser.as_ref().ok_or_else(Error::forbidden)?;
        let mut tx = app.db.platform(superuser).await?;
        let tenant = tx.tenant_for_update(at.tenant_id).await?;
        let tenant = tenant.ok_or(Error::NotFound)?;
        seen.check(&LimitsOutput::of(&app, &tenant, &[]))?;
        tx.set_tenant_limits(at.tenant_id, limits).await?;
        tx.commit().await?;
    }
    if let Some(Object(limits)) = &asked.users {
        let mut tx = app.db.admin(at.admin()?).await?;
        let tenant = tx.tenant_for_update().await?;
        // What was just set of the tenant as a whole is a change of this same request.
        if asked.tenant.is_none() {
            seen.check(&LimitsOutput::of(&app, &tenant, &[]))?;
        }
        tx.set_user_limits(limits).await?;
        tx.commit().await?;
    }
    show(State(app), at).await
}
