//! `railway.toml` and `.railway/railway.ts` describe one service to Railway, the former only until Railway stops reading
//! it. They must say the same; and the latter must leave everything alone that it does not describe.

mod changes;
mod plan;
mod sdk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const TOML: &str = "railway.toml";
const TS: &str = ".railway/railway.ts";

/// What both files have: settings by the name of their section.
type Sections = BTreeMap<String, BTreeMap<String, Value>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file} cannot be read: {e}"))
}

fn toml_sections() -> Sections {
    let whole: Value =
        toml::from_str(&read(TOML)).unwrap_or_else(|e| panic!("{TOML} is not TOML: {e}"));
    let sections = whole.as_object().expect("a TOML document is a table");
    sections
        .iter()
        .map(|(name, section)| {
            let settings = section
                .as_object()
                .unwrap_or_else(|| panic!("{TOML}: `{name}` belongs in [build] or [deploy]."));
            (name.clone(), settings.clone().into_iter().collect())
        })
        .collect()
}

/// The settings that `.railway/railway.ts` lays over the service's own, as literals that are JSON as well. Understands one
/// way of writing them only, so that it never passes over anything: a setting to a line, a section opened by `name: {` and
/// closed by `},`, all of it between `const settings = {` and `};`.
fn ts_sections() -> Sections {
    let text = read(TS);
    let (_, settings) = text
        .split_once("\nconst settings = {\n")
        .unwrap_or_else(|| panic!("{TS}: no line reads `const settings = {{`."));
    let (settings, _) = settings
        .split_once("\n};\n")
        .unwrap_or_else(|| panic!("{TS}: `settings` is not closed by a line `}};`."));
    let mut sections = Sections::new();
    let mut open: Option<String> = None;
    for line in settings.lines().map(str::trim) {
        match (&open, line.strip_suffix(": {")) {
            (Some(_), _) if line == "}," => open = None,
            (None, Some(name)) => {
                let doubled = sections.insert(name.to_owned(), BTreeMap::new()).is_some();
                assert!(!doubled, "{TS}: `{name}` is there twice.");
                open = Some(name.to_owned());
            }
            (Some(section), _) => {
                let (name, value) = setting(line);
                let value = serde_json::from_str(value).unwrap_or_else(|_| {
                    panic!("{TS}: `{section}.{name}` is `{value}`, which is not a plain literal.")
                });
                let settings = sections.get_mut(section).expect("the section was opened");
                let doubled = settings.insert(name.to_owned(), value).is_some();
                assert!(!doubled, "{TS}: `{section}.{name}` is there twice.");
            }
            (None, None) => panic!("{TS}: `{line}` belongs in `build` or `deploy`."),
        }
    }
    sections
}

fn setting(line: &str) -> (&str, &str) {
    let setting = line
        .strip_suffix(',')
        .and_then(|line| line.split_once(": "));
    setting
        .unwrap_or_else(|| panic!("{TS}: `{line}` is not one setting in the form `name: value,`."))
}

/// Every setting by its full name, as `deploy.startCommand`.
fn flat(sections: &Sections) -> BTreeMap<String, &Value> {
    sections
        .iter()
        .flat_map(|(section, settings)| {
            settings
                .iter()
                .map(move |(name, value)| (format!("{section}.{name}"), value))
        })
        .collect()
}

#[test]
fn both_files_say_the_same() {
    let (toml, ts) = (toml_sections(), ts_sections());
    let (toml, ts) = (flat(&toml), flat(&ts));
    let names: BTreeSet<&String> = toml.keys().chain(ts.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter_map(|name| match (toml.get(name), ts.get(name)) {
            (Some(a), Some(b)) if a == b => None,
            (Some(a), Some(b)) => Some(format!("`{name}` is {a} in {TOML} and {b} in {TS}.")),
            (Some(a), None) => Some(format!("`{name}` is {a} in {TOML} and missing in {TS}.")),
            (None, b) => Some(format!(
                "`{name}` is missing in {TOML} and {} in {TS}.",
                b.expect("in one of them")
            )),
        })
        .collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn what_is_named_is_there() {
    let build = ts_sections()
        .remove("build")
        .unwrap_or_else(|| panic!("{TS} has no `build`."));
    let text = |value: &Value| value.as_str().expect("a path is a string").to_owned();
    let patterns = build["watchPatterns"]
        .as_array()
        .expect("`build.watchPatterns` is a list");
    let watched = patterns.iter().map(text).map(|pattern| {
        let path = pattern
            .strip_prefix('/')
            .expect("`build.watchPatterns` begin with a slash");
        path.trim_end_matches("/**").replace(".*", ".toml")
    });
    for path in watched.chain([text(&build["dockerfilePath"])]) {
        assert!(
            root().join(&path).exists(),
            "Railway is told of `{path}`, which is not in the repository."
        );
    }
}
