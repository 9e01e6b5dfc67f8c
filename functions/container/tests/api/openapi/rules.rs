//! What makes the contract one that generators make good clients of.

use crate::kit::{
    ADMIN1, SUPERUSER,
    api::{Operation, contract, operations, resolve},
    documented::error_codes,
    scene::Scene,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Everything in a document, with where it stands.
fn all(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    found.push((at.to_owned(), value.clone()));
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                all(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                all(item, &format!("{at}/{n}"), found);
            }
        }
        _ => {}
    }
}

fn responses(operation: &Operation) -> BTreeMap<String, Value> {
    let contract = contract();
    let responses = operation.about["responses"].as_object().unwrap();
    let resolved = |(status, response): (&String, &Value)| {
        (status.clone(), resolve(&contract, response).clone())
    };
    responses.iter().map(resolved).collect()
}

#[test]
fn every_reference_leads_somewhere() {
    let contract = contract();
    let mut found = Vec::new();
    all(&contract, "", &mut found);
    for (at, value) in found.iter().filter(|(at, _)| at.ends_with("/$ref")) {
        let target = value.as_str().unwrap().trim_start_matches('#');
        assert!(contract.pointer(target).is_some(), "{at}: {target}");
    }
}

#[test]
fn operations_have_names_of_their_own_as_clients_write_them() {
    const ONE_WORD: [&str; 2] = ["login", "logout"];
    let mut names = BTreeSet::new();
    for operation in operations() {
        let at = operation.name();
        let id = operation.about["operationId"].as_str().unwrap().to_owned();
        let camel = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric())
            && id.contains(|c: char| c.is_ascii_uppercase());
        assert!(
            camel || ONE_WORD.contains(&&*id),
            "{at} is called {id}; give it an operation_id like those of the other routes: what it does to what"
        );
        assert!(names.insert(id.clone()), "{at} is not the only {id}");
    }
}

#[test]
fn tags_are_declared_words() {
    let declared: Vec<Value> = contract()["tags"].as_array().unwrap().clone();
    for operation in operations() {
        let tag = operation.about["tags"][0].as_str().unwrap();
        assert!(declared.iter().any(|t| t["name"] == tag), "{tag}");
        assert!(!tag.contains(' '), "{tag}");
    }
}

#[test]
fn every_response_is_described_and_every_failure_a_problem() {
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    for operation in operations() {
        for (status, response) in responses(&operation) {
            let at = format!("{} {status}", operation.name());
            let described = response["description"].as_str().unwrap_or_default();
            assert!(!described.is_empty(), "{at} has no description");
            if status.as_str() >= "400" && operation.is_foreign() {
                let schema = &response["content"]["text/plain"]["schema"];
                assert_eq!(schema["type"], "string", "{at}");
                assert!(response["headers"]["x-error-code"].is_object(), "{at}");
            } else if status.as_str() >= "400" {
                let (media, expected) = match operation.is_openai() {
                    true => ("application/json", schema("OpenAiFailure")),
                    false if operation.is_mcp() => ("application/json", schema("McpFailure")),
                    false => ("application/problem+json", schema("Problem")),
                };
                let failure = &response["content"][media]["schema"];
                assert_eq!(*failure, expected, "{at}");
            }
        }
    }
}

#[test]
fn what_an_operation_is_says_how_it_may_fail() {
    for operation in operations() {
        let responses = responses(&operation);
        let parameters = operation.about["parameters"].as_array().into_iter();
        let in_path = parameters.flatten().any(|p| p["in"] == "path");
        let body = operation.about["requestBody"].is_object();
        for (expected, follows) in [
            (&["503", "default"][..], true),
            (&["401", "403"], operation.needs_login()),
            (&["400", "413", "415", "422"], body),
            (&["404", "422"], in_path),
        ] {
            for status in expected.iter().filter(|_| follows) {
                // Where it is 400 there.
                if (operation.is_openai() || operation.is_mcp()) && *status == "422" {
                    continue;
                }
                assert!(
                    responses.contains_key(*status),
                    "{} {status}",
                    operation.name()
                );
            }
        }
        assert!(!body || operation.about["requestBody"]["required"] == true);
    }
}

#[test]
fn every_schema_and_field_is_described() {
    let contract = contract();
    for (name, schema) in contract["components"]["schemas"].as_object().unwrap() {
        assert!(
            schema["description"].is_string(),
            "{name} has no doc comment"
        );
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in parts.chain([schema]) {
            for (field, of) in part["properties"].as_object().into_iter().flatten() {
                let either = of["oneOf"].get(0).unwrap_or(of);
                assert!(
                    either["description"].is_string(),
                    "{name}.{field} has no doc comment"
                );
            }
        }
    }
}

#[test]
fn lists_name_their_items() {
    let contract = contract();
    let schemas = contract["components"]["schemas"].as_object().unwrap();
    let lists = schemas
        .iter()
        .filter(|(_, s)| s["properties"]["next_cursor"].is_object());
    let mut found = 0;
    for (name, list) in lists {
        let item = &list["properties"]["items"]["items"]["$ref"];
        let item = item.as_str().unwrap().rsplit('/').next().unwrap();
        assert_eq!(*name, format!("{item}List"));
        found += 1;
    }
    assert!(found >= 7, "{found}");
}

#[test]
fn the_transcript_of_a_stream_fits_the_events() {
    let contract = contract();
    let schemas = &contract["components"]["schemas"];
    let parts = schemas["ChatEvent"]["oneOf"].as_array().unwrap();
    let named = |event: &str| {
        let fits = |part: &&Value| {
            let described = resolve(&contract, part)["description"].as_str().unwrap();
            described.starts_with(&format!("`event: {event}`"))
        };
        let part = parts.iter().find(fits);
        resolve(
            &contract,
            part.unwrap_or_else(|| panic!("no schema of {event}")),
        )
    };
    let chat = &contract["paths"]["/chat"]["post"];
    let transcript = chat["description"].as_str().unwrap();
    let lines: Vec<&str> = transcript.lines().collect();
    let mut shown = BTreeSet::new();
    for pair in lines.windows(2) {
        let Some(event) = pair[0].strip_prefix("event: ") else {
            continue;
        };
        let data: Value = serde_json::from_str(pair[1].strip_prefix("data: ").unwrap()).unwrap();
        let sent: BTreeSet<&String> = data.as_object().unwrap().keys().collect();
        let known = named(event)["properties"].as_object().unwrap();
        assert_eq!(sent, known.keys().collect(), "{event}");
        shown.insert(event);
    }
    assert_eq!(shown, BTreeSet::from(["start", "sources", "delta", "done"]));
    assert!(named("error").is_object());
}

#[tokio::test]
async fn every_example_of_a_body_is_acceptable() {
    let scene = Scene::new().await;
    for operation in operations().into_iter().filter(Operation::takes_json) {
        let for_superusers = ["POST /tenants", "POST /admin/tenants/{id}/assume"];
        let who = match for_superusers.contains(&&*operation.name()) {
            true => SUPERUSER,
            false => ADMIN1,
        };
        let body = &operation.about["requestBody"]["content"]["application/json"]["example"];
        let path = operation.path_of(&scene.ids_of(who));
        let answer = scene
            .ask(scene.token_of(who), &operation.method, &path, body)
            .await;
        let refused = [400, 415, 422].contains(&answer.status.as_u16());
        assert!(!refused, "{} {body}: {}", operation.name(), answer.text);
    }
}

/// The codes that the sources give to `web::Error` themselves.
fn codes_in(text: &str) -> BTreeSet<String> {
    let kinds = ["Unauthorized(", "Forbidden(", "Conflict("];
    let all = kinds.iter().flat_map(|kind| text.split(kind).skip(1));
    let literal = |rest: &str| {
        Some(
            rest.trim_start()
                .strip_prefix('"')?
                .split('"')
                .next()?
                .to_owned(),
        )
    };
    all.filter_map(literal).collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_in_the_sources_is_listed() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    for folder in ["functions", "shared"] {
        sources(&workspace.join(folder), &mut texts);
    }
    let used: BTreeSet<String> = texts.iter().flat_map(|text| codes_in(text)).collect();
    assert!(used.len() > 10, "{used:?}");
    let listed: BTreeSet<String> = error_codes().map(|(code, _)| code).collect();
    let missing: Vec<_> = used
        .difference(&listed)
        .filter(|code| !code.starts_with("{"))
        .collect();
    assert!(
        missing.is_empty(),
        "list {missing:?} in shared/web/src/contract/codes.rs"
    );
}
