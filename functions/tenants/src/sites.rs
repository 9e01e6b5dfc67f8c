//! `/tenants/{tenant_id}/sites`: web pages whose visitors may ask without an account.

use crate::faults::Faults;
use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::{AdminTx, Limits, Site, SiteChallenge, SiteIdentity, Tenant};
use serde::{Deserialize, Serialize};
use service::Origin;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    App, Error, IfMatch, Json, Listing, Object, PageQuery, Path, Query, Repeatable, Result, Tagged,
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

/// What to set of a site; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SiteSettings)]
pub(crate) struct SiteInput {
    /// What people know it by, 1 to 100 characters. Required when it is made.
    #[schema(min_length = 1, max_length = 100, example = "The shop")]
    name: Option<String>,
    /// The origins of its pages, up to 50; each must be among the tenant's `allowed_origins`.
    #[schema(max_items = 50, example = json!([]))]
    origins: Option<Vec<String>>,
    /// Whether visitors may come in and ask; false ends it within 5 seconds for those who are in.
    is_on: Option<bool>,
    /// What all of its visitors may ask and spend together; the tenant's limits hold as well. It is replaced as a whole.
    #[schema(value_type = Option<Limits>)]
    limits: Option<Object<Limits>>,
    /// What each of its visitors may ask and spend: if nobody says, 10 questions a minute and one answer at a time.
    #[schema(value_type = Option<Limits>)]
    visitor_limits: Option<Object<Limits>>,
    /// For how many days a visitor is kept who does not come back, 1 to 3650; 30 if nobody says.
    #[schema(minimum = 1, maximum = 3650, example = 30)]
    retention_days: Option<i32>,
    /// Whether visitors say who they are, by identity tokens that your server signs with one of the site's identity keys: `off`
    /// (if nobody says), `optional`, or `required`, which also ends the visits of those who came without one.
    identity: Option<SiteIdentity>,
    /// How many new visitors who do not say who they are may come in a minute, from all networks together, 1 to 100000; 300 if
    /// nobody says.
    #[schema(minimum = 1, maximum = 100_000, example = 300)]
    visitors_per_minute: Option<i32>,
    /// Whether new visitors who do not say who they are do a little work first: `under_load` (if nobody says when it is made),
    /// while more than half of those come who may, at the site or from one network; `always`; or `off`. Pages with a client of their
    /// own must know of it: see `POST /login/visitor`.
    challenge: Option<SiteChallenge>,
}

impl SiteInput {
    /// # Errors
    /// 422 with whatever does not fit.
    fn check(&self, app: &App, tenant: &Tenant) -> Result<()> {
        let mut faults = Faults::default();
        faults.text("name", self.name.as_ref(), 1, 100);
        let mut names = self.name.iter();
        let unseen = names.any(|name| !name.trim().is_empty() && !service::is_visible(name));
        faults.refuse("name", unseen, "must be characters that people can see");
        let most = self.origins.as_ref().is_some_and(|list| list.len() > 50);
        faults.refuse("origins", most, "must be at most 50");
        for (nth, text) in self.origins.iter().flatten().enumerate() {
            let fault = match Origin::parse(text) {
                Err(bad) => Some(bad.to_string()),
                Ok(origin) if !is_allowed(app, tenant, &origin) => Some(
                    "must be one of the tenant's `allowed_origins`: add it there first, with PATCH /tenants/current"
                        .to_owned(),
                ),
                Ok(_) => None,
            };
            if let Some(fault) = fault {
                faults.refuse(&format!("origins[{nth}]"), true, fault);
            }
        }
        faults.number("retention_days", self.retention_days, 1, 3650);
        faults.number("visitors_per_minute", self.visitors_per_minute, 1, 100_000);
        for (at, limits) in [
            ("limits.", &self.limits),
            ("visitor_limits.", &self.visitor_limits),
        ] {
            let limits = limits.iter();
            faults.add(limits.flat_map(|Object(limits)| service::limit_faults(at, limits)));
        }
        faults.none()
    }

    fn apply(self, site: &mut Site) {
        if let Some(name) = self.name {
            site.name = name.trim().to_owned();
        }
        if let Some(origins) = self.origins {
            let origins = origins.iter().filter_map(|text| Origin::parse(text).ok());
            site.origins = origins.map(|origin| origin.as_str().to_owned()).collect();
        }
        site.is_on = self.is_on.unwrap_or(site.is_on);
        if let Some(Object(limits)) = self.limits {
            site.limits = limits;
        }
        if let Some(Object(limits)) = self.visitor_limits {
            site.visitor_limits = limits;
        }
        site.retention_days = self.retention_days.unwrap_or(site.retention_days);
        site.identity = self.identity.unwrap_or(site.identity);
        site.visitors_per_minute = self.visitors_per_minute.unwrap_or(site.visitors_per_minute);
        site.challenge = self.challenge.unwrap_or(site.challenge);
    }
}

fn is_allowed(app: &App, tenant: &Tenant, origin: &Origin) -> bool {
    let own = &tenant.allowed_origins;
    app.is_deployments_origin(origin.as_str()) || own.iter().any(|o| o == origin.as_str())
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
    responses((status = 200, body = SiteOutput, headers(("ETag" = String, description = "Tells it from what it was, and becomes: for `If-Match`"))), (status = 403))
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
    responses((status = 200, body = SiteOutput, headers(("ETag" = String, description = "Tells it from what it was, and becomes: for `If-Match`"))), (status = 403))
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
