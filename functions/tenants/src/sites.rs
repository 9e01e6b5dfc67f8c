//! `/tenants/{tenant_id}/sites`: web pages whose visitors may ask without an account.

mod asked;

use asked::SiteInput;
use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::{AdminTx, Limits, Site, SiteChallenge, SiteIdentity};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    App, Error, IfMatch, Json, Listing, PageQuery, Path, Query, Repeatable, Result, Tagged,
    TenantAt, Versioned,
};

/// For how many days a visitor is kept who does not come back, if nobody says.
const RETENTION_DAYS: i32 = 30;
/// How many new visitors may come in a minute, if nobody says.
const VISITORS_PER_MINUTE: i32 = 300;

/// A site.
#[derive(Serialize, ToSchema)]
#[schema(as = Site)]
pub(crate) struct SiteOutput {
    /// Its id.
    id: Uuid,
    /// What its pages come in with, at `POST /login/visitor`. It is public.
    #[schema(example = "site_AYr6acsAAAAAAAAAAAAAAAAAAAAR...")]
    site_key: String,
    /// Its name, for people.
    #[schema(example = "The shop")]
    name: String,
    /// The origins of its pages; without one nobody comes in.
    #[schema(example = json!(["https://www.acme.example"]))]
    origins: Vec<String>,
    /// Whether visitors may come in and ask.
    is_on: bool,
    /// What all of its visitors may ask and spend together.
    limits: Limits,
    /// What each of its visitors may ask and spend.
    visitor_limits: Limits,
    /// For how many days a visitor, with what was said, is kept who does not come back.
    retention_days: i32,
    /// Whether visitors say who they are, by identity tokens.
    identity: SiteIdentity,
    /// How many new visitors who do not say who they are may come in a minute, from all networks together.
    visitors_per_minute: i32,
    /// Whether they do a little work first, by which very many would cost much.
    challenge: SiteChallenge,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl Versioned for SiteOutput {}

impl SiteOutput {
    fn of(app: &App, tenant: Uuid, site: Site) -> Self {
        Self {
            site_key: app.site_key(tenant, site.id),
            id: site.id,
            name: site.name,
            origins: site.origins,
            is_on: site.is_on,
            limits: site.limits,
            visitor_limits: site.visitor_limits,
            retention_days: site.retention_days,
            identity: site.identity,
            visitors_per_minute: site.visitors_per_minute,
            challenge: site.challenge,
            created_at: site.created_at,
            updated_at: site.updated_at,
        }
    }
}

/// The tenant's sites, newest first.
#[utoipa::path(get, path = "/tenants/{tenant_id}/sites", operation_id = "listSites", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), PageQuery),
    responses((status = 200, body = Listing<SiteOutput>), (status = 403))
)]
pub(crate) async fn list(
    State(app): State<App>,
    at: TenantAt,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<SiteOutput>>> {
    let page = page.of(&app, at.tenant_id, "sites")?;
    let sites = app.db.admin(at.admin()?).await?.sites(page.of).await?;
    let Listing { items, next_cursor } = page.listing(sites, |site| site.id);
    let items = items.into_iter();
    Ok(Json(Listing {
        items: items
            .map(|site| SiteOutput::of(&app, at.tenant_id, site))
            .collect(),
        next_cursor,
    }))
}

/// Makes a site: a web page, or several, whose visitors may ask without an account. It has a public key, with which its pages
/// let visitors in; nobody can come in from a page of another origin.
#[utoipa::path(post, path = "/tenants/{tenant_id}/sites", operation_id = "createSite", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), web::IdempotencyKey),
    request_body = SiteInput,
    responses((status = 201, body = SiteOutput), (status = 403),
        (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` made the site, which was deleted."))
)]
pub(crate) async fn create(
    State(app): State<App>,
    at: TenantAt,
    Repeatable { key, asked }: Repeatable<SiteInput>,
) -> Result<(StatusCode, Json<SiteOutput>)> {
    let mut tx = app.db.admin(at.admin()?).await?;
    asked.check(&app, &tx.tenant().await?)?;
    if asked.name.is_none() {
        return Err(Error::field("name", "is required"));
    }
    let now = app.clock.now();
    let mut site = Site {
        id: Uuid::now_v7(),
        name: String::new(),
        origins: Vec::new(),
        is_on: true,
        limits: Limits::default(),
        visitor_limits: Limits::default(),
        retention_days: RETENTION_DAYS,
        identity: SiteIdentity::Off,
        visitors_per_minute: VISITORS_PER_MINUTE,
        challenge: SiteChallenge::UnderLoad,
        created_at: now,
        updated_at: now,
    };
    match key.claim(&mut tx, site.id).await? {
        Some(made) => site = tx.site(made).await?.ok_or(Error::ResultGone)?,
        None => {
            asked.apply(&mut site);
            site = tx.create_site(&site).await?;
        }
    }
    tx.commit().await?;
    let site = SiteOutput::of(&app, at.tenant_id, site);
    Ok((StatusCode::CREATED, Json(site)))
}

/// One of the tenant's sites.
#[utoipa::path(get, path = "/tenants/{tenant_id}/sites/{id}", operation_id = "getSite", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path)),
    responses((status = 200, body = SiteOutput), (status = 403))
)]
pub(crate) async fn show(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Tagged<SiteOutput>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    let site = found(&mut tx, id).await?;
    Ok(Tagged(SiteOutput::of(&app, at.tenant_id, site)))
}

/// Changes a site. What it becomes counts within 5 seconds, also for visitors who are in.
#[utoipa::path(patch, path = "/tenants/{tenant_id}/sites/{id}", operation_id = "updateSite", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path), IfMatch),
    request_body = SiteInput,
    responses((status = 200, body = SiteOutput), (status = 403))
)]
pub(crate) async fn edit(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
    seen: IfMatch,
    Json(asked): Json<SiteInput>,
) -> Result<Tagged<SiteOutput>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    // Of two at once the second sees what the first has set, of the tenant's origins, too.
    let tenant = tx.tenant_for_update().await?;
    let mut site = found(&mut tx, id).await?;
    seen.check(&SiteOutput::of(&app, at.tenant_id, site.clone()))?;
    asked.check(&app, &tenant)?;
    asked.apply(&mut site);
    site.updated_at = app.clock.now();
    let site = tx.save_site(&site).await?;
    tx.commit().await?;
    Ok(Tagged(SiteOutput::of(&app, at.tenant_id, site)))
}

/// Deletes a site: nobody comes in any more, within 5 seconds those who are in are out, and within minutes its visitors and all
/// that they said are deleted.
#[utoipa::path(delete, path = "/tenants/{tenant_id}/sites/{id}", operation_id = "deleteSite", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path)),
    responses((status = 204), (status = 403))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(at.admin()?).await?;
    if !tx.delete_site(id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(tx: &mut AdminTx, id: Uuid) -> Result<Site> {
    tx.site(id).await?.ok_or(Error::NotFound)
}
