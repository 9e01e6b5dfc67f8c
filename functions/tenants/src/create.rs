//! `POST /tenants`: a new tenant.

use crate::{
    input::{TenantInput, is_slug},
    output::TenantOutput,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use db::{NewTenant, Superuser, TenantStatus};
use web::{App, Error, Json, Repeatable, Result};

/// Creates a tenant. `slug` and `name` are required; every other setting has a default. An index can be named when the
/// tenant has a Pinecone key of its own.
#[utoipa::path(post, path = "/tenants", operation_id = "createTenant", tag = "tenants", params(web::IdempotencyKey),
    request_body(content = TenantInput, example = json!({ "slug": "acme", "name": "Acme", "allowed_origins": ["https://www.acme.example"] })),
    responses(
    (status = 201, body = TenantOutput), (status = 403), (status = 409, description = "`slug_taken`: choose another one."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    superuser: Superuser,
    headers: HeaderMap,
    Repeatable { key, mut asked }: Repeatable<TenantInput>,
) -> Result<(StatusCode, Json<TenantOutput>)> {
    asked.check(&app, &headers)?;
    asked.check_without_own_key()?;
    app.check_chosen(&asked.chosen())?;
    let slug = asked
        .slug
        .take()
        .ok_or_else(|| Error::field("slug", "is missing"))?;
    if !is_slug(&slug) {
        return Err(Error::field(
            "slug",
            "must be 1 to 63 of a-z, 0-9 and -, not starting or ending with -",
        ));
    }
    let name = asked
        .name
        .take()
        .ok_or_else(|| Error::field("name", "is missing"))?;

    let status = asked.status.unwrap_or(TenantStatus::Active);
    let new = NewTenant {
        slug,
        name,
        status,
        system_prompt: asked.system_prompt.take().unwrap_or_default(),
    };
    let mut tx = app.db.platform(&superuser).await?;
    asked.together().check(tx.has_vectors().await?)?;
    let created = tx.create_tenant(&new, key.named().as_ref()).await;
    let admin = created.map_err(|e| match e.is_constraint("tenants_slug_key") {
        true => Error::Conflict(
            "slug_taken",
            "There is a tenant with this slug. Choose another one.".into(),
        ),
        false => e.into(),
    })?;
    let admin = admin.ok_or(Error::KeyReused)?;

    let mut tx = app.db.admin(&admin).await?;
    let mut tenant = tx.tenant_for_update().await?;
    // Its own, for this half: the process may have died between the two.
    if key.claim(&mut tx, tenant.id).await?.is_none() {
        let (before, sends_origins) = (tenant.clone(), asked.sends_origins());
        asked.apply(&app, &mut tenant);
        tx.save_tenant(&before, &mut tenant, sends_origins).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(TenantOutput::of(&app, tenant))))
}
