//! `railway.toml` and `.railway/railway.ts` describe one service to Railway, the former only until Railway stops reading
//! it. They must say the same.

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

/// What the argument of `service(…)` has: its fields that are one line long, and its sections with their settings, all
/// as they are written.
struct Service {
    fields: BTreeMap<String, String>,
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// Understands one way of writing `.railway/railway.ts` only, so that it never passes over anything: a setting to a
/// line, a section opened by `name: {` and closed by `},`.
fn ts_service() -> Service {
    let text = read(TS);
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("//"));

    let opens = |line: &str| line.starts_with("service(") && line.ends_with('{');
    assert_eq!(
        text.lines()
            .filter(|line| line.contains("service("))
            .count(),
        1,
        "{TS} must describe exactly one service."
    );
    assert!(
        lines.any(|(_, line)| opens(line)),
        "{TS}: no line reads `service(\"…\", {{`."
    );

    let mut service = Service {
        fields: BTreeMap::new(),
        sections: BTreeMap::new(),
    };
    let mut open: Option<String> = None;
    for (number, line) in lines {
        let place = format!("{TS}, line {number}");
        match (&open, line) {
            (None, "}),") => return service,
            (Some(_), "},") => open = None,
            (None, _) if line.ends_with(": {") => {
                let name = line.trim_end_matches(": {").to_owned();
                let doubled = service
                    .sections
                    .insert(name.clone(), BTreeMap::new())
                    .is_some();
                assert!(!doubled, "{place}: `{name}` is there twice.");
                open = Some(name);
            }
            _ => {
                let (name, value) = setting(line, &place);
                let settings = match &open {
                    Some(section) => service
                        .sections
                        .get_mut(section)
                        .expect("the section was opened"),
                    None => &mut service.fields,
                };
                let doubled = settings.insert(name.to_owned(), value.to_owned()).is_some();
                assert!(!doubled, "{place}: `{name}` is there twice.");
            }
        }
    }
    panic!("{TS}: the service is not closed by a line `}}),`.");
}

fn setting<'a>(line: &'a str, place: &str) -> (&'a str, &'a str) {
    let setting = line
        .strip_suffix(',')
        .and_then(|line| line.split_once(": "));
    setting.unwrap_or_else(|| {
        panic!("{place}: `{line}` is not one setting in the form `name: value,`.")
    })
}

/// The literals of `build` and `deploy`. Literals as they are written there are JSON as well.
fn ts_sections() -> Sections {
    let literal = |section: &str, name: &str, value: &str| {
        serde_json::from_str(value).unwrap_or_else(|_| {
            panic!("{TS}: `{section}.{name}` is `{value}`, which is not a plain literal.")
        })
    };
    ts_service()
        .sections
        .iter()
        .filter(|(section, _)| *section != "env")
        .map(|(section, settings)| {
            let settings = settings
                .iter()
                .map(|(name, value)| (name.clone(), literal(section, name, value)))
                .collect();
            (section.clone(), settings)
        })
        .collect()
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

/// Railway's `service()` also takes these settings under other names (`start` beside `deploy.startCommand`, say), and
/// those would win.
#[test]
fn the_service_has_each_setting_in_one_place() {
    let service = ts_service();
    let names: Vec<&String> = service
        .fields
        .keys()
        .chain(service.sections.keys())
        .collect();
    assert_eq!(
        names,
        ["source", "build", "deploy", "env"],
        "{TS}: the fields of the service must be `source`, `build`, `deploy` and `env`."
    );
}

#[test]
fn no_secret_is_written_down() {
    const PLAIN: &[&str] = &["ACCESS_TOKEN_EXPIRE_MINUTES", "ALGORITHM", "RUST_LOG"];
    let service = ts_service();
    let env = service
        .sections
        .get("env")
        .unwrap_or_else(|| panic!("{TS} has no `env`."));
    for (name, value) in env {
        assert!(
            PLAIN.contains(&name.as_str()) || value == "preserve()",
            "{TS}: `env.{name}` must be `preserve()`: its value belongs in Railway only."
        );
    }
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
