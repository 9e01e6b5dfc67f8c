//! Every place that lists the settings lists the same: the table beside `Config` is the one that counts.

use crate::commands::run;
use std::{collections::BTreeSet, fs, path::Path};

/// Every setting there is with its default, as the table in the configuration's documentation has them.
fn table() -> Vec<(&'static str, &'static str)> {
    let source = include_str!("../../../../shared/service/src/config.rs");
    let rows = source.lines().filter(|line| line.starts_with("/// | `"));
    let settings = rows.flat_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let names = cells[1]
            .split(',')
            .map(|name| name.trim().trim_matches('`'));
        let default = cells
            .last()
            .expect("a row has cells")
            .trim_end_matches(" |");
        names.map(move |name| (name, default)).collect::<Vec<_>>()
    });
    settings.collect()
}

/// The names of all settings.
fn names() -> BTreeSet<&'static str> {
    let names: BTreeSet<_> = table().into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 25, "{names:?}");
    names
}

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file} cannot be read: {e}"))
}

/// Asserts that `listed` are the settings, and besides them only `others`.
fn assert_all(place: &str, listed: &BTreeSet<&str>, others: &[&str]) {
    let expected: BTreeSet<_> = names().into_iter().chain(others.iter().copied()).collect();
    let missing: Vec<_> = expected.difference(listed).collect();
    let unknown: Vec<_> = listed.difference(&expected).collect();
    assert!(missing.is_empty(), "{place} lacks {missing:?}");
    assert!(
        unknown.is_empty(),
        "{place} has {unknown:?}, which the table beside Config has not"
    );
}

#[tokio::test] // R52
async fn the_help_has_every_setting() {
    let help = run(&["--help"], &[], "").await.stdout;
    let (_, lines) = help
        .split_once("Environment (")
        .expect("the help lists the environment");
    let listed = lines
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once(' '));
    let listed = listed.map(|(name, _)| name).collect();
    assert_all("`parlance --help`", &listed, &["PG_BIN"]);
}

#[test]
fn the_example_has_every_setting_with_a_comment_and_its_default() {
    let text = read(".env.example");
    let mut listed = BTreeSet::new();
    let mut commented = false;
    for line in text.lines() {
        match line.trim_start_matches('#').split_once('=') {
            Some((name, value)) if !line.starts_with("# ") => {
                assert!(listed.insert(name), ".env.example has {name} twice");
                let explains_itself = line.starts_with('#') || name.ends_with("_API_KEY");
                assert!(
                    commented || explains_itself,
                    ".env.example does not say what {name} is"
                );
                let default = table()
                    .into_iter()
                    .find(|(n, _)| *n == name)
                    .map_or("", |(_, d)| d);
                let shown = default.trim_matches('`');
                let own = default.starts_with("the providers'");
                if line.starts_with('#') && !own {
                    let shown = shown.split([' ', '`', ',']).next();
                    assert_eq!(
                        Some(value),
                        shown,
                        ".env.example shows another default of {name}"
                    );
                }
                assert!(
                    line.starts_with('#') || value.is_empty(),
                    ".env.example sets {name}"
                );
                commented = false;
            }
            _ => commented = line.starts_with("# "),
        }
    }
    // compose.yaml gives that to the database, and the service never sees it by itself.
    assert_all(".env.example", &listed, &["POSTGRES_PASSWORD"]);
}

#[test]
fn what_is_deployed_sets_only_what_there_is() {
    let template = read("template.yaml");
    let (_, variables) = template
        .split_once("\n      Variables:\n")
        .expect("there are variables for all functions");
    let set = variables
        .lines()
        .map_while(|line| line.strip_prefix("        ")?.split_once(": "));
    let set: BTreeSet<_> = set.map(|(name, _)| name).collect();
    assert!(set.len() >= 5, "{set:?}");
    for name in &set {
        assert!(
            names().contains(name),
            "template.yaml sets {name}, which is no setting"
        );
    }
    // On Railway they are set by hand, and the file must leave them alone.
    let railway = read(".railway/railway.ts");
    for name in names() {
        assert!(
            !railway.contains(name),
            ".railway/railway.ts speaks of {name}"
        );
    }
}
