//! A site as it is set.

use db::{Limits, Site, SiteChallenge, SiteIdentity, Tenant};
use serde::Deserialize;
use service::{Faults, Object, Origin};
use utoipa::ToSchema;
use web::{App, Result};

/// What to set of a site; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SiteSettings)]
pub(crate) struct SiteInput {
    /// What people know it by, 1 to 100 characters. Required when it is made.
    #[schema(min_length = 1, max_length = 100, example = "The shop")]
    pub(super) name: Option<String>,
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
    pub(super) fn check(&self, app: &App, tenant: &Tenant) -> Result<()> {
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
        Ok(faults.none()?)
    }

    pub(super) fn apply(self, site: &mut Site) {
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
