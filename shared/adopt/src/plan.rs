//! What is looked at before anything is written.

use crate::{
    AdoptError, Counts, Options, Report, Target,
    keys::Keys,
    moved::{Moved, moved},
    people::Addresses,
    returned::Returned,
    source::{self, Reading, Source},
    tenants::{Planning, Tenants},
};
use db::TenantHere;
use futures_util::TryStreamExt;
use std::collections::HashSet;
use uuid::Uuid;

/// Everything that is known before the first row is written.
pub(crate) struct Plan {
    pub(crate) source: Source,
    pub(crate) tenants: Tenants,
    pub(crate) addresses: Addresses,
    pub(crate) moved: Vec<Moved>,
    pub(crate) returned: Returned,
    pub(crate) report: Report,
    /// What forbids to write any.
    pub(crate) problems: Vec<String>,
}

/// Looks at both databases. What only the report needs is asked when everything is looked at.
pub(crate) async fn plan(
    options: &Options,
    target: &mut Target<'_>,
    is_whole: bool,
) -> Result<Plan, AdoptError> {
    let connect = source::options(&options.from)?;
    let reading = Reading {
        mapping: options.mapping.clone(),
        time_zone: options.time_zone.clone(),
    };
    let mut source = Source::open(&connect, &reading).await?;
    if target.adoption.is_same_database(&connect).await? {
        let same = "--from and DATABASE_URL are the same database. Make another one for this service (createdb), and let DATABASE_URL name that: the old one stays as it is until you need it no more";
        return Err(AdoptError::Refused(vec![same.to_owned()]));
    }
    let mut report = Report {
        dry_run: options.dry_run,
        source: source.place.clone(),
        revision: source.shape.revision.clone(),
        there: match is_whole {
            true => source.counts().await?,
            false => Counts::default(),
        },
        left: source.shape.left.clone(),
        ..Report::default()
    };
    let mut problems = Vec::new();
    let rows = source.tenants().await?;
    let (named, without) = source.named_tenants().await?;
    check_default(options, &source, without, &mut problems);
    let here = target.adoption.tenants().await?;
    let mut keys = Keys::new(&options.keys, target.root, &options.plain_keys);
    let planning = Planning {
        here: &here,
        options,
        now: target.asked.at,
        environment_is_bytes: source
            .shape
            .tenants
            .as_ref()
            .is_some_and(|found| found.of("pinecone_environment") == "bytea"),
    };
    let tenants = planning.plan(&rows, &named, &mut keys, &mut report, &mut problems);
    check_keys(options, &keys, &mut problems);
    let returned = Returned::find(&mut source, target.adoption, &here).await?;
    let addresses = addresses(
        &mut source,
        target,
        &tenants,
        &here,
        &returned,
        &mut problems,
    )
    .await?;
    let adoption = &*target.adoption;
    let moved = moved(
        &mut source,
        adoption,
        &tenants,
        &here,
        &mut report,
        &mut problems,
    )
    .await?;
    if is_whole {
        check_tenants(options, &mut source, &mut report, &mut problems).await?;
        for (rule, count, ids) in source.orphans().await? {
            report.note_all(rule, count, ids);
        }
    }
    Ok(Plan {
        source,
        tenants,
        addresses,
        moved,
        returned,
        report,
        problems,
    })
}

fn check_default(options: &Options, source: &Source, without: i64, problems: &mut Vec<String>) {
    if without == 0 || options.default_tenant.is_some() {
        return;
    }
    let why = match source.shape.users.has("tenant_id") {
        true => String::new(),
        false => " (at this revision nobody belongs to a tenant: all users and conversations go to one, and its administrators see which)".to_owned(),
    };
    problems.push(format!(
        "{without} users have no tenant{why}: say --default-tenant SLUG, a new tenant for them or one that there is"
    ));
}

/// Whose a conversation becomes is a question of isolation.
async fn check_tenants(
    options: &Options,
    source: &mut Source,
    report: &mut Report,
    problems: &mut Vec<String>,
) -> Result<(), AdoptError> {
    for (rule, count, ids) in source.of_other_tenants().await? {
        if count > 0 && !options.tenant_of_user {
            let what = match rule {
                "message_of_another_tenant" => "messages",
                _ => "conversations",
            };
            let few: Vec<&str> = ids.iter().take(5).map(String::as_str).collect();
            let more = if count > 5 { ", ..." } else { "" };
            problems.push(format!(
                "{count} {what} name another tenant than their user's ({}{more}): look whose they are, and say --tenant-of-user to put them into their user's",
                few.join(", ")
            ));
        }
        report.note_all(rule, count, ids);
    }
    Ok(())
}

fn check_keys(options: &Options, keys: &Keys<'_>, problems: &mut Vec<String>) {
    if keys.opened > 0 || keys.closed == 0 {
        return;
    }
    problems.push(match options.keys.is_empty() {
        true => format!("{} values are encrypted: say --secret-key, the SECRET_KEY of the service before", keys.closed),
        false => format!(
            "none of {} encrypted values opens with --secret-key. It must be the SECRET_KEY of the service before letter by letter: a space or a line break at its end makes another one",
            keys.closed
        ),
    });
}

/// Notes whose address is whose, and whether one is taken in a tenant that was here before.
async fn addresses(
    source: &mut Source,
    target: &mut Target<'_>,
    tenants: &Tenants,
    here: &[TenantHere],
    returned: &Returned,
    problems: &mut Vec<String>,
) -> Result<Addresses, AdoptError> {
    let mut taken = HashSet::<(Uuid, String)>::new();
    for tenant in tenants
        .known()
        .filter(|known| here.iter().any(|here| here.id == known.id))
    {
        let emails = target.adoption.emails_taken(tenant.id).await?;
        taken.extend(emails.into_iter().map(|email| (tenant.id, email)));
    }
    let mut addresses = Addresses::default();
    let mut users = source.users();
    while let Some(user) = users.try_next().await? {
        let Some(tenant) = tenants.of(user.tenant_id.as_deref()) else {
            continue;
        };
        let registered = user.email.unwrap_or_default();
        addresses.note(tenant, &registered);
        let usual = service::email(&registered).unwrap_or(registered);
        if taken.contains(&(tenant, usual)) && !returned.has_user(&user.id) {
            problems.push(format!(
                "the address of user {} is one that the tenant has here already: say another --default-tenant, or change one of the two",
                user.id
            ));
        }
    }
    Ok(addresses)
}
