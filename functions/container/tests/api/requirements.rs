//! docs/security.md lists what must hold; each of it has a test that names it, or a sentence why it does not apply.

use crate::kit::{Kit, METRICS_TOKEN, SECRET_KEY, program::Program};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// How many there are.
const ALL: u32 = 90;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{} cannot be read: {e}", path.display()))
}

/// Every file below a folder with one of the endings, in order, but for what was built.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.unwrap_or_default().to_owned();
            if path.is_dir() && name != "node_modules" {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The sources of every crate.
fn sources() -> Vec<(PathBuf, String)> {
    let all = ["functions", "shared"].map(|folder| files(folder, &[".rs"]));
    let all = all.into_iter().flatten();
    all.map(|path| (path.clone(), read(path))).collect()
}

/// The numbers that a comment names.
fn numbers(comment: &str) -> impl Iterator<Item = u32> {
    let words = comment.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.strip_prefix('R')?.parse().ok())
}

#[test]
fn everything_that_must_hold_has_a_test_or_a_reason() {
    let mut shown = BTreeSet::new();
    for (_, source) in sources() {
        let comments = source.lines().filter_map(|line| line.split_once("//"));
        shown.extend(comments.flat_map(|(_, comment)| numbers(comment).collect::<Vec<_>>()));
    }
    let page = read("docs/security.md");
    let rows = page.lines().filter_map(|line| {
        let (number, text) = line.strip_prefix("| R")?.split_once(" | ")?;
        Some((number.parse::<u32>().expect("a row has a number"), text))
    });
    let rows: Vec<_> = rows.collect();
    let listed: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(listed, (1..=ALL).collect::<Vec<_>>(), "docs/security.md");
    let unshown = rows
        .iter()
        .filter(|(number, text)| !shown.contains(number) && !text.starts_with("Does not apply"));
    let unshown: Vec<_> = unshown.collect();
    assert!(unshown.is_empty(), "neither test nor reason: {unshown:?}");
    let unknown: Vec<_> = shown.iter().filter(|n| !(1..=ALL).contains(*n)).collect();
    assert!(unknown.is_empty(), "docs/security.md lacks {unknown:?}");
}

#[test] // R51
fn what_holds_a_secret_does_not_print_it() {
    let secret = "canary-secret-0123456789abcdef0123456789";
    let url = format!("postgresql://somebody:{secret}@localhost/parlance");
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("JWT_SECRET_KEY", secret),
        ("OPENAI_API_KEY", secret),
        ("PINECONE_API_KEY", secret),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secrets = service::Config::from_vars(vars).unwrap().secrets;
    for printed in [
        format!("{:?}", secrets.connections),
        format!("{:?}", secrets.provider_keys),
        format!("{:?}", secrets.pinecone_api_key),
    ] {
        assert!(!printed.contains("canary"), "{printed}");
    }
}

#[test] // R51
fn secrets_are_compared_in_constant_time() {
    // At start, and in an operator's own command, there is nobody to be told by a time.
    let own = ["shared/service/src/config/", "shared/adopt/"];
    for (path, source) in sources() {
        let path = path.strip_prefix(root()).unwrap_or(&path).to_owned();
        let path = path.to_string_lossy();
        if path.contains("tests") || own.iter().any(|own| path.contains(own)) {
            continue;
        }
        for line in source.lines() {
            let is_compared = line.contains("==") || line.contains("!=");
            assert!(
                !(line.contains("expose_secret()") && is_compared),
                "{path} compares a secret byte by byte: {line}"
            );
        }
    }
}

#[tokio::test] // R51
async fn a_crash_leaves_no_copy_of_the_memory() {
    let kit = Kit::new().await;
    let program = Program::serve(&kit, &[]).await;
    let limits = program.told("limits");
    let core = limits.lines().find(|l| l.starts_with("Max core file size"));
    let core: Vec<_> = core
        .expect("there is such a limit")
        .split_whitespace()
        .collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    let environment = program.told("environ");
    assert!(environment.contains(METRICS_TOKEN), "it was given secrets");
    program.terminate().await;
    assert!(program.ended().await.success());
}
