//! What of the known things is where: by the names and types of columns, and by what a mapping says.

use super::{
    Reading,
    catalogue::{Catalogue, Column},
    fields::{KEY, MESSAGES, SESSIONS, TENANTS, USERS},
};
use crate::mapping::name;
use std::collections::BTreeMap;

mod finding;

use finding::Finding;

/// The whole.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The schema of the tables, as SQL has it.
    pub(crate) schema: String,
    /// What Alembic says, if anything.
    pub(crate) revision: Option<String>,
    pub(crate) tenants: Option<Found>,
    pub(crate) users: Found,
    pub(crate) sessions: Found,
    pub(crate) messages: Found,
    /// What is there and is not copied.
    pub(crate) left: Vec<String>,
}

/// A table there, and how each field is read of it.
#[derive(Debug)]
pub(crate) struct Found {
    /// With its schema, as SQL has it.
    pub(crate) table: String,
    /// How SQL reads each field that there is; [`TABLE`] is the table. Without an entry there is nothing.
    fields: BTreeMap<&'static str, Read>,
    /// Further columns of JSON.
    pub(crate) json: Vec<String>,
    /// Columns besides the fields that a new row must say something for.
    pub(crate) needed: Vec<String>,
}

#[derive(Clone, Debug)]
struct Read {
    sql: String,
    of: String,
    /// None of a constant.
    column: Option<Column>,
}

/// Stands for the table in what is read of it.
const TABLE: &str = "\u{1}";

/// Of what type a constant is that a mapping says.
const CONSTANT: &str = "constant";

impl Found {
    /// Whether there is such a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The column or constant itself, for joins and sorting.
    pub(crate) fn raw(&self, field: &str, table: &str) -> String {
        let read = self.fields.get(field);
        read.map_or_else(|| "null".to_owned(), |read| read.sql.replace(TABLE, table))
    }

    /// The column that the field is read of, if it is one.
    pub(crate) fn column(&self, field: &str) -> Option<&Column> {
        self.fields.get(field)?.column.as_ref()
    }

    /// Whether other rows refer to its rows by something else than their id.
    pub(crate) fn has_key(&self) -> bool {
        self.has(KEY)
    }

    /// What other rows refer to its rows by.
    pub(crate) fn key(&self) -> &'static str {
        if self.has_key() { KEY } else { "id" }
    }

    /// The type there.
    pub(crate) fn of(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", |read| &read.of)
    }
}

impl Shape {
    /// Finds everything.
    ///
    /// # Errors
    /// Everything that differs, each as a sentence that says what a mapping could say about it.
    pub(crate) fn of(there: &Catalogue, reading: &Reading) -> Result<Self, Vec<String>> {
        let mapping = &reading.mapping;
        let mut finding = Finding {
            there,
            mapping,
            zone: reading.time_zone.as_deref(),
            faults: Vec::new(),
            left: Vec::new(),
        };
        let revision = finding.revision(mapping.revision.as_deref());
        let users = finding.table("users", USERS, &mapping.users);
        let sessions = finding.table("chat_sessions", SESSIONS, &mapping.chat_sessions);
        let messages = finding.table("chat_messages", MESSAGES, &mapping.chat_messages);
        let tenants_named = mapping.tenants.table.as_deref().unwrap_or("tenants");
        let tenants =
            match there.tables.contains_key(tenants_named) || mapping.tenants.table.is_some() {
                true => finding.table("tenants", TENANTS, &mapping.tenants),
                false => None,
            };
        if there
            .tables
            .get("parlance_back")
            .is_some_and(|table| !table.may_read)
        {
            finding.faults.push("the login of --from may not read parlance_back, which says what `parlance adopt back` wrote there: grant select on parlance_back to it".to_owned());
        }
        if let Some(zone) = &there.unknown_zone {
            finding.faults.push(format!(
                "--time-zone {zone} is none that PostgreSQL knows: use a name such as Europe/Berlin"
            ));
        }
        if let (Some(revision), Some(users)) = (&revision, &users) {
            finding.promised(revision, tenants.as_ref(), users);
        }
        let Finding {
            mut faults, left, ..
        } = finding;
        match (users, sessions, messages) {
            (Some(users), Some(sessions), Some(messages)) if faults.is_empty() => Ok(Self {
                schema: name(&there.schema),
                revision,
                tenants,
                users,
                sessions,
                messages,
                left,
            }),
            found => {
                // Beside ours there may be views of extensions.
                let is_ours = matches!(found, (None, None, None)) || there.schema == "parlance";
                if there.is_parlance && is_ours {
                    faults = vec!["--from is a database of this service already. It takes the database of the service before".to_owned()];
                }
                Err(faults)
            }
        }
    }
}
