//! Makes tenants, and settings of those that were copied before what they are there now, unless somebody has changed them here.

use super::{Planned, Tenants};
use crate::{AdoptError, Report, Target};
use db::{CopiedSetting, LegacyKind, LegacySecret, LegacyTenant, SealedSecret, TenantStatus};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tenant_auth::{SealContext, Sealer};
use uuid::Uuid;

/// Makes those that are new, and renews the others.
pub(crate) async fn put(
    tenants: &Tenants,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<(), AdoptError> {
    let sealer = Sealer::new(target.root);
    for planned in &tenants.planned {
        let Planned {
            tenant, secrets, ..
        } = planned;
        let copied = match tenant.legacy_id {
            Some(_) => as_copied(tenant, secrets),
            None => Vec::new(),
        };
        let adoption = &*target.adoption;
        if planned.is_new {
            adoption
                .make_tenant(tenant, secrets, &copied, target.asked)
                .await?;
            report.copied.tenants += 1;
            continue;
        }
        report.unchanged.tenants += 1;
        if tenant.legacy_id.is_some() {
            adoption
                .furnish_tenant(tenant, secrets, &copied, target.asked)
                .await?;
            renew(planned, copied, &sealer, target, report).await?;
        }
    }
    Ok(())
}

/// Each setting with the fingerprint of its value.
fn as_copied(tenant: &LegacyTenant, secrets: &[LegacySecret]) -> Vec<CopiedSetting> {
    let status = match tenant.status {
        TenantStatus::Active => "active",
        TenantStatus::Suspended => "suspended",
    };
    let plain = [
        ("name", Some(&*tenant.name)),
        ("status", Some(status)),
        ("system_prompt", Some(&*tenant.system_prompt)),
        ("pinecone_index", tenant.pinecone_index.as_deref()),
        (
            "pinecone_environment",
            tenant.pinecone_environment.as_deref(),
        ),
    ];
    let plain = plain.map(|(name, value)| (name, print(value.map(str::as_bytes))));
    let keys = secrets
        .iter()
        .map(|secret| (setting(secret.provider), print(Some(&secret.sealed))));
    plain.into_iter().chain(keys).collect()
}

/// What the key of a provider is called among the settings.
fn setting(provider: &str) -> &'static str {
    match provider {
        "openai" => "openai_api_key",
        _ => "pinecone_api_key",
    }
}

fn print(value: Option<&[u8]>) -> Vec<u8> {
    let digest = Sha256::new().chain_update([u8::from(value.is_some())]);
    digest
        .chain_update(value.unwrap_or_default())
        .finalize()
        .to_vec()
}

/// What is to be done about a setting.
enum Found {
    /// It is the same on both sides.
    Same,
    /// It has changed there, and is here what was copied.
    Changed,
    /// It has been changed here.
    Left,
    /// It has not been changed there.
    Own,
}

async fn renew(
    planned: &Planned,
    copied: Vec<CopiedSetting>,
    sealer: &Sealer,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<(), AdoptError> {
    let (tenant, adoption) = (&planned.tenant, &*target.adoption);
    let names: Vec<&str> = copied.iter().map(|(name, _)| *name).collect();
    let known = adoption
        .known(tenant.id, LegacyKind::Setting, &names)
        .await?;
    let known = |name: &str| known.get(name).and_then(|row| row.fingerprint.clone());
    let (settings, keys) = adoption.tenant_here(tenant.id).await?;
    let here = LegacyTenant {
        name: settings.name,
        status: settings.status,
        system_prompt: settings.system_prompt,
        pinecone_index: settings.pinecone_index,
        pinecone_environment: settings.pinecone_environment,
        ..tenant.clone()
    };
    let here = as_copied(&here, &[]);
    let (mut changed, mut same) = (Vec::new(), Vec::new());
    for (name, there) in copied {
        let before = known(name);
        let secret = planned.secrets.iter().find(|s| setting(s.provider) == name);
        let (found, kept) = match (secret, here.iter().find(|(here, _)| *here == name)) {
            (Some(secret), _) => key(secret, &keys, before.as_deref(), tenant.id, sealer),
            // Not there, or it could not be read: that is no reason to forget it here.
            (None, _) if there == print(None) => continue,
            (None, here) => {
                let here = here.map(|(_, print)| print.clone());
                (
                    plain(&there, here.as_deref(), before.as_deref()),
                    there.clone(),
                )
            }
        };
        let place = format!("{} {name}", tenant.legacy_id.as_deref().unwrap_or_default());
        match found {
            Found::Same if before.as_ref() != Some(&kept) => same.push((name, kept)),
            Found::Same | Found::Own => {}
            Found::Left => report.note("setting_changed_here", &place),
            Found::Changed => {
                report.note("setting_changed_there", &place);
                changed.push((name, there));
            }
        }
    }
    if !same.is_empty() {
        adoption.settings_copied(tenant.id, &same).await?;
    }
    if !changed.is_empty() {
        let is_changed = |secret: &&LegacySecret| {
            changed
                .iter()
                .any(|(name, _)| *name == setting(secret.provider))
        };
        let secrets: Vec<LegacySecret> =
            planned.secrets.iter().filter(is_changed).cloned().collect();
        adoption
            .renew_tenant(tenant, &secrets, &changed, target.asked)
            .await?;
    }
    Ok(())
}

fn plain(there: &[u8], here: Option<&[u8]>, before: Option<&[u8]>) -> Found {
    match before {
        _ if here == Some(there) => Found::Same,
        Some(before) if before == there => Found::Own,
        Some(before) if here == Some(before) => Found::Changed,
        _ => Found::Left,
    }
}

/// Of a key the sealed one is remembered, so that nothing tells what it was; with what is here now.
fn key(
    there: &LegacySecret,
    keys: &[SealedSecret],
    before: Option<&[u8]>,
    tenant: Uuid,
    sealer: &Sealer,
) -> (Found, Vec<u8>) {
    let opened = |row_id: Uuid, sealed: &[u8]| -> Option<SecretString> {
        let context = SealContext {
            tenant_id: tenant,
            provider: there.provider,
            row_id,
        };
        sealer.open(&context, sealed).ok()
    };
    let Some(here) = keys.iter().find(|key| key.provider == there.provider) else {
        // Where it was copied before it has been deleted here.
        let found = if before.is_some() {
            Found::Left
        } else {
            Found::Changed
        };
        return (found, Vec::new());
    };
    let kept = print(Some(&here.sealed));
    let both = opened(there.id, &there.sealed).zip(opened(here.id, &here.sealed));
    let is_same = both.is_some_and(|(one, other)| one.expose_secret() == other.expose_secret());
    let found = match before {
        _ if is_same => Found::Same,
        Some(before) if before == kept => Found::Changed,
        _ => Found::Left,
    };
    (found, kept)
}
