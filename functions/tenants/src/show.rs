//! `GET /tenants/{tenant_id}`: one tenant.

use crate::output::TenantOutput;
use axum::extract::State;
use web::{App, Error, Json, Result, TenantAt};

/// A tenant and its settings: for its administrators and for superusers. `current` is the caller's own.
#[utoipa::path(get, path = "/tenants/{tenant_id}", operation_id = "getTenant", tag = "tenants", params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current")), responses(
    (status = 200, body = TenantOutput), (status = 403),
))]
pub(crate) async fn show(State(app): State<App>, at: TenantAt) -> Result<Json<TenantOutput>> {
    let tenant = match &at.superuser {
        Some(superuser) => {
            app.db
                .platform(superuser)
                .await?
                .tenant(at.tenant_id)
                .await?
        }
        None => Some(app.db.admin(at.admin()?).await?.tenant().await?),
    };
    tenant
        .map(|tenant| Json(TenantOutput::of(&app, tenant)))
        .ok_or(Error::NotFound)
}
