//! `GET /tenants/{tenant_id}`: one tenant.

use crate::output::TenantOutput;
use axum::extract::State;
use web::{App, Error, Result, Tagged, TenantAt};

/// A tenant and its settings: for its administrators and for superusers. `current` is the caller's own.
#[utoipa::path(get, path = "/tenants/{tenant_id}", operation_id = "getTenant", tag = "tenants", params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current")), responses(
    (status = 200, body = TenantOutput), (status = 403),
))]
pub(crate) async fn show(State(app): State<App>, at: TenantAt) -> Result<Tagged<TenantOutput>> {
    let Some(superuser) = &at.superuser else {
        let mut tx = app.db.admin(at.admin()?).await?;
        let tenant = tx.tenant().await?;
        let states = tx.limit_states(&[app.limits_of_tenant(&tenant)]).await?;
        tx.commit().await?;
        return Ok(Tagged(TenantOutput::of(&app, tenant).warned(&states)));
    };
    let mut tx = app.db.platform(superuser).await?;
    let tenant = tx.tenant(at.tenant_id).await?.ok_or(Error::NotFound)?;
    Ok(Tagged(TenantOutput::of(&app, tenant)))
}
