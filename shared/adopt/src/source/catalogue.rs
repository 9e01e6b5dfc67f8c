//! What the database says of itself.

use super::Reading;
use crate::AdoptError;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// A column there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As PostgreSQL writes types.
    pub(crate) of: String,
    /// Whether a row must say something for it.
    pub(crate) is_needed: bool,
}

/// A table there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) may_read: bool,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The tables of the schema, and what Alembic says.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) schema: String,
    pub(crate) revisions: Vec<String>,
    pub(crate) tables: BTreeMap<String, Table>,
    /// Which column of which table a column of a table refers to.
    pub(crate) references: BTreeMap<(String, String), (String, String)>,
    pub(crate) is_parlance: bool,
    /// A time zone that PostgreSQL does not know.
    pub(crate) unknown_zone: Option<String>,
}

type Row = (String, String, String, bool, bool);

impl Catalogue {
    pub(crate) async fn read(db: &mut PgConnection, reading: &Reading) -> Result<Self, AdoptError> {
        let schema = reading.mapping.schema.as_deref().unwrap_or("public");
        let rows: Vec<Row> = sqlx::query_as(
            "select c.relname::text, a.attname::text, case ty.typtype when 'e' then 'enum' when 'd' then format_type(ty.typbasetype, null)
                                    else format_type(a.atttypid, null) end,
                    a.attnotnull and not a.atthasdef and a.attidentity = '',
                    has_table_privilege(c.oid, 'select')
             from pg_class c
             join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             join pg_type ty on ty.oid = a.atttypid
             where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
             order by c.relname, a.attnum",
        )
        .bind(schema)
        .fetch_all(&mut *db)
        .await?;
        let mut tables = BTreeMap::<String, Table>::new();
        for (table, name, of, is_needed, may_read) in rows {
            let table = tables.entry(table).or_default();
            table.may_read = may_read;
            table.columns.push(Column {
                name,
                of,
                is_needed,
            });
        }
        let references = references(&mut *db, schema).await?;
        // Who may only read the tables of the service before is told nothing by `to_regclass`.
        let is_parlance = sqlx::query_scalar(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                            where n.nspname = 'parlance' and c.relname = 'tenants')",
        )
        .fetch_one(&mut *db)
        .await?;
        let may_read = tables
            .get("alembic_version")
            .is_some_and(|table| table.may_read);
        let revisions = match may_read {
            true => super::sql::revisions(db, schema).await?,
            false => Vec::new(),
        };
        let mut unknown_zone = None;
        if let Some(zone) = &reading.time_zone {
            let known: bool =
                sqlx::query_scalar("select exists (select from pg_timezone_names where name = $1)")
                    .bind(zone)
                    .fetch_one(db)
                    .await?;
            unknown_zone = (!known).then(|| zone.clone());
        }
        Ok(Self {
            schema: schema.to_owned(),
            revisions,
            tables,
            references,
            is_parlance,
            unknown_zone,
        })
    }

    /// The names of its tables, for whoever has to say which is which.
    pub(crate) fn names(&self) -> String {
        let names: BTreeSet<&str> = self.tables.keys().map(String::as_str).collect();
        match names.is_empty() {
            true => "none".to_owned(),
            false => names.into_iter().collect::<Vec<_>>().join(", "),
        }
    }
}

/// The foreign keys of one column.
async fn references(
    db: &mut PgConnection,
    schema: &str,
) -> Result<BTreeMap<(String, String), (String, String)>, sqlx::Error> {
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, fc.relname::text, fa.attname::text
         from pg_constraint k
         join pg_class c on c.oid = k.conrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
         join pg_class fc on fc.oid = k.confrelid and fc.relnamespace = c.relnamespace
         join pg_attribute fa on fa.attrelid = fc.oid and fa.attnum = k.confkey[1]
         where k.contype = 'f' and cardinality(k.conkey) = 1 and c.relnamespace = to_regnamespace(quote_ident($1))
         order by k.oid",
    )
    .bind(schema)
    .fetch_all(db)
    .await?;
    let pair = |(table, column, to, other)| ((table, column), (to, other));
    Ok(rows.into_iter().map(pair).collect())
}
