//! What the release before calls is still there: it serves beside this one, on this one's schema, while hosts are replaced.
//!
//! `released.txt` has what the newest release found in the database. Before a release, `UPDATE_RELEASED=1 scripts/test released`
//! writes it anew.

use crate::kit::Kit;
use std::{collections::BTreeSet, fs};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/api/database/released.txt"
);

/// What that release does not use any more, line by line as in the file: it may be dropped.
const UNUSED: &[&str] = &[];

/// Columns with their types and whether they may be empty; what requests may do with which of them; and the functions that they may
/// call, with what those take and give. Not those that a server has only with pgvector.
const USED: &str = "
    with roles(role) as (values ('app'), ('platform')),
    tables as (
      select c.oid, c.relname::text as name from pg_class c
      where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p', 'v') and c.relname not in ('chunk_vectors', 'chunk_signs')
    ),
    columns as (
      select t.oid, t.name, a.attnum, a.attname::text as of, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    ),
    functions as (
      select f.*, format('%s(%s)', f.proname, oidvectortypes(f.proargtypes)) as signature from pg_proc f
      where f.pronamespace = 'parlance'::regnamespace and f.prokind = 'f' and f.prorettype <> 'trigger'::regtype
        and f.proname not like '%chunk_vectors'
        and exists (select from roles where has_function_privilege('parlance_' || role, f.oid, 'execute'))
    )
    select format('column %s.%s %s%s', name, of, type, case when not attnotnull then ' or null' end) from columns
    union all
    select format('%s of %s by %s', may, name, role)
    from tables, roles, unnest(array['select', 'insert', 'update', 'delete']) may
    where has_table_privilege('parlance_' || role, oid, may)
    union all
    select format('%s of %s.%s by %s', may, name, of, role)
    from columns, roles, unnest(array['select', 'insert', 'update']) may
    where has_column_privilege('parlance_' || role, oid, attnum, may) and not has_table_privilege('parlance_' || role, oid, may)
    union all
    select format('call of %s by %s', signature, role)
    from functions, roles where has_function_privilege('parlance_' || role, oid, 'execute')
    union all
    select format('%s gives %s', f.signature, coalesce(g.given, pg_get_function_result(f.oid)))
    from functions f left join lateral (
      select format('%s %s', n.name, format_type(n.type, null)) as given
      from unnest(f.proargnames, f.proallargtypes, f.proargmodes) n(name, type, mode) where n.mode in ('o', 'b', 't')
    ) g on true
    order by 1";

/// Columns that whoever inserts a row must know of.
const DEMANDED: &str = "
    select c.relname || '.' || a.attname
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ('chunk_vectors', 'chunk_signs')
      and a.attnotnull and not a.atthasdef and a.attidentity = ''";

async fn lines(kit: &Kit, sql: &'static str) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&kit.pool).await.unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn what_the_release_before_uses_is_there() {
    let kit = Kit::new().await;
    let used = lines(&kit, USED).await;
    if std::env::var("UPDATE_RELEASED").is_ok_and(|value| value == "1") {
        let text: Vec<_> = used.iter().cloned().collect();
        fs::write(FILE, text.join("\n") + "\n").expect("the file can be written");
    }
    let released = fs::read_to_string(FILE).expect("released.txt can be read");
    let released: BTreeSet<String> = released.lines().map(String::from).collect();
    assert!(released.len() > 400, "{}", released.len());
    let gone = released.difference(&used);
    let gone: Vec<_> = gone.filter(|line| !UNUSED.contains(&&***line)).collect();
    assert!(
        gone.is_empty(),
        "the release before uses this, and serves beside this one: rename and drop in the release after the one that stops using it. {gone:#?}"
    );
}

#[tokio::test]
async fn the_release_before_can_add_rows_to_every_table_that_it_knows() {
    let kit = Kit::new().await;
    let released = fs::read_to_string(FILE).expect("released.txt can be read");
    let columns = released
        .lines()
        .filter_map(|line| line.strip_prefix("column ")?.split(' ').next());
    let columns: BTreeSet<&str> = columns.collect();
    let tables: BTreeSet<&str> = columns
        .iter()
        .filter_map(|column| Some(column.split_once('.')?.0))
        .collect();
    let demanded = lines(&kit, DEMANDED).await;
    let new = demanded.iter().filter(|column| {
        let table = column.split_once('.').map_or("", |(table, _)| table);
        tables.contains(table) && !columns.contains(&***column)
    });
    let new: Vec<_> = new.collect();
    assert!(
        new.is_empty(),
        "the release before does not know of these, and gives them no value: they need a default. {new:?}"
    );
}
