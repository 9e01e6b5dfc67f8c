//! Railway's rule of what a file changes, as its CLI has it (railwayapp/cli df3838b of 2026-08-21, `src/iac/change_set.rs`,
//! `diff_graphs` and `diff_variables`): whatever an environment has and the file does not say is deleted, as far as the file
//! speaks for it. Without the CLI's lists of defaults, so this finds a change where the CLI may find none.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Who speaks for what: the name of a part, by the address of a resource.
pub type Owners<'a> = BTreeMap<&'a str, &'a str>;

/// A file without a name speaks for the whole project.
const PROJECT: &str = "*";

/// What `railway config apply` would do, a line each.
pub fn changes(current: &Value, evaluated: &Value, owners: &Owners<'_>) -> Vec<String> {
    let partial = evaluated["partial"].as_str().unwrap_or(PROJECT);
    let (there, wanted) = (resources(current), resources(&evaluated["project"]));
    let mut changes = Vec::new();
    for (address, resource) in &wanted {
        match there.get(address) {
            None => changes.push(format!("create {address}")),
            Some(before) => {
                variables(address, before, resource, &mut changes);
                fields(address, before, resource, &mut changes);
            }
        }
    }
    for (address, resource) in there.iter().filter(|(a, _)| !wanted.contains_key(*a)) {
        let ours = partial == PROJECT || owners.get(address.as_str()) == Some(&partial);
        if ours && resource["type"] != "volume" {
            changes.push(format!("delete {address}"));
        }
    }
    changes
}

fn resources(graph: &Value) -> BTreeMap<String, &Value> {
    let all = graph["resources"]
        .as_array()
        .expect("a graph has resources");
    let address = |resource: &Value| {
        let text = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
        format!("{}.{}", text("type"), text("name"))
    };
    all.iter()
        .map(|resource| (address(resource), resource))
        .collect()
}

fn variables(address: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    let none = Map::new();
    let of = |resource: &Value| resource["variables"].as_object().unwrap_or(&none).clone();
    let (before, after) = (of(before), of(after));
    for (name, value) in &after {
        let unknown = before
            .get(name)
            .is_some_and(|before| before["type"] == "preserve");
        if value["type"] != "preserve" && (unknown || before.get(name) != Some(value)) {
            changes.push(format!("set {address}.{name}"));
        }
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    changes.extend(gone.map(|name| format!("delete {address}.{name}")));
}

fn fields(address: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    for field in [
        "source",
        "build",
        "deploy",
        "networking",
        "volumeAttachments",
        "groupId",
        "config",
    ] {
        let (before, after) = (flat(&before[field]), flat(&after[field]));
        let names = before.keys().chain(after.keys());
        let mut changed: Vec<_> = names
            .filter(|name| before.get(*name) != after.get(*name))
            .collect();
        changed.sort();
        changed.dedup();
        changes.extend(
            changed
                .iter()
                .map(|name| format!("update {address} {field}.{name}")),
        );
    }
}

/// The members of an object; nothing has none.
fn flat(value: &Value) -> BTreeMap<String, Value> {
    match value {
        Value::Object(members) => members
            .clone()
            .into_iter()
            .filter(|(_, v)| !v.is_null())
            .collect(),
        Value::Null => BTreeMap::new(),
        other => BTreeMap::from([(String::new(), other.clone())]),
    }
}
