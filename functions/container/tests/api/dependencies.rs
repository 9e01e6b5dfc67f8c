//! Which crate may use which: a crate exists where a dependency must be forbidden.

use std::{collections::BTreeMap, fs, path::Path};

/// Of our crates, what each is built on.
const MAP: [(&str, &[&str]); 17] = [
    ("tenant-auth", &[]),
    ("fetch", &[]),
    ("traces", &["fetch"]),
    ("ai", &["fetch", "traces"]),
    ("extract", &[]),
    ("db", &["tenant-auth"]),
    ("service", &["ai", "db", "fetch", "tenant-auth", "traces"]),
    ("adopt", &["db", "service", "tenant-auth"]),
    ("web", &["ai", "db", "service", "tenant-auth", "traces"]),
    ("login", &["db", "service", "tenant-auth", "web"]),
    ("chat", &["ai", "db", "service", "traces", "web"]),
    ("tenants", &["ai", "db", "service", "tenant-auth", "web"]),
    (
        "documents",
        &["ai", "db", "extract", "fetch", "service", "web"],
    ),
    ("admin", &["db", "service", "tenant-auth", "web"]),
    (
        "jobs",
        &["db", "extract", "fetch", "service", "traces", "web"],
    ),
    ("migrate", &["db", "service", "web"]),
    (
        "container",
        &[
            "admin",
            "adopt",
            "chat",
            "db",
            "documents",
            "extract",
            "jobs",
            "login",
            "migrate",
            "service",
            "tenant-auth",
            "tenants",
            "web",
        ],
    ),
];

/// Nothing but features of others, for what is built here.
const ALIKE: &str = "alike";

/// What only some of them may name among their dependencies.
const GUARDED: [(&str, &[&str]); 7] = [
    ("opentelemetry", &["traces"]),
    ("sqlx", &["adopt", "db"]),
    ("reqwest", &["ai", "fetch", "traces"]),
    ("hyper", &["web"]),
    ("hyper-util", &["web"]),
    ("lambda_http", &["web"]),
    (
        "axum",
        &[
            "admin",
            "chat",
            "container",
            "documents",
            "login",
            "tenants",
            "web",
        ],
    ),
];

#[test]
fn every_crate_is_built_on_what_the_map_says() {
    let crates = dependencies();
    let ours: Vec<&String> = crates.keys().collect();
    for (name, uses) in MAP {
        let found = crates[name].iter().filter(|used| ours.contains(used));
        assert_eq!(
            found.collect::<Vec<_>>(),
            uses,
            "{name}: if the arrow is meant, add it to MAP in tests/api/dependencies.rs and to the map in CONTRIBUTING.md"
        );
    }
    assert_eq!(ours.len(), MAP.len(), "a crate is missing in MAP: {ours:?}");
    let all = crates
        .iter()
        .filter(|(_, uses)| uses.iter().any(|used| used == ALIKE));
    let all: Vec<_> = all.collect();
    assert!(
        all.is_empty(),
        "{ALIKE} may be named in [dev-dependencies] alone: {all:?}"
    );
}

#[test]
fn what_is_guarded_is_used_where_it_may_be() {
    let crates = dependencies();
    for (guarded, allowed) in GUARDED {
        let users = crates
            .iter()
            .filter(|(_, uses)| uses.iter().any(|used| used == guarded));
        let users: Vec<_> = users.map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            users, allowed,
            "who may use {guarded} is said in GUARDED in tests/api/dependencies.rs"
        );
    }
}

/// What each crate of the workspace depends on, tests and examples apart, in order of the alphabet.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifests = ["functions", "shared"].into_iter().flat_map(|group| {
        let crates = fs::read_dir(root.join(group)).expect("the folder can be read");
        crates.map(|entry| entry.expect("it can be listed").path().join("Cargo.toml"))
    });
    // The client is no crate.
    let manifests = manifests.filter(|manifest| manifest.exists());
    let read = manifests.map(|manifest| {
        let text = fs::read_to_string(&manifest).expect("the manifest can be read");
        let manifest: toml::Table = text.parse().expect("the manifest parses");
        let name = manifest["package"]["name"].as_str().expect("it has a name");
        let uses = manifest
            .get("dependencies")
            .and_then(|uses| uses.as_table());
        let mut uses: Vec<_> = uses
            .into_iter()
            .flat_map(|uses| uses.keys().cloned())
            .collect();
        uses.sort();
        (name.to_owned(), uses)
    });
    read.filter(|(name, _)| name != ALIKE).collect()
}
