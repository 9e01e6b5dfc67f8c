//! `PATCH /tenants/{tenant_id}`: a tenant's settings.

use crate::{
    input::{TenantInput, refused},
    knowledge::Together,
    output::TenantOutput,
    show::show,
};
use axum::{extract::State, http::HeaderMap};
use db::Tenant;
use service::Chosen;
use web::{App, Error, IfMatch, Json, Result, Tagged, TenantAt};

/// Changes what is given. A tenant's administrators may change all but `status`, which is for superusers; those must
/// assume the tenant for the rest (`assume_required`). `current` is the caller's own tenant.
#[utoipa::path(patch, path = "/tenants/{tenant_id}", operation_id = "updateTenant", tag = "tenants", params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), IfMatch),
    request_body = TenantInput,
    responses((status = 200, body = TenantOutput), (status = 403), (status = 409, description = "`origin_taken`: another tenant has it."))
)]
pub(crate) async fn edit(
    State(app): State<App>,
    at: TenantAt,
    headers: HeaderMap,
    seen: IfMatch,
    Json(asked): Json<TenantInput>,
) -> Result<Tagged<TenantOutput>> {
    asked.check(&app, &headers)?;
    if asked.slug.is_some() {
        return Err(Error::field(
            "slug",
            "cannot be changed: logins and links hold it",
        ));
    }
    // All of it may be done, or nothing is.
    if asked.has_settings() {
        at.admin()?;
    }
    if let Some(status) = asked.status {
        let superuser = at.superuser.as_ref().ok_or_else(Error::forbidden)?;
        let mut tx = app.db.platform(superuser).await?;
        let tenant = tx.tenant_for_update(at.tenant_id).await?;
        let tenant = tenant.ok_or(Error::NotFound)?;
        seen.check(&TenantOutput::of(&app, tenant.clone()))?;
        tx.set_status(&tenant, status).await?;
        tx.commit().await?;
    }
    if !asked.has_settings() {
        return show(State(app), at).await;
    }
    let mut tx = app.db.admin(at.admin()?).await?;
    let mut tenant = tx.tenant_for_update().await?;
    // A status that was just set is a change of this same request.
    if asked.status.is_none() {
        seen.check(&TenantOutput::of(&app, tenant.clone()))?;
    }
    let keys = tx.secrets().await?;
    if !keys.iter().any(|key| key.provider == "pinecone") {
        asked.check_without_own_key()?;
    }
    let (before, sends_origins) = (tenant.clone(), asked.sends_origins());
    asked.apply(&app, &mut tenant);
    Together::from(&tenant).check(tx.has_vectors().await?)?;
    let chosen = Chosen::from(&tenant);
    if chosen != Chosen::from(&before) {
        app.check_chosen(&chosen)?;
    }
    tx.save_tenant(&before, &mut tenant, sends_origins)
        .await
        .map_err(refused)?;
    if vectors_of(&tenant) != vectors_of(&before) {
        tx.reindex().await?;
    }
    tx.commit().await?;
    Ok(Tagged(TenantOutput::of(&app, tenant)))
}

/// Where vectors are and who makes them: of others, all have to be made anew.
fn vectors_of(tenant: &Tenant) -> impl PartialEq {
    (
        tenant.vectors,
        tenant.embedding_provider.clone(),
        tenant.embedding_model.clone(),
        tenant.pinecone_index.clone(),
        tenant.pinecone_host.clone(),
    )
}
