//! The way back: what was written here since the switch, as SQL for the database of the service before this one.

mod changed;
mod chats;
mod people;
mod script;

use crate::{
    AdoptError, Options, Target,
    source::{self, Reading, Source},
};
use db::{TenantHere, TenantStatus};
use futures_util::TryStreamExt;
use script::{Script, Value};
use secrecy::ExposeSecret;
use std::{
    collections::{HashMap, HashSet},
    io::Write,
};
use tenant_auth::generate_password;
use uuid::Uuid;

/// How many users or conversations are asked for at once.
const PAGE: i64 = 500;

/// What bcrypt costs for a password that nobody knows.
const COST: u32 = 10;

/// What was written out, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// Changes of tenants.
    pub settings: u64,
    /// People who were made here.
    pub users: u64,
    /// People who may not come in any more.
    pub shut_out: u64,
    /// Names and titles that were changed here.
    pub renamed: u64,
    /// Conversations that were begun here.
    pub sessions: u64,
    /// Messages that were written here.
    pub messages: u64,
    /// What stays here, each as a sentence.
    pub left: Vec<String>,
}

impl Back {
    /// For people, in lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} settings of tenants, {} new users, {} users who may not come in any more, {} names and titles, {} new conversations, {} messages",
            self.settings, self.users, self.shut_out, self.renamed, self.sessions, self.messages
        )];
        lines.extend(
            self.left
                .iter()
                .map(|left| format!("  not written: {left}")),
        );
        lines
    }

    fn leave(&mut self, count: i64, what: &str) {
        if count > 0 {
            self.left.push(format!("{count} {what}"));
        }
    }
}

/// Writes the SQL. Nothing is changed anywhere: whoever goes back runs it.
///
/// # Errors
/// [`AdoptError::Refused`] if the database there could not take it; a database that does not answer; `out`.
pub async fn back(
    options: &Options,
    target: &mut Target<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Back, AdoptError> {
    let connect = source::options(&options.from)?;
    let reading = Reading {
        mapping: options.mapping.clone(),
        time_zone: options.time_zone.clone(),
    };
    let mut source = Source::open(&connect, &reading).await?;
    let old: Vec<_> = source.tenants().await?;
    let old = old.into_iter().map(|old| (old.id.clone(), old)).collect();
    let there = source.written_back().await?.into_keys().collect();
    let mut emails = HashSet::new();
    let mut names = HashMap::new();
    let mut users = source.users();
    while let Some(user) = users.try_next().await? {
        emails.extend(user.email);
        names.insert(user.id, user.full_name.unwrap_or_default());
    }
    drop(users);
    let script = Script {
        shape: &source.shape,
        zone: options.time_zone.as_deref().unwrap_or("UTC"),
    };
    let password = generate_password();
    let unknown = bcrypt::hash(password.expose_secret(), COST);
    let mut writing = Writing {
        script,
        target,
        out,
        db: &mut source.first,
        there,
        emails,
        names,
        unknown: unknown.map_err(|e| AdoptError::Refused(vec![e.to_string()]))?,
        nobody: HashSet::new(),
        back: Back::default(),
    };
    writing.run(options, &old).await?;
    let back = writing.back;
    source.close().await;
    Ok(back)
}

type OldTenants = HashMap<String, source::rows::OldTenant>;

struct Writing<'a, 't> {
    script: Script<'a>,
    target: &'a mut Target<'t>,
    out: &'a mut (dyn Write + Send),
    /// The database there.
    db: &'a mut source::Snapshot,
    /// What was written there before.
    there: HashSet<Uuid>,
    /// Addresses that are taken there.
    emails: HashSet<String>,
    /// The name of everybody there, by id.
    names: HashMap<String, String>,
    /// A hash of a password that nobody knows: passlib is confused by anything else.
    unknown: String,
    /// Whoever was made here and cannot be there.
    nobody: HashSet<Uuid>,
    back: Back,
}

impl Writing<'_, '_> {
    async fn run(&mut self, options: &Options, old: &OldTenants) -> Result<(), AdoptError> {
        self.put(Ok(self.script.head()))?;
        for tenant in self.target.adoption.tenants().await? {
            let is_default = options.default_tenant.as_deref() == Some(&tenant.slug);
            if tenant.legacy_id.is_none() && !is_default {
                let slug = &tenant.slug;
                self.back.left.push(format!(
                    "the tenant {slug} and all that is in it: it is none of that service's"
                ));
                continue;
            }
            self.settings(&tenant, old).await?;
            self.users(&tenant).await?;
            self.changed(&tenant).await?;
            self.chats(&tenant).await?;
        }
        self.put(Ok("commit;\n".to_owned()))?;
        self.back
            .left
            .push("documents, provider keys, and roles that were changed".to_owned());
        self.out.flush().map_err(AdoptError::from)
    }

    fn put(&mut self, sql: Result<String, String>) -> Result<(), AdoptError> {
        let sql = sql.map_err(|problem| AdoptError::Refused(vec![problem]))?;
        Ok(self.out.write_all(sql.as_bytes())?)
    }

    async fn settings(&mut self, tenant: &TenantHere, old: &OldTenants) -> Result<(), AdoptError> {
        let Some(old) = tenant.legacy_id.as_ref().and_then(|id| old.get(id)) else {
            return Ok(());
        };
        let Some(found) = &self.script.shape.tenants else {
            return Ok(());
        };
        let (here, _) = self.target.adoption.tenant_here(tenant.id).await?;
        let prompt = Some(&*here.system_prompt).filter(|prompt| !prompt.is_empty());
        let was = old.system_prompt.as_deref().filter(|p| !p.is_empty());
        let is_active = here.status == TenantStatus::Active;
        let mut changes = Vec::new();
        if was != prompt {
            changes.push(("system_prompt", Value::Maybe(prompt)));
        }
        if old.is_active.unwrap_or(true) != is_active {
            changes.push(("is_active", Value::Yes(is_active)));
        }
        for (field, value) in changes {
            let change = self.script.update(found, &old.id, field, &value);
            match change.transpose() {
                Some(change) => {
                    self.put(change)?;
                    self.back.settings += 1;
                }
                None => self.back.left.push(format!(
                    "{field} of the tenant {}: there is no column for it",
                    tenant.slug
                )),
            }
        }
        Ok(())
    }
}
