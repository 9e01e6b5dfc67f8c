//! `/admin/api-keys`: with which servers act in a tenant.

pub(crate) mod create;

use axum::{extract::State, http::StatusCode};
use db::{ApiKey, TenantAdmin};
use uuid::Uuid;
use web::{App, Error, Json, Listing, PageQuery, Path, Query, Result};

/// The tenant's API keys that were not revoked, newest first; those that have expired are among them. The keys themselves
/// nobody can show.
#[utoipa::path(get, path = "/admin/api-keys", operation_id = "listApiKeys", tag = "admin", params(PageQuery), responses(
    (status = 200, body = Listing<ApiKey>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    admin: TenantAdmin,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<ApiKey>>> {
    let page = page.of(&app, admin.tenant_id(), "api keys")?;
    let keys = app.db.admin(&admin).await?.api_keys(page.of).await?;
    Ok(Json(page.listing(keys, |key| key.id)))
}

/// One of the tenant's API keys.
#[utoipa::path(get, path = "/admin/api-keys/{id}", operation_id = "getApiKey", tag = "admin", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ApiKey), (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    admin: TenantAdmin,
    Path(id): Path<Uuid>,
) -> Result<Json<ApiKey>> {
    let key = app.db.admin(&admin).await?.api_key(id).await?;
    key.map(Json).ok_or(Error::NotFound)
}

/// Revokes an API key, for good: nobody can use it any more, at the latest 5 seconds later, and answers that are made for it
/// end. What was said with it stays as long as the tenant keeps conversations.
#[utoipa::path(delete, path = "/admin/api-keys/{id}", operation_id = "revokeApiKey", tag = "admin", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 403),
))]
pub(crate) async fn revoke(
    State(app): State<App>,
    admin: TenantAdmin,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(&admin).await?;
    if !tx.revoke_api_key(id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
