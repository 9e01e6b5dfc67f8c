//! Plans the tenants: their ids and slugs here, and what would go wrong.

use super::{MissingTenants, Planned, Tenants};
use crate::{
    MadeOf, Options, Report, TenantReport, ids, json, keys::Keys, people::Users, slug::slug,
    source::rows::OldTenant,
};
use chrono::{DateTime, Utc};
use db::{LegacyTenant, TenantHere, TenantStatus};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The most characters of a name.
const NAME: usize = 200;

/// What is needed to plan them.
pub(crate) struct Planning<'a> {
    pub(crate) here: &'a [TenantHere],
    pub(crate) options: &'a Options,
    pub(crate) now: DateTime<Utc>,
    /// Whether the environment is stored as bytes, so encrypted.
    pub(crate) environment_is_bytes: bool,
}

impl Planning<'_> {
    /// Plans them all: those that have rows, and `named`, which users name. Problems are added to `problems`.
    pub(crate) fn plan(
        &self,
        rows: &[OldTenant],
        named: &[String],
        keys: &mut Keys<'_>,
        report: &mut Report,
        problems: &mut Vec<String>,
    ) -> Tenants {
        self.check_asked(rows, problems);
        let copied = self.here.iter().filter(|here| here.legacy_id.is_some());
        // What the operator says comes before what is made.
        let asked = self.options.slugs.iter().map(|(_, slug)| slug);
        let mut taken: HashSet<String> = copied
            .map(|here| &here.slug)
            .chain(asked)
            .cloned()
            .collect();
        let mut tenants = Tenants {
            planned: Vec::new(),
            by_id: HashMap::new(),
            default: None,
            users: Users::default(),
            missing_to_default: self.options.missing_tenants == Some(MissingTenants::Default),
        };
        let missing: Vec<OldTenant> = named
            .iter()
            .filter(|id| rows.iter().all(|row| row.id != **id))
            .map(|id| without_row(id))
            .collect();
        self.check_missing(&missing, problems);
        let made: &[OldTenant] = match self.options.missing_tenants {
            Some(MissingTenants::Create) => &missing,
            _ => &[],
        };
        for row in made {
            report.note("tenant_made", &row.id);
        }
        // Whose id is a slug as it is keeps it.
        let (plain, mut others): (Vec<_>, Vec<_>) =
            rows.iter().chain(made).partition(|row| is_slug(&row.id));
        // The same on every server, whatever its collation.
        others.sort_by(|one, other| one.id.cmp(&other.id));
        for row in plain.into_iter().chain(others) {
            self.one(row, &mut taken, keys, &mut tenants, report, problems);
        }
        self.default(&mut tenants, report);
        tenants
    }

    fn check_asked(&self, rows: &[OldTenant], problems: &mut Vec<String>) {
        for (id, slug) in &self.options.slugs {
            if rows.iter().all(|row| row.id != *id) {
                problems.push(format!(
                    "--slug names the tenant {id:?}, which there is not"
                ));
            }
            let mut others = self.options.slugs.iter();
            if others.any(|(other, same)| other < id && same == slug) {
                problems.push(format!(
                    "--slug says {slug} for two tenants: each needs its own"
                ));
            }
            if !is_slug(slug) {
                problems.push(format!("--slug {id}={slug}: a slug is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends"));
            }
        }
        if let Some(slug) = self
            .options
            .default_tenant
            .as_ref()
            .filter(|slug| !is_slug(slug))
        {
            problems.push(format!("--default-tenant {slug}: a slug is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends"));
        }
    }

    fn check_missing(&self, missing: &[OldTenant], problems: &mut Vec<String>) {
        if !missing.is_empty() && self.options.missing_tenants.is_none() {
            let ids: Vec<_> = missing
                .iter()
                .take(10)
                .map(|row| format!("{:?}", row.id))
                .collect();
            problems.push(format!(
                "users name {} tenants that have no row ({}): say --missing-tenants create to make them, or --missing-tenants default to put their users into --default-tenant",
                missing.len(),
                ids.join(", ")
            ));
        }
    }

    fn one(
        &self,
        row: &OldTenant,
        taken: &mut HashSet<String>,
        keys: &mut Keys<'_>,
        tenants: &mut Tenants,
        report: &mut Report,
        problems: &mut Vec<String>,
    ) {
        let known = self
            .here
            .iter()
            .find(|here| here.legacy_id.as_deref() == Some(&row.id));
        let asked = self.options.slugs.iter().find(|(id, _)| *id == row.id);
        let (slug, made) = match (known, asked) {
            (Some(known), _) => (known.slug.clone(), MadeOf::Known),
            (None, Some((_, slug))) => (slug.clone(), MadeOf::Asked),
            (None, None) => slug(&row.id, row.name.as_deref().unwrap_or_default(), taken),
        };
        if known.is_none() && self.here.iter().any(|here| here.slug == slug) {
            problems.push(format!(
                "there is a tenant {slug} here already, which is another one: say --slug '{}=another-slug'",
                row.id
            ));
        }
        let created = [row.created_at, row.updated_at]
            .into_iter()
            .flatten()
            .find_map(ids::time);
        let id = known.map_or_else(
            || ids::id("tenant", &row.id, created.unwrap_or_default()),
            |known| known.id,
        );
        let secrets = keys.of(row, id, created.unwrap_or_default(), report);
        let tenant = self.tenant(row, id, slug, created, keys, report);
        report.tenants.push(TenantReport {
            legacy_id: Some(row.id.clone()),
            id,
            slug: tenant.slug.clone(),
            slug_of: made,
            is_new: known.is_none(),
            keys: secrets.iter().map(|secret| secret.provider).collect(),
        });
        tenants.by_id.insert(row.id.clone(), id);
        tenants.planned.push(Planned {
            tenant,
            secrets,
            is_new: known.is_none(),
        });
    }

    fn tenant(
        &self,
        row: &OldTenant,
        id: Uuid,
        slug: String,
        created: Option<DateTime<Utc>>,
        keys: &mut Keys<'_>,
        report: &mut Report,
    ) -> LegacyTenant {
        let whole = row.name.as_deref().unwrap_or_default();
        let name = service::beginning(whole, NAME);
        let is_kept = name == whole && !name.is_empty();
        if !is_kept {
            report.note("tenant_name_changed", &row.id);
        }
        let mut legacy = vec![format!("\"id\": {}", json::quoted(&row.id))];
        if name != whole {
            legacy.push(format!("\"name\": {}", json::quoted(whole)));
        }
        if let Some(updated) = row.updated_at.and_then(ids::time) {
            legacy.push(format!(
                "\"updated_at\": {}",
                json::quoted(&updated.to_rfc3339())
            ));
        }
        let environment = row.pinecone_environment.as_ref();
        let environment = environment.and_then(|stored| {
            keys.setting(
                row,
                "pinecone_environment",
                stored,
                self.environment_is_bytes,
                report,
            )
        });
        LegacyTenant {
            id,
            name: if name.is_empty() {
                slug.clone()
            } else {
                name.to_owned()
            },
            slug,
            legacy_id: Some(row.id.clone()),
            status: match row.is_active {
                Some(false) => TenantStatus::Suspended,
                _ => TenantStatus::Active,
            },
            system_prompt: row.system_prompt.clone().unwrap_or_default(),
            pinecone_index: row.pinecone_index.clone().filter(|index| !index.is_empty()),
            pinecone_environment: environment.filter(|environment| !environment.is_empty()),
            created_at: created.unwrap_or(self.now),
            legacy: format!("{{{}}}", legacy.join(", ")),
        }
    }

    /// The tenant of those who have none.
    fn default(&self, tenants: &mut Tenants, report: &mut Report) {
        let Some(slug) = &self.options.default_tenant else {
            return;
        };
        let planned = tenants
            .planned
            .iter()
            .find(|planned| planned.tenant.slug == *slug);
        let here = self.here.iter().find(|here| here.slug == *slug);
        let known = planned
            .map(|planned| planned.tenant.id)
            .or(here.map(|here| here.id));
        let id = known.unwrap_or_else(|| ids::id("default", slug, self.now));
        tenants.default = Some(id);
        if planned.is_some() {
            return;
        }
        report.tenants.push(TenantReport {
            legacy_id: None,
            id,
            slug: slug.clone(),
            slug_of: MadeOf::Asked,
            is_new: known.is_none(),
            keys: Vec::new(),
        });
        tenants.planned.push(Planned {
            tenant: LegacyTenant {
                id,
                slug: slug.clone(),
                legacy_id: None,
                name: slug.clone(),
                status: TenantStatus::Active,
                system_prompt: String::new(),
                pinecone_index: None,
                pinecone_environment: None,
                created_at: self.now,
                legacy: "{}".to_owned(),
            },
            secrets: Vec::new(),
            is_new: known.is_none(),
        });
    }
}

fn is_slug(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = text.starts_with(plain) && text.ends_with(plain);
    ends && text.len() <= 63 && text.chars().all(|c| plain(c) || c == '-')
}

fn without_row(id: &str) -> OldTenant {
    OldTenant {
        id: id.to_owned(),
        name: Some(id.to_owned()),
        is_active: None,
        system_prompt: None,
        openai_api_key: None,
        pinecone_api_key: None,
        pinecone_environment: None,
        pinecone_index: None,
        created_at: None,
        updated_at: None,
    }
}
