//! What must not be written anywhere in the source.

use crate::requirements::{self, read, root};

/// Every file below `dir` whose name ends so: its path from the workspace, and its text.
fn files(dir: &str, suffix: &str) -> Vec<(String, String)> {
    let named = requirements::files(dir, &[suffix]).into_iter().map(|path| {
        let name = path.strip_prefix(root()).expect("it is inside");
        (name.to_string_lossy().into_owned(), read(&path))
    });
    named.collect()
}

/// The program's own Rust: everything but tests and measurements.
fn program() -> Vec<(String, String)> {
    let mut all = files("functions", ".rs");
    all.extend(files("shared", ".rs"));
    all.retain(|(name, _)| !name.contains("/tests") && !name.contains("/examples/"));
    assert!(all.len() > 60, "there is more than {} files", all.len());
    all
}

/// The files that hold any of the words.
fn holding(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let held = files
        .iter()
        .filter(|(_, text)| words.iter().any(|word| text.contains(word)));
    held.map(|(name, _)| name.clone()).collect()
}

#[test] // R40
fn sql_is_put_together_in_one_place() {
    let built = holding(&program(), &["AssertSqlSafe", "QueryBuilder", "raw_sql"]);
    assert_eq!(
        built,
        [
            // Of the database of another service, whose names are known only when it has been looked at.
            "shared/adopt/src/source/sql/counting.rs",
            "shared/adopt/src/source/sql.rs",
            // The operator's name and password of a role, which no statement takes as a parameter.
            "shared/db/src/running/backup.rs",
            // A migration's own text, for each partition of its table.
            "shared/db/src/running/migrating/parts.rs",
            // The name of the database that migrations are tried in, likewise.
            "shared/db/src/running/planning.rs",
            "shared/db/src/scope.rs"
        ]
    );
    let scope = read(&built[5]);
    assert_eq!(
        scope.matches("AssertSqlSafe(").count(),
        1,
        "only where a transaction begins"
    );
}

#[test] // R33
fn a_context_ends_with_its_transaction() {
    let mut all = program();
    all.extend(files("migrations", ".sql"));
    let mut contexts = 0;
    for (name, text) in all {
        for call in text.split("set_config(").skip(1) {
            let call = call
                .split_once(')')
                .map_or(call, |(arguments, _)| arguments);
            if call.contains("app.tenant_id") {
                contexts += 1;
                // A cast such as `id::text` has no parenthesis, so the arguments are whole.
                assert!(call.ends_with(", true"), "{name}: set_config({call})");
            }
        }
        let text = text.to_lowercase();
        for lasting in [
            "set app.tenant_id",
            "set session app.",
            "set local app.",
            "discard all",
        ] {
            assert!(!text.contains(lasting), "{name}: {lasting}");
        }
    }
    assert!(contexts >= 8, "only {contexts} contexts were seen");
}

#[test] // R33
fn only_one_crate_can_reach_the_database() {
    let mut manifests = files("functions", "Cargo.toml");
    manifests.extend(files("shared", "Cargo.toml"));
    let mut with_sqlx = Vec::new();
    for (name, text) in manifests {
        let manifest: toml::Table = text.parse().unwrap();
        for (section, content) in &manifest {
            if format!("{content:?}").contains("sqlx") {
                with_sqlx.push(format!("{name} {section}"));
            }
        }
    }
    let mut expected = [
        "functions/container/Cargo.toml dev-dependencies",
        // Reads the database of another service, and never ours.
        "shared/adopt/Cargo.toml dependencies",
        "shared/db/Cargo.toml dependencies",
    ];
    with_sqlx.sort();
    expected.sort_unstable();
    assert_eq!(with_sqlx, expected);
    // Nor does that crate hand it on.
    let handed_on: Vec<_> = files("shared/db/src", ".rs")
        .into_iter()
        .filter(|(_, text)| text.contains("pub use sqlx") || text.contains("pub app:"))
        .collect();
    assert_eq!(handed_on, []);
}

#[test] // R33
fn what_reads_another_database_cannot_name_ours() {
    let reading = files("shared/adopt/src", ".rs");
    let sources: Vec<_> = reading
        .iter()
        .filter(|(name, _)| name.contains("/source"))
        .cloned()
        .collect();
    // Rows are asked for where that database is read, and nowhere else; never with our schema, and never to change any.
    let with_sql = holding(&reading, &["sqlx::query", "PgConnection", ".execute("]);
    let elsewhere: Vec<_> = with_sql
        .iter()
        .filter(|name| !name.contains("/source"))
        .collect();
    assert_eq!(elsewhere, [""; 0]);
    for word in [
        "insert into",
        "update ",
        "delete from",
        "from parlance.",
        "set_config",
    ] {
        assert_eq!(holding(&sources, &[word]), [""; 0], "{word}");
    }
}

#[test] // R33
fn statements_run_in_transactions() {
    let db = files("shared/db/src", ".rs");
    let mut on_a_pool = Vec::new();
    for pool in ["pool", "self.app", "self.platform", "db.app"] {
        for run in [
            "fetch",
            "fetch_one",
            "fetch_optional",
            "fetch_all",
            "execute",
        ] {
            let spellings = [
                format!(".{run}({pool})"),
                format!(".{run}(&{pool})"),
                format!("{pool}.{run}("),
            ];
            on_a_pool.extend(spellings);
        }
    }
    let on_a_pool: Vec<_> = on_a_pool.iter().map(String::as_str).collect();
    assert_eq!(holding(&db, &on_a_pool), [""; 0]);
    // What keeps a connection from going back in a transaction is the only one to take one, from a pool that knows whose
    // turn it is.
    let taking = ["pool", "connections", "app", "platform"].map(|from| format!("{from}.acquire("));
    let mut taking = holding(&db, &taking.each_ref().map(String::as_str));
    taking.sort();
    assert_eq!(
        taking,
        [
            "shared/db/src/running/logins.rs",
            "shared/db/src/running/pool.rs",
            "shared/db/src/transaction.rs"
        ]
    );
    // The checks before the first use ask about the role and the schema, and how far the log is, not for a tenant's rows.
    let mut at_once = holding(&db, &["Transaction::at_once("]);
    at_once.sort();
    assert_eq!(
        at_once,
        [
            "shared/db/src/running/fitness.rs",
            "shared/db/src/running/replica.rs",
            "shared/db/src/running/replica/position.rs"
        ]
    );
    // At the replica a transaction begins with the tenant that a proof names, or, for a look at it, without any.
    assert_eq!(
        holding(&db, &["Transaction::watched("]),
        ["shared/db/src/running/replica.rs"]
    );
    assert_eq!(
        holding(&db, &["replica.begin("]),
        ["shared/db/src/scope/reading.rs"]
    );
    assert_eq!(
        holding(&db, &["Transaction::single("]),
        ["shared/db/src/scope.rs"]
    );
    // A turn's functions name the tenant themselves, with the caller that proves it.
    let mut alone = holding(&db, &["self.once("]);
    alone.sort();
    assert_eq!(
        alone,
        [
            "shared/db/src/chat/answers.rs",
            "shared/db/src/chat/apps.rs",
            "shared/db/src/chat/turns.rs",
            "shared/db/src/knowledge/passages.rs",
            "shared/db/src/knowledge/pgvector.rs",
            "shared/db/src/ledger/calls.rs"
        ]
    );
    for (name, text) in db.iter().filter(|(name, _)| alone.contains(name)) {
        let (once, tenant) = ("self.once(caller, ", ".bind(caller.tenant_id())");
        assert_eq!(
            text.matches(once).count(),
            text.matches(tenant).count(),
            "{name}: the first argument is the tenant of the caller"
        );
    }

    // Before a tenant is known there is a transaction without one: it may only ask the pinned functions.
    let mut without_tenant = holding(&db, &["self.outside("]);
    without_tenant.sort();
    assert_eq!(
        without_tenant,
        [
            "shared/db/src/access/callers.rs",
            "shared/db/src/access/origins.rs",
            "shared/db/src/ledger/months.rs",
            "shared/db/src/ledger/roll_up.rs",
            "shared/db/src/people/login.rs",
            "shared/db/src/people/rate_limits.rs",
            "shared/db/src/running/chores.rs",
            "shared/db/src/running/sweep.rs",
            "shared/db/src/running/token_keys.rs",
            "shared/db/src/scope/job.rs"
        ]
    );
    assert_eq!(
        holding(&db, &["Transaction::begin("]),
        ["shared/db/src/scope.rs"]
    );
    assert_eq!(holding(&db, &[".begin_with(", ".begin()"]), [""; 0]);
    assert_eq!(holding(&db, &[".detach()", ".leak()"]), [""; 0]);
}
