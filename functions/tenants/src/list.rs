//! `GET /tenants`: which tenants there are.

use crate::output::TenantOutput;
use axum::extract::State;
use db::Superuser;
use uuid::Uuid;
use web::{App, Json, Listing, PageQuery, Query, Result};

/// All tenants, newest first.
#[utoipa::path(get, path = "/tenants", operation_id = "listTenants", tag = "tenants", params(PageQuery), responses(
    (status = 200, body = Listing<TenantOutput>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    superuser: Superuser,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<TenantOutput>>> {
    let page = page.of(&app, Uuid::nil(), "tenants")?;
    let rows = app.db.platform(&superuser).await?.tenants(page.of).await?;
    let listing = page.listing(rows, |tenant| tenant.id);
    Ok(Json(Listing {
        items: (listing.items.into_iter())
            .map(|tenant| TenantOutput::of(&app, tenant))
            .collect(),
        next_cursor: listing.next_cursor,
    }))
}
