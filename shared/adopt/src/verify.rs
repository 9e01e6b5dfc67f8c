//! Compares both sides, row by row.

use crate::{
    AdoptError, Differences, Options, Progress, Report, Target,
    compare::Beside,
    people::{People, Users},
    plan::{Plan, plan},
    run::sessions,
    source::Source,
    tenants::Tenants,
};
use db::{Adoption, LegacyUser, TenantHere};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use tenant_auth::{RootSecret, SealContext, Sealer};
use uuid::Uuid;

/// How many users are compared at once.
const USERS: usize = 500;

/// Compares what is there with what is here: tenants, their keys, users, conversations and messages.
///
/// # Errors
/// Either side does not answer.
pub async fn verify(
    options: &Options,
    target: &mut Target<'_>,
    report: &mut Report,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Differences, AdoptError> {
    let Plan {
        mut source,
        mut tenants,
        addresses,
        moved: _,
        returned,
        problems,
        report: planned,
    } = plan(options, target, true).await?;
    *report = planned;
    let mut found = Differences::default();
    if !problems.is_empty() {
        return Err(AdoptError::Refused(problems));
    }
    let adoption = &*target.adoption;
    compare_tenants(adoption, &tenants, target.root, &mut found).await?;
    let mut people = People {
        tenants: &tenants,
        addresses,
        now: target.asked.at,
    };
    let mut known = Users::default();
    let mut users = compare_users(
        &mut source,
        &mut people,
        adoption,
        &mut known,
        &mut found,
        report,
    )
    .await?;
    tenants.users = known;
    let beside = Beside::new(adoption, &returned, &mut found);
    let beside = sessions(&mut source, &tenants, beside, report, progress).await?;
    let sessions = beside.sessions;
    source.close().await;
    for planned in &tenants.planned {
        let id = planned.tenant.id;
        let there = (
            users.remove(&id).unwrap_or(0),
            sessions.get(&id).copied().unwrap_or(0),
        );
        let here = adoption.legacy_counts(id).await?;
        let what = format!("tenant {}", planned.tenant.slug);
        for (rows, there, here) in [
            ("users", there.0, here.0),
            ("conversations", there.1, here.1),
        ] {
            if there != here {
                found.add(format!("{what}: {there} {rows} there, {here} here"));
            }
        }
    }
    Ok(found)
}

async fn compare_tenants(
    adoption: &Adoption,
    tenants: &Tenants,
    root: &RootSecret,
    found: &mut Differences,
) -> Result<(), AdoptError> {
    let sealer = Sealer::new(root);
    let here: Vec<TenantHere> = adoption.tenants().await?;
    for planned in tenants
        .planned
        .iter()
        .filter(|planned| planned.tenant.legacy_id.is_some())
    {
        let there = &planned.tenant;
        let what = format!("tenant {}", there.slug);
        if here.iter().all(|here| here.id != there.id) {
            found.add(format!("{what} is not here"));
            continue;
        }
        let (here, secrets) = adoption.tenant_here(there.id).await?;
        let texts = [
            ("the name", Some(&there.name), Some(&here.name)),
            (
                "the prompt",
                Some(&there.system_prompt),
                Some(&here.system_prompt),
            ),
            (
                "the index",
                there.pinecone_index.as_ref(),
                here.pinecone_index.as_ref(),
            ),
            (
                "the environment",
                there.pinecone_environment.as_ref(),
                here.pinecone_environment.as_ref(),
            ),
        ];
        found.unequal(&what, &texts);
        found.unequal(
            &what,
            &[("whether it is active", there.status, here.status)],
        );
        for secret in &planned.secrets {
            let opened = |row_id: Uuid, sealed: &[u8]| {
                let context = SealContext {
                    tenant_id: there.id,
                    provider: secret.provider,
                    row_id,
                };
                let opened = sealer.open(&context, sealed).ok();
                opened.map(|key| key.expose_secret().to_owned())
            };
            let kept = secrets.iter().find(|kept| kept.provider == secret.provider);
            let kept = kept.and_then(|kept| opened(kept.id, &kept.sealed));
            let key = format!("the key of {}", secret.provider);
            found.unequal(&what, &[(&*key, opened(secret.id, &secret.sealed), kept)]);
        }
    }
    Ok(())
}

/// How many users each tenant has there.
async fn compare_users(
    source: &mut Source,
    people: &mut People<'_>,
    adoption: &Adoption,
    known: &mut Users,
    found: &mut Differences,
    report: &mut Report,
) -> Result<HashMap<Uuid, i64>, AdoptError> {
    let mut counts = HashMap::new();
    let mut rows = source.users();
    let mut batch = Vec::new();
    let mut of = None;
    while let Some(old) = rows.try_next().await? {
        let Some((tenant, user)) = people.user(old, report) else {
            continue;
        };
        if of != Some(tenant) || batch.len() >= USERS {
            compare_batch(adoption, of, &mut batch, known, found, report).await?;
            of = Some(tenant);
        }
        *counts.entry(tenant).or_default() += 1;
        batch.push(user);
    }
    compare_batch(adoption, of, &mut batch, known, found, report).await?;
    Ok(counts)
}

async fn compare_batch(
    adoption: &Adoption,
    tenant: Option<Uuid>,
    batch: &mut Vec<LegacyUser>,
    known: &mut Users,
    found: &mut Differences,
    report: &mut Report,
) -> Result<(), AdoptError> {
    let mut users = std::mem::take(batch);
    let Some(tenant) = tenant else {
        return Ok(());
    };
    report.unchanged.users += users.len() as u64;
    let ids: Vec<&str> = users.iter().map(|user| &*user.legacy_id).collect();
    let here = adoption.users_here(tenant, &ids).await?;
    for there in &mut users {
        let what = format!("user {}", there.legacy_id);
        let Some(here) = here.get(&there.legacy_id) else {
            found.add(format!("{what} is not here"));
            continue;
        };
        // Whoever was made here is there what was written back.
        if here.legacy.is_none() {
            known.made_here(here.id, there);
            continue;
        }
        // If it is another one, that is a difference.
        drop(known.keep_id(here.id, there));
        let hash = there
            .password_hash
            .as_ref()
            .map(|hash| hash.expose_secret());
        let kept = here.password_hash.as_deref();
        // Whoever has come in here has the same password, hashed anew.
        let is_renewed =
            kept.is_some_and(|kept| hash.is_some() && !tenant_auth::needs_rehash(kept));
        let texts = [
            ("the address", Some(&*there.email), Some(&*here.email)),
            ("the name", Some(&*there.full_name), Some(&*here.full_name)),
            (
                "what was kept beside it",
                Some(&*there.legacy),
                here.legacy.as_deref(),
            ),
            (
                "the password",
                if is_renewed { None } else { hash },
                if is_renewed { None } else { kept },
            ),
        ];
        found.unequal(&what, &texts);
        let rights = [
            ("whether it is active", there.is_active, here.is_active),
            (
                "whether it is a superuser",
                there.is_superuser,
                here.is_superuser,
            ),
            (
                "whether it is an administrator",
                there.role == db::Role::Admin,
                here.role == db::Role::Admin,
            ),
        ];
        found.unequal(&what, &rights);
        found.unequal(&what, &[("its id", there.id, here.id)]);
    }
    Ok(())
}
