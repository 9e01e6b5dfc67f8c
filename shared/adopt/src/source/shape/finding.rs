//! Looks for each table and column, and notes everything that differs.

use super::{CONSTANT, Found, Read, TABLE};
use crate::{
    Mapping,
    mapping::{TableMapping, literal, name, quoted},
    source::{
        catalogue::{Catalogue, Column, Table},
        fields::{Field, KEY, Kind, REVISIONS},
    },
};
use std::collections::BTreeMap;

/// What was found so far, and what was not.
pub(super) struct Finding<'a> {
    pub(super) there: &'a Catalogue,
    pub(super) mapping: &'a Mapping,
    pub(super) zone: Option<&'a str>,
    pub(super) faults: Vec<String>,
    pub(super) left: Vec<String>,
}

impl Finding<'_> {
    pub(super) fn revision(&mut self, meant: Option<&str>) -> Option<String> {
        let known = |revision: &str| REVISIONS.iter().any(|(known, _)| *known == revision);
        match &self.there.revisions[..] {
            [revision] if known(revision) || meant == Some(revision) => return Some(revision.clone()),
            [] if self.there.tables.contains_key("alembic_version") => self.faults.push(
                "alembic_version has no row, or may not be read: the database may have been made only in part".to_owned(),
            ),
            [] if meant.is_none() => self.faults.push(
                "there is no table alembic_version, so nobody says which schema this is. If it is the right database, say revision = \"none\" in a file for --map".to_owned(),
            ),
            [] => {}
            [revision] => self.faults.push(format!(
                "alembic_version says {revision}, which is not known. If the columns are the right ones, say revision = {revision:?} in a file for --map"
            )),
            several => self.faults.push(format!(
                "alembic_version has {} rows, of branches that were not merged: {}",
                several.len(),
                several.join(", ")
            )),
        }
        None
    }

    /// What the revision says there is, there must be.
    pub(super) fn promised(&mut self, revision: &str, tenants: Option<&Found>, users: &Found) {
        let Some(last) = REVISIONS.iter().position(|(known, _)| *known == revision) else {
            return;
        };
        for (since, needs) in &REVISIONS[..=last] {
            for (table, column) in *needs {
                let found = if *table == "users" {
                    Some(users)
                } else {
                    tenants
                };
                if !found.is_some_and(|found| found.has(column)) {
                    self.faults.push(format!(
                        "{table}.{column} is missing, which there is since the revision {since}; alembic_version says {revision}"
                    ));
                }
            }
        }
    }

    pub(super) fn table(
        &mut self,
        called: &'static str,
        fields: &'static [Field],
        mapping: &TableMapping,
    ) -> Option<Found> {
        let table = mapping.table.as_deref().unwrap_or(called);
        let Some(there) = self.there.tables.get(table) else {
            let names = self.there.names();
            self.faults.push(format!(
                "there is no table {table} in the schema {} (its tables: {names}). A file for --map can say [{called}] table = \"...\"",
                self.there.schema
            ));
            return None;
        };
        if !there.may_read {
            self.faults.push(format!(
                "the login of --from may not read {table}: grant select on {table} to it"
            ));
        }
        self.check_names(called, fields, mapping, there);
        let mut taken = Vec::new();
        let mut found = BTreeMap::new();
        for field in fields {
            if let Some(read) = self.field(called, field, mapping, there, &mut taken) {
                found.insert(field.name, read);
            }
        }
        // A new row must have one, too, and nobody here knows which.
        let known = taken.clone();
        self.key(called, table, there, &mut taken, &mut found);
        let json = self.rest(called, mapping, there, &taken);
        let others = there
            .columns
            .iter()
            .filter(|c| c.is_needed && !known.contains(&c.name));
        Some(Found {
            table: format!("{}.{}", name(&self.there.schema), name(table)),
            fields: found,
            json,
            needed: others.map(|column| column.name.clone()).collect(),
        })
    }

    /// The column that the rows which belong to a row of this table refer to it by: their foreign key says it, whatever its name.
    /// A tenant is called by it, as tokens do.
    fn key(
        &mut self,
        called: &str,
        table: &str,
        there: &Table,
        taken: &mut Vec<String>,
        found: &mut BTreeMap<&'static str, Read>,
    ) {
        let (of, field, mapping) = match called {
            "tenants" => ("users", "tenant_id", &self.mapping.users),
            "users" => ("chat_sessions", "user_id", &self.mapping.chat_sessions),
            "chat_sessions" => ("chat_messages", "session_id", &self.mapping.chat_messages),
            _ => return,
        };
        let of = mapping.table.as_deref().unwrap_or(of).to_owned();
        let column = mapping.columns.get(field).map_or(field, String::as_str);
        let target = self.there.references.get(&(of, column.to_owned()));
        let target = target.filter(|(to, _)| to == table);
        let Some(column) = target.and_then(|(_, name)| there.column(name)) else {
            return;
        };
        let is_id = found.get("id").and_then(|id| id.column.as_ref()) == Some(column);
        if is_id || !Kind::Id.takes(&column.of) {
            return;
        }
        if !taken.contains(&column.name) {
            taken.push(column.name.clone());
        }
        let field = if called == "tenants" { "id" } else { KEY };
        if let Some(own) = found.get(field).and_then(|own| own.column.as_ref()) {
            self.left.push(format!("{called}.{}", own.name));
        }
        let read = Read {
            sql: read(Kind::Id, column, None),
            of: column.of.clone(),
            column: Some(column.clone()),
        };
        found.insert(field, read);
    }

    /// A mapping with a mistake would be passed over in silence.
    fn check_names(
        &mut self,
        called: &str,
        fields: &[Field],
        mapping: &TableMapping,
        there: &Table,
    ) {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let named = mapping.columns.keys().map(|name| ("columns", name));
        let named = named
            .chain(mapping.constants.keys().map(|name| ("constants", name)))
            .chain(mapping.defaults.keys().map(|name| ("defaults", name)));
        for (part, name) in named.filter(|(_, name)| !known.contains(&name.as_str())) {
            self.faults.push(format!(
                "--map says [{called}] {part} {name}, but what is read of it is {}",
                known.join(", ")
            ));
        }
        for column in mapping.columns.values().chain(&mapping.ignore) {
            if there.column(column).is_none() {
                self.faults
                    .push(format!("--map names {called}.{column}, which there is not"));
            }
        }
        for (name, value) in mapping.constants.iter().chain(&mapping.defaults) {
            if literal(value).is_none() {
                self.faults.push(format!("--map says something of [{called}] {name} that is no text, number, true or false"));
            }
        }
    }

    fn field(
        &mut self,
        called: &str,
        field: &Field,
        mapping: &TableMapping,
        there: &Table,
        taken: &mut Vec<String>,
    ) -> Option<Read> {
        if let Some(sql) = mapping.constants.get(field.name).and_then(literal) {
            return Some(Read {
                sql,
                of: CONSTANT.to_owned(),
                column: None,
            });
        }
        let column = match mapping.columns.get(field.name) {
            Some(named) => there.column(named),
            None => {
                let mut names = std::iter::once(&field.name).chain(field.others);
                names.find_map(|name| there.column(name))
            }
        };
        let Some(column) = column else {
            if field.is_required && !mapping.columns.contains_key(field.name) {
                self.faults.push(missing(called, field, there));
            }
            return None;
        };
        taken.push(column.name.clone());
        if !field.kind.takes(&column.of) {
            self.faults.push(format!(
                "{called}.{} is {}, not {}. A file for --map can name another column, or a view that has it so",
                column.name,
                column.of,
                field.kind.name()
            ));
            return None;
        }
        let mut sql = read(field.kind, column, self.zone);
        if let Some(default) = mapping.defaults.get(field.name).and_then(literal) {
            sql = format!("coalesce({sql}, {default})");
        }
        Some(Read {
            sql,
            of: column.of.clone(),
            column: Some(column.clone()),
        })
    }

    /// What is there besides.
    fn rest(
        &mut self,
        called: &str,
        mapping: &TableMapping,
        there: &Table,
        taken: &[String],
    ) -> Vec<String> {
        let mut json = Vec::new();
        for column in there
            .columns
            .iter()
            .filter(|column| !taken.contains(&column.name))
        {
            if mapping.ignore.contains(&column.name) {
                self.left.push(format!("{called}.{}", column.name));
            } else if called == "chat_messages" && Kind::Json.takes(&column.of) {
                json.push(column.name.clone());
            } else if column.is_needed {
                self.faults.push(format!(
                    "{called}.{} {} not null is unknown. If it does not matter here, say [{called}] ignore = [{:?}] in a file for --map",
                    column.name, column.of, column.name
                ));
            } else {
                self.left.push(format!("{called}.{}", column.name));
            }
        }
        json
    }
}

/// How a column is read. Ids stay as they are, to be joined and sorted by.
fn read(kind: Kind, column: &Column, zone: Option<&str>) -> String {
    let own = format!("{TABLE}.{}", name(&column.name));
    match (kind, &*column.of) {
        (Kind::Text, "bytea") => format!("encode({own}, 'escape')"),
        (Kind::Secret, of) if of != "bytea" => format!("convert_to({own}, 'UTF8')"),
        (Kind::Time, "timestamp without time zone") if zone.is_some() => {
            format!("({own} at time zone {})", quoted(zone.unwrap_or_default()))
        }
        _ => own,
    }
}

/// With what there is that it might be.
fn missing(called: &str, field: &Field, there: &Table) -> String {
    let stem = field.name.split('_').next().unwrap_or(field.name);
    let like = there.columns.iter().filter(|column| {
        let alike =
            column.name.contains(stem) || (stem == "hashed" && column.name.contains("pass"));
        alike && field.kind.takes(&column.of) && column.name != "id"
    });
    let like: Vec<_> = like
        .map(|column| format!("{} {}", column.name, column.of))
        .collect();
    let hint = match like.is_empty() {
        true => String::new(),
        false => format!(" (there is {})", like.join(", ")),
    };
    format!(
        "{called}.{} is missing{hint}. A file for --map can say [{called}] columns = {{ {} = \"...\" }}",
        field.name, field.name
    )
}
