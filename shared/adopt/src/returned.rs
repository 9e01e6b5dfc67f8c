//! What `parlance adopt back` wrote there of what was made here: it is here already when that database is adopted again.

use crate::{AdoptError, source::Source};
use db::{Adoption, TenantHere};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How many ids are asked for at once.
const PAGE: usize = 5000;

/// Rows of here that are there, too.
#[derive(Default)]
pub(crate) struct Returned {
    /// People and conversations that were made here, with their tenants, by their ids there.
    users: HashMap<String, (Uuid, Uuid)>,
    sessions: HashMap<String, (Uuid, Uuid)>,
    /// Messages, by their ids there.
    messages: HashMap<String, Uuid>,
    /// Conversations here that have such messages.
    went_on: HashSet<Uuid>,
}

impl Returned {
    /// Finds them. What was written there from another database than this is none.
    pub(crate) async fn find(
        source: &mut Source,
        adoption: &Adoption,
        here: &[TenantHere],
    ) -> Result<Self, AdoptError> {
        let there = source.written_back().await?;
        let ids: Vec<Uuid> = there.keys().copied().collect();
        let mut found = Self::default();
        for tenant in here {
            for some in ids.chunks(PAGE) {
                for row in adoption.own_rows(tenant.id, some).await? {
                    let Some(legacy_id) = there.get(&row.id).cloned() else {
                        continue;
                    };
                    match &*row.kind {
                        "user" => drop(found.users.insert(legacy_id, (tenant.id, row.id))),
                        "session" => drop(found.sessions.insert(legacy_id, (tenant.id, row.id))),
                        _ => {
                            found.messages.insert(legacy_id, row.id);
                            found.went_on.extend(row.session_id);
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// Remembers here what they are called there, so that they are known as what was copied is.
    pub(crate) async fn remember(
        &self,
        adoption: &Adoption,
        here: &[Uuid],
    ) -> Result<(), AdoptError> {
        for &tenant in here {
            let kinds = [("user", &self.users), ("session", &self.sessions)];
            let rows = kinds.into_iter().flat_map(|(kind, rows)| {
                let its = rows.iter().filter(move |(_, row)| row.0 == tenant);
                its.map(move |(legacy_id, row)| (kind, &**legacy_id, row.1))
            });
            let rows: Vec<_> = rows.collect();
            for some in rows.chunks(PAGE) {
                adoption.remember_own(tenant, some).await?;
            }
        }
        Ok(())
    }

    /// Whether it is somebody who was made here.
    pub(crate) fn has_user(&self, legacy_id: &str) -> bool {
        self.users.contains_key(legacy_id)
    }

    /// Whether what was said here in a conversation is there, too: what follows it there comes behind it.
    pub(crate) fn went_on(&self, session: Uuid) -> bool {
        self.went_on.contains(&session)
    }

    /// The id here of a message there that was written here.
    pub(crate) fn message(&self, legacy_id: &str) -> Option<Uuid> {
        self.messages.get(legacy_id).copied()
    }
}
