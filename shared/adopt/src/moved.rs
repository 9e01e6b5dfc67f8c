//! Users who were copied into another tenant than they belong to there now.

use crate::{AdoptError, Report, people::user_id, source::Source, tenants::Tenants};
use db::{Adoption, TenantHere};
use futures_util::TryStreamExt;
use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};
use uuid::Uuid;

/// How many ids are asked for at once.
const PAGE: i64 = 5000;

/// One of them.
pub(crate) struct Moved {
    /// The tenant that was copied into.
    pub(crate) tenant: Uuid,
    /// The id here.
    pub(crate) id: Uuid,
}

/// Finds them among the tenants `here`. Whoever has been in here since is a problem.
pub(crate) async fn moved(
    source: &mut Source,
    adoption: &Adoption,
    tenants: &Tenants,
    here: &[TenantHere],
    report: &mut Report,
    problems: &mut Vec<String>,
) -> Result<Vec<Moved>, AdoptError> {
    let mut elsewhere = elsewhere(source, adoption, tenants, here).await?;
    let mut found = Vec::new();
    if elsewhere.is_empty() {
        return Ok(found);
    }
    let mut users = source.users();
    while let Some(user) = users.try_next().await? {
        // Whose tenant is not known was told as a problem.
        let there = tenants.of(user.tenant_id.as_deref());
        for tenant in elsewhere.remove(&user.id).unwrap_or_default() {
            let copied = adoption.user_copied(tenant, &user.id).await?;
            // Not whoever has that id in another database that was copied.
            let Some(copied) = copied.filter(|copied| {
                copied.id == user_id(&user.id, user.created_at) && copied.registered == user.email
            }) else {
                continue;
            };
            if there.is_none() {
                continue;
            }
            if copied.is_in_use {
                problems.push(format!(
                    "user {} has another tenant there than when it was copied, and has been in here since: let it have that tenant there again, or delete it here",
                    user.id
                ));
                continue;
            }
            report.note("user_moved", &user.id);
            found.push(Moved {
                tenant,
                id: copied.id,
            });
        }
    }
    Ok(found)
}

/// Who was copied into a tenant and is not in it there: the tenants here, by ids there.
async fn elsewhere(
    source: &mut Source,
    adoption: &Adoption,
    tenants: &Tenants,
    here: &[TenantHere],
) -> Result<HashMap<String, Vec<Uuid>>, AdoptError> {
    let mut elsewhere: HashMap<String, Vec<Uuid>> = HashMap::new();
    if here.is_empty() {
        return Ok(elsewhere);
    }
    // Of each there is a hash alone, so that a million of them take some megabytes.
    let mut in_place = HashSet::new();
    let mut users = source.users();
    while let Some(user) = users.try_next().await? {
        if let Some(tenant) = tenants.of(user.tenant_id.as_deref()) {
            in_place.insert(key(tenant, &user.id));
        }
    }
    for tenant in here {
        let mut after = String::new();
        loop {
            let page = adoption.copied_ids(tenant.id, &after, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(last);
            let gone = page
                .into_iter()
                .filter(|id| !in_place.contains(&key(tenant.id, id)));
            for id in gone {
                elsewhere.entry(id).or_default().push(tenant.id);
            }
        }
    }
    Ok(elsewhere)
}

fn key(tenant: Uuid, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tenant, id).hash(&mut hasher);
    hasher.finish()
}
