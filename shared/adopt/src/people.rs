//! Users there as users here.

use crate::{AdoptError, Report, ids, json, source::rows::OldUser, tenants::Tenants};
use chrono::{DateTime, Utc};
use db::{LegacyUser, Role};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};
use uuid::Uuid;

/// The most characters of a name.
pub(crate) const NAME: usize = 200;
/// The longest address that is remembered as it was registered: an index of PostgreSQL takes no more than some 2,700 bytes.
const REGISTERED: usize = 2000;

/// Who has which address. Of each there is a hash alone, so that a million of them take some megabytes.
#[derive(Default)]
pub(crate) struct Addresses {
    /// Those that are registered in the spelling that is compared here.
    exact: HashSet<u64>,
    taken: HashSet<u64>,
}

impl Addresses {
    /// Notes, before any user is copied, whose address is in the spelling that is compared here.
    pub(crate) fn note(&mut self, tenant: Uuid, registered: &str) {
        if service::email(registered).as_deref() == Some(registered) {
            self.exact.insert(key(tenant, registered));
        }
    }

    /// The address of the next user, and which rule it took: its usual spelling, unless that is another user's.
    pub(crate) fn give(
        &mut self,
        tenant: Uuid,
        registered: &str,
        id: &str,
    ) -> (String, Option<&'static str>) {
        if let Some(usual) = service::email(registered) {
            let key = key(tenant, &usual);
            let is_free = usual == registered || !self.exact.contains(&key);
            if is_free && self.taken.insert(key) {
                return (usual, None);
            }
        }
        let fits = (3..=254).contains(&registered.chars().count());
        if fits && self.taken.insert(key(tenant, registered)) {
            return (registered.to_owned(), Some("address_in_its_own_spelling"));
        }
        let made_up = format!(
            "user-{}@adopted.invalid",
            hex::encode(&Sha256::digest(id)[..8])
        );
        (made_up, Some("address_made_up"))
    }
}

fn key(tenant: Uuid, address: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tenant, address).hash(&mut hasher);
    hasher.finish()
}

/// What is known of users once they were copied, by their ids there.
#[derive(Default)]
pub(crate) struct Users {
    /// Those who were copied when their time was not known keep the ids that they were given then.
    others: HashMap<String, Uuid>,
    /// Those who were deleted here.
    pub(crate) deleted: HashSet<String>,
}

impl Users {
    /// The id here.
    pub(crate) fn id(&self, id: &str, created_at: Option<i64>) -> Uuid {
        let other = self.others.get(id).copied();
        other.unwrap_or_else(|| user_id(id, created_at))
    }

    /// Notes the id of somebody who was made here.
    pub(crate) fn made_here(&mut self, id: Uuid, user: &LegacyUser) {
        self.others.insert(user.legacy_id.clone(), id);
    }

    /// Lets a user have the id that it was given when it was copied before.
    ///
    /// # Errors
    /// It is another one.
    pub(crate) fn keep_id(&mut self, known: Uuid, user: &mut LegacyUser) -> Result<(), AdoptError> {
        if known == user.id {
            return Ok(());
        }
        if known != ids::timeless("user", &user.legacy_id) {
            return Err(AdoptError::another(&user.legacy_id));
        }
        user.id = known;
        self.others.insert(user.legacy_id.clone(), known);
        Ok(())
    }
}

/// The id here of a user there.
pub(crate) fn user_id(id: &str, created_at: Option<i64>) -> Uuid {
    ids::id(
        "user",
        id,
        created_at.and_then(ids::time).unwrap_or_default(),
    )
}

/// Turns users into what they are here.
pub(crate) struct People<'a> {
    pub(crate) tenants: &'a Tenants,
    pub(crate) addresses: Addresses,
    pub(crate) now: DateTime<Utc>,
}

impl People<'_> {
    /// A user with its tenant; none if it has none, which is a problem that was told before.
    pub(crate) fn user(&mut self, old: OldUser, report: &mut Report) -> Option<(Uuid, LegacyUser)> {
        let tenant = self.tenants.of(old.tenant_id.as_deref())?;
        if old.tenant_id.is_none() {
            report.note("user_without_tenant", &old.id);
        }
        let registered = old.email.as_deref().unwrap_or_default();
        let (email, rule) = self.addresses.give(tenant, registered, &old.id);
        if let Some(rule) = rule {
            report.note(rule, &old.id);
        }
        let whole = old.full_name.as_deref().unwrap_or_default();
        let full_name = service::beginning(whole, NAME);
        if full_name != whole {
            report.note("user_name_cut", &old.id);
        }
        let hash = old
            .hashed_password
            .as_deref()
            .filter(|hash| tenant_auth::can_check(hash));
        if hash.is_none() {
            report.note("user_without_password", &old.id);
        }
        let asked = old.is_superuser.unwrap_or(false);
        let is_superuser = asked && hash.is_some();
        if asked {
            let rule = if is_superuser {
                "superuser"
            } else {
                "superuser_without_password"
            };
            report.note(rule, &old.id);
        }
        let created = old.created_at.and_then(ids::time);
        if created.is_none() {
            report.note("user_without_time", &old.id);
        }
        let mut user = LegacyUser {
            id: user_id(&old.id, old.created_at),
            registered: (registered.len() <= REGISTERED).then(|| registered.to_owned()),
            legacy: kept(&old, &email, full_name),
            email,
            full_name: full_name.to_owned(),
            password_hash: hash.map(Into::into),
            role: if is_superuser {
                Role::Admin
            } else {
                Role::Member
            },
            is_active: old.is_active.unwrap_or(true),
            is_superuser,
            created_at: created.unwrap_or(self.now),
            fingerprint: Vec::new(),
            is_known: false,
            has_new_role: true,
            has_new_state: true,
            was_superuser: false,
            key: old.key,
            legacy_id: old.id,
        };
        user.fingerprint = fingerprint(&user, old.hashed_password.as_deref(), created);
        Some((tenant, user))
    }
}

/// What has no column here.
fn kept(old: &OldUser, email: &str, full_name: &str) -> String {
    let mut kept = vec![format!("\"id\": {}", json::quoted(&old.id))];
    let texts = [
        ("email", &old.email, email),
        ("full_name", &old.full_name, full_name),
    ];
    for (name, there, here) in texts {
        if let Some(there) = there.as_deref().filter(|there| *there != here) {
            kept.push(format!("\"{name}\": {}", json::quoted(there)));
        }
    }
    if let Some(settings) = &old.profile_settings {
        kept.push(format!("\"profile_settings\": {settings}"));
    }
    format!("{{{}}}", kept.join(", "))
}

/// Everything that would be written, and what it was made of.
fn fingerprint(user: &LegacyUser, stored: Option<&str>, created: Option<DateTime<Utc>>) -> Vec<u8> {
    let mut digest = Sha256::new();
    let created = created
        .map(|time| time.timestamp_micros())
        .unwrap_or(i64::MIN);
    for text in [
        &*user.legacy_id,
        &user.email,
        &user.full_name,
        stored.unwrap_or_default(),
        &user.legacy,
    ] {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    if let Some(key) = &user.key {
        digest.update(key);
    }
    digest.update([u8::from(user.is_active), u8::from(user.is_superuser)]);
    digest.update(created.to_be_bytes());
    let mut print = digest.finalize().to_vec();
    // Whether that has changed is asked by itself, so it stands there as it is.
    print.push(u8::from(user.is_active) | u8::from(user.is_superuser) << 1);
    print
}

/// Whether a user is the same as when it was copied. Earlier releases kept the digest alone.
pub(crate) fn is_same(copied: &[u8], now: &[u8]) -> bool {
    copied == now || copied.len() == DIGEST && now.starts_with(copied)
}

/// Notes what a user was allowed there when it was copied, if that is known.
pub(crate) fn note_rights(user: &mut LegacyUser, copied: Option<&[u8]>) {
    let rights = |print: &[u8]| print.get(DIGEST).map(|rights| (rights & 1, rights & 2));
    let (was, is) = (copied.and_then(rights), rights(&user.fingerprint));
    user.has_new_state = was.map(|was| was.0) != is.map(|is| is.0);
    user.has_new_role = was.map(|was| was.1) != is.map(|is| is.1);
    user.was_superuser = was.is_some_and(|was| was.1 > 0);
}

/// How long a digest is, in bytes.
const DIGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_capitals_stay_two() {
        let mut addresses = Addresses::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let users = [
            (one, "Ana@a.example", "Ana@a.example"),
            (one, "ANA@a.example", "ANA@a.example"),
            (one, "ana@a.example", "ana@a.example"),
            (one, "Bo@a.example", "bo@a.example"),
            (one, "BO@a.example", "BO@a.example"),
            (two, "Ana@a.example", "ana@a.example"),
            (two, " padded@a.example ", "padded@a.example"),
            (two, "admin", "admin"),
        ];
        for (tenant, registered, _) in users {
            addresses.note(tenant, registered);
        }
        for (tenant, registered, expected) in users {
            assert_eq!(addresses.give(tenant, registered, "1").0, expected);
        }
        for odd in ["", "a", &"a".repeat(300), "admin"] {
            let (made_up, rule) = addresses.give(two, odd, odd);
            assert!(made_up.ends_with("@adopted.invalid"), "{made_up}");
            assert_eq!(rule, Some("address_made_up"));
        }
    }
}
