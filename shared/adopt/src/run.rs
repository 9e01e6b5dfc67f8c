//! Copies.

use crate::{
    AdoptError, Options, Progress, Report, Target,
    moved::Moved,
    people::{People, Users, is_same, note_rights},
    plan::{Plan, plan},
    pump::Pump,
    sink::{Database, Nowhere, Sink},
    source::{Source, rows::Seen},
    tenants::{self, Tenants},
};
use db::{Adoption, LegacyKind, LegacyUser};
use futures_util::TryStreamExt;
use std::collections::HashSet;
use uuid::Uuid;

/// How many users are written at once.
const USERS: usize = 500;

/// Copies everything that is not here yet; or says what it would do, and every problem.
///
/// # Errors
/// [`AdoptError::Refused`] before anything is written; otherwise what was written is kept, and the next run goes on. The report
/// tells as much as is known by then.
pub async fn copy(
    options: &Options,
    target: &mut Target<'_>,
    report: &mut Report,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Seen, AdoptError> {
    let plan = plan(options, target, true).await?;
    let Plan {
        mut source,
        mut tenants,
        addresses,
        moved,
        returned,
        problems,
        report: planned,
    } = plan;
    *report = planned;
    if !problems.is_empty() && !options.dry_run {
        return Err(AdoptError::Refused(problems));
    }
    let seen = source.seen().await?;
    let mut people = People {
        tenants: &tenants,
        addresses,
        now: target.asked.at,
    };
    let adoption = &*target.adoption;
    if options.dry_run {
        users(&mut source, &mut people, None, report).await?;
        sessions(&mut source, &tenants, Nowhere, report, progress).await?;
    } else {
        tenants::put(&tenants, target, report).await?;
        forget(adoption, &moved).await?;
        returned.remember(adoption, &tenants.ids()).await?;
        let users = users(&mut source, &mut people, Some(adoption), report).await?;
        tenants.users = users;
        let database = Database::new(adoption, &returned);
        let database = sessions(&mut source, &tenants, database, report, progress).await?;
        again(&mut source, &tenants, database, report).await?;
    }
    source.close().await;
    match problems.is_empty() {
        true => Ok(seen),
        false => Err(AdoptError::Refused(problems)),
    }
}

/// Copies what has changed there since a snapshot saw it: all users that differ, and every conversation of which a row was
/// written since, whenever its transaction began.
///
/// # Errors
/// As [`copy`].
pub(crate) async fn copy_since(
    options: &Options,
    target: &mut Target<'_>,
    since: &Seen,
    report: &mut Report,
) -> Result<Seen, AdoptError> {
    let Plan {
        mut source,
        mut tenants,
        addresses,
        moved,
        returned,
        problems,
        report: planned,
    } = plan(options, target, false).await?;
    *report = planned;
    if !problems.is_empty() {
        return Err(AdoptError::Refused(problems));
    }
    let seen = source.seen().await?;
    let mut people = People {
        tenants: &tenants,
        addresses,
        now: target.asked.at,
    };
    let adoption = &*target.adoption;
    tenants::put(&tenants, target, report).await?;
    forget(adoption, &moved).await?;
    returned.remember(adoption, &tenants.ids()).await?;
    let users = users(&mut source, &mut people, Some(adoption), report).await?;
    tenants.users = users;
    let changed = source.changed_since(since).await?;
    if !changed.is_empty() {
        let database = Database::new(adoption, &returned);
        let database = some(&mut source, &tenants, database, report, &changed).await?;
        again(&mut source, &tenants, database, report).await?;
    }
    source.close().await;
    Ok(seen)
}

/// Whoever has another tenant there now is copied into that as somebody new.
async fn forget(adoption: &Adoption, moved: &[Moved]) -> Result<(), AdoptError> {
    for user in moved {
        adoption.forget_user(user.tenant, user.id).await?;
    }
    Ok(())
}

async fn users(
    source: &mut Source,
    people: &mut People<'_>,
    adoption: Option<&Adoption>,
    report: &mut Report,
) -> Result<Users, AdoptError> {
    let mut rows = source.users();
    let mut batch: Vec<LegacyUser> = Vec::new();
    let mut of = None;
    let mut known = Users::default();
    while let Some(old) = rows.try_next().await? {
        let Some((tenant, user)) = people.user(old, report) else {
            continue;
        };
        if of != Some(tenant) || batch.len() >= USERS {
            put_users(adoption, of, &mut batch, &mut known, report).await?;
            of = Some(tenant);
        }
        batch.push(user);
    }
    put_users(adoption, of, &mut batch, &mut known, report).await?;
    Ok(known)
}

async fn put_users(
    adoption: Option<&Adoption>,
    tenant: Option<Uuid>,
    batch: &mut Vec<LegacyUser>,
    known_users: &mut Users,
    report: &mut Report,
) -> Result<(), AdoptError> {
    let mut users = std::mem::take(batch);
    let (Some(adoption), Some(tenant)) = (adoption, tenant) else {
        report.copied.users += users.len() as u64;
        return Ok(());
    };
    let ids: Vec<&str> = users.iter().map(|user| &*user.legacy_id).collect();
    let known = adoption.known(tenant, LegacyKind::User, &ids).await?;
    let here: Vec<Uuid> = known.values().map(|row| row.id).collect();
    let deleted = adoption.users_deleted(tenant, &here).await?;
    let own = adoption.own_rows(tenant, &here).await?;
    let own: HashSet<Uuid> = own.into_iter().map(|row| row.id).collect();
    users.retain(|user| {
        let row = known.get(&user.legacy_id).map(|row| row.id);
        let Some(id) = row.filter(|id| own.contains(id)) else {
            return true;
        };
        report.note("user_made_here", &user.legacy_id);
        report.unchanged.users += 1;
        known_users.made_here(id, user);
        false
    });
    for user in &mut users {
        if let Some(row) = known.get(&user.legacy_id) {
            known_users.keep_id(row.id, user)?;
            user.is_known = true;
            note_rights(user, row.fingerprint.as_deref());
        }
    }
    users.retain(|user| {
        let is_here = !deleted.contains(&user.id);
        if !is_here {
            report.note("user_deleted_here", &user.legacy_id);
            known_users.deleted.insert(user.legacy_id.clone());
        }
        is_here
    });
    let before = users.len();
    users.retain(|user| {
        let copied = known.get(&user.legacy_id);
        let copied = copied.and_then(|row| row.fingerprint.as_deref());
        !copied.is_some_and(|copied| is_same(copied, &user.fingerprint))
    });
    report.unchanged.users += (before - users.len()) as u64;
    report.copied.users += users.len() as u64;
    if !users.is_empty() {
        for id in adoption.put_users(tenant, &users).await? {
            report.note("address_of_another_before", &id);
        }
    }
    Ok(())
}

/// Hands on every conversation; the sink as it is afterwards.
pub(crate) async fn sessions<S: Sink>(
    source: &mut Source,
    tenants: &Tenants,
    sink: S,
    report: &mut Report,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<S, AdoptError> {
    let names = source.shape.messages.json.clone();
    let nobodys = ["message_without_session", "message_without_user"];
    let nobodys = nobodys.map(|rule| report.rules.get(rule).map_or(0, |rule| rule.count));
    let all = report.there.messages.unsigned_abs();
    let mut pump = Pump::new(tenants, names, sink, report, progress);
    pump.run(source, None).await?;
    let read = pump.read + nobodys.iter().sum::<u64>();
    match read == all {
        true => Ok(pump.sink),
        false => Err(AdoptError::Incomplete { read, all }),
    }
}

/// Hands on some conversations.
async fn some<'a>(
    source: &mut Source,
    tenants: &Tenants,
    database: Database<'a>,
    report: &mut Report,
    ids: &[String],
) -> Result<Database<'a>, AdoptError> {
    let names = source.shape.messages.json.clone();
    let mut quiet = |_| {};
    let mut pump = Pump::new(tenants, names, database, report, &mut quiet);
    pump.run(source, Some(ids)).await?;
    Ok(pump.sink)
}

/// Once more those that were too long to be kept, and turned out to have changed.
async fn again(
    source: &mut Source,
    tenants: &Tenants,
    database: Database<'_>,
    report: &mut Report,
) -> Result<(), AdoptError> {
    let changed: Vec<String> = database.changed.iter().cloned().collect();
    if changed.is_empty() {
        return Ok(());
    }
    // What is odd about them was counted.
    let mut second = Report::default();
    some(source, tenants, database, &mut second, &changed).await?;
    report.copied.sessions += second.copied.sessions;
    report.copied.messages += second.copied.messages;
    for rule in [
        "session_written_here",
        "session_deleted_here",
        "session_gone_on_there",
    ] {
        if let Some(left) = second.rules.remove(rule) {
            let count = i64::try_from(left.count).unwrap_or(0);
            report.note_all(rule, count, left.ids);
        }
    }
    Ok(())
}
