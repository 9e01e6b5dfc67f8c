//! SQL for the database of the service before this one. It may be run again, also a longer one later: what was written by then
//! is remembered there in a table of its own.

use crate::{
    mapping::{name, quoted},
    source::{
        catalogue::Column,
        shape::{Found, Shape},
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

/// Writes statements for one shape of the database.
pub(super) struct Script<'a> {
    pub(super) shape: &'a Shape,
    /// The time zone of times without one.
    pub(super) zone: &'a str,
}

/// What a column is to have.
pub(super) enum Value<'a> {
    Text(&'a str),
    /// A text, or nothing.
    Maybe(Option<&'a str>),
    /// JSON, or nothing.
    Json(Option<&'a str>),
    Yes(bool),
    Time(DateTime<Utc>),
    /// What refers to the row of a table there with this id.
    Old(&'a Found, &'a str),
    /// What refers to the row of a table there that was made here.
    New(&'a Found, Uuid),
}

impl Script<'_> {
    /// What comes before everything.
    pub(super) fn head(&self) -> String {
        format!(
            "begin;\ncreate table if not exists {} (id uuid primary key, there text not null);\n",
            self.made()
        )
    }

    /// The table of what was written there.
    fn made(&self) -> String {
        format!("{}.parlance_back", self.shape.schema)
    }

    /// A row that is made there unless it was before. Fields that there are no columns for are passed over.
    ///
    /// # Errors
    /// What a column needs that nobody knows.
    pub(super) fn insert(
        &self,
        into: &Found,
        id: Uuid,
        values: &[(&str, Value<'_>)],
    ) -> Result<String, String> {
        if let [needed, ..] = &into.needed[..] {
            return Err(format!(
                "{}.{needed} is not null and has no default: give it one (alter table ... alter column ... set default ...)",
                into.table
            ));
        }
        let mut columns = Vec::new();
        let mut sql = Vec::new();
        if let Some(own) = into.column("id").filter(|own| own.is_needed) {
            if own.of != "uuid" && own.of != "text" && !own.of.starts_with("character") {
                return Err(format!(
                    "{}.{} has no default, so that nobody knows the next number: let it be serial",
                    into.table, own.name
                ));
            }
            columns.push(name(&own.name));
            sql.push(format!("{}::{}", quoted(&id.to_string()), own.of));
        }
        for (field, value) in values {
            if let Some(column) = into.column(field) {
                columns.push(name(&column.name));
                sql.push(self.value(into, column, value)?);
            }
        }
        let (made, own) = (self.made(), into.raw("id", "made"));
        let id = quoted(&id.to_string());
        Ok(format!(
            "with made as (insert into {} as made ({}) select {} where not exists (select from {made} where id = {id}) returning {own} as id)\n  insert into {made} select {id}::uuid, id::text from made;\n",
            into.table,
            columns.join(", "),
            sql.join(", "),
        ))
    }

    /// Sets a field of a row there that has another value. Nothing where there is no such column.
    ///
    /// # Errors
    /// As of [`Script::insert`].
    pub(super) fn update(
        &self,
        of: &Found,
        id: &str,
        field: &str,
        value: &Value<'_>,
    ) -> Result<Option<String>, String> {
        let Some(column) = of.column(field) else {
            return Ok(None);
        };
        let (own, value) = (name(&column.name), self.value(of, column, value)?);
        let key = of.raw("id", "changed");
        Ok(Some(format!(
            "update {} as changed set {own} = {value} where {key}::text = {} and {own} is distinct from {value};\n",
            of.table,
            quoted(id)
        )))
    }

    fn value(&self, of: &Found, column: &Column, value: &Value<'_>) -> Result<String, String> {
        if column.of == "enum" {
            return Err(format!(
                "{}.{} is an enum: let a view that can be written to have it as a text, and name that in a file for --map",
                of.table, column.name
            ));
        }
        let typed = |text: &str| match &*column.of {
            "bytea" => format!("convert_to({}, 'UTF8')", quoted(text)),
            of => format!("{}::{of}", quoted(text)),
        };
        Ok(match value {
            Value::Text(text) | Value::Maybe(Some(text)) | Value::Json(Some(text)) => typed(text),
            Value::Old(to, id) if to.has_key() => Self::key(to, &quoted(id)),
            Value::Old(_, id) => typed(id),
            Value::Maybe(None) | Value::Json(None) => "null".to_owned(),
            Value::Yes(yes) => yes.to_string(),
            Value::Time(time) => {
                let time = quoted(&time.to_rfc3339_opts(SecondsFormat::Micros, true));
                match &*column.of {
                    "timestamp without time zone" => {
                        format!("({time}::timestamptz at time zone {})", quoted(self.zone))
                    }
                    _ => format!("{time}::timestamptz"),
                }
            }
            Value::New(to, id) => {
                let made = format!(
                    "(select there from {} where id = {})",
                    self.made(),
                    quoted(&id.to_string())
                );
                match to.has_key() {
                    true => Self::key(to, &made),
                    false => format!("{made}::{}", column.of),
                }
            }
        })
    }

    /// What refers to the row with an id, where that is another column.
    fn key(to: &Found, id: &str) -> String {
        format!(
            "(select {} from {} as meant where {}::text = {id})",
            to.raw(to.key(), "meant"),
            to.table,
            to.raw("id", "meant"),
        )
    }
}
