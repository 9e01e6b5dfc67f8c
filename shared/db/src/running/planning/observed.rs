//! What a migration did to the tables that were there before it: by what is locked when it ends, and what is another file then.

use super::{PlannedTable, Size};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// The locks on tables, weakest first, as pg_locks and as the documentation call them.
const LOCKS: [(&str, &str); 8] = [
    ("AccessShareLock", "ACCESS SHARE"),
    ("RowShareLock", "ROW SHARE"),
    ("RowExclusiveLock", "ROW EXCLUSIVE"),
    ("ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE"),
    ("ShareLock", "SHARE"),
    ("ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE"),
    ("ExclusiveLock", "EXCLUSIVE"),
    ("AccessExclusiveLock", "ACCESS EXCLUSIVE"),
];
/// From which on others notice: up to then, requests hold such locks themselves.
const NOTICED: usize = 3;
const WRITING: &str = "RowExclusiveLock";

/// Every table and index of the schema; which locks this session holds on it; and how often a transaction has read it, which
/// PostgreSQL also counts where it checks or builds something.
const RELATIONS: &str = "
    select c.oid::bigint as id, c.relname::text as name, i.indrelid::bigint as of, pg_relation_filenode(c.oid)::bigint as file,
           pg_stat_get_xact_numscans(c.oid) as reads,
           array(select l.mode from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted
                   and l.relation = c.oid
                   and l.database = (select d.oid from pg_database d where d.datname = current_database())) as locks
    from pg_class c left join pg_index i on i.indexrelid = c.oid
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p', 'i', 'I')";

#[derive(sqlx::FromRow)]
struct Relation {
    id: i64,
    name: String,
    /// Of an index: its table.
    of: Option<i64>,
    /// None of what is kept in partitions.
    file: Option<i64>,
    reads: i64,
    locks: Vec<String>,
}

impl Relation {
    fn is_index(&self) -> bool {
        self.of.is_some()
    }
}

/// The schema at one moment.
pub(super) struct Snapshot(HashMap<i64, Relation>);

/// What was done to a table.
#[derive(Default)]
pub(super) struct Observed {
    table: String,
    lock: usize,
    is_rewritten: bool,
    indexes: Vec<String>,
    is_read: bool,
    is_written: bool,
}

impl Snapshot {
    pub(super) async fn take(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let all: Vec<Relation> = sqlx::query_as(RELATIONS).fetch_all(connection).await?;
        Ok(Self(all.into_iter().map(|one| (one.id, one)).collect()))
    }

    fn tables(&self) -> impl Iterator<Item = &Relation> {
        self.0.values().filter(|one| !one.is_index())
    }

    /// The indexes of `after` that were not there, or not as they are, on tables that were; by their tables' ids.
    fn built<'a>(&self, after: &'a Self) -> BTreeMap<i64, Vec<&'a str>> {
        let mut built: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for index in after.0.values() {
            let is_old = |one: &Relation| one.file == index.file;
            let Some(table) = index.of.filter(|table| self.0.contains_key(table)) else {
                continue;
            };
            if !self.0.get(&index.id).is_some_and(is_old) {
                built.entry(table).or_default().push(&*index.name);
            }
        }
        built
    }

    /// What was done in the transaction that goes on. What is new is nobody's yet.
    pub(super) fn since(&self, after: &Self) -> Vec<Observed> {
        let built = self.built(after);
        let mut all: Vec<Observed> = self
            .tables()
            .map(|table| {
                let Some(now) = after.0.get(&table.id) else {
                    // It is dropped.
                    return Observed::of(table, LOCKS.len() - 1);
                };
                let ranks = now.locks.iter().filter_map(|mode| rank(mode));
                let is_rewritten = table.file != now.file;
                let indexes = built.get(&table.id).filter(|_| !is_rewritten);
                Observed {
                    is_rewritten,
                    indexes: named(indexes),
                    is_read: after.reads(table.id) > self.reads(table.id),
                    is_written: now.locks.iter().any(|mode| mode == WRITING),
                    ..Observed::of(table, ranks.max().unwrap_or(0))
                }
            })
            .filter(|one| one.lock >= NOTICED || one.is_read || one.is_written)
            .collect();
        all.sort_by(|one, other| one.table.cmp(&other.table));
        all
    }

    /// What was done outside of a transaction, whose locks are gone by now: indexes were built or dropped while others write.
    pub(super) fn built_since(&self, after: &Self) -> Vec<Observed> {
        let gone = self.0.values().filter(|one| !after.0.contains_key(&one.id));
        let mut touched = self.built(after);
        for table in gone.filter_map(|index| index.of) {
            touched.entry(table).or_default();
        }
        let observed = touched.iter().filter_map(|(table, indexes)| {
            Some(Observed {
                indexes: named(Some(indexes)),
                ..Observed::of(self.0.get(table)?, NOTICED)
            })
        });
        observed.collect()
    }

    /// How often a table was read, from its first row to its last or by an index.
    fn reads(&self, table: i64) -> i64 {
        let of_table = |one: &&Relation| one.id == table || one.of == Some(table);
        let reads = self.0.values().filter(of_table).map(|one| one.reads);
        reads.sum()
    }
}

impl Observed {
    fn of(table: &Relation, lock: usize) -> Self {
        Self {
            table: table.name.clone(),
            lock,
            ..Self::default()
        }
    }

    /// With how large the table is where people work.
    pub(super) fn planned(self, sizes: &HashMap<String, Size>) -> PlannedTable {
        PlannedTable {
            size: sizes.get(&self.table).copied().unwrap_or_default(),
            name: self.table,
            lock: LOCKS[self.lock].1,
            is_rewritten: self.is_rewritten,
            indexes: self.indexes,
            is_read: self.is_read,
            is_written: self.is_written,
        }
    }
}

fn rank(mode: &str) -> Option<usize> {
    LOCKS.iter().position(|(name, _)| *name == mode)
}

fn named(indexes: Option<&Vec<&str>>) -> Vec<String> {
    let mut names: Vec<_> = indexes
        .into_iter()
        .flatten()
        .map(|name| (*name).to_owned())
        .collect();
    names.sort();
    names
}
