//! `openapi.json` is the published contract; it changes together with the code or not at all.

mod rules;

use crate::{commands::run, kit::api::contract};
use std::{fs, path::PathBuf};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi.json")
}

fn generated() -> String {
    let api = web::openapi(container::routes());
    api.to_pretty_json().expect("the contract is JSON") + "\n"
}

#[test]
fn the_published_contract_is_that_of_the_code() {
    let generated = generated();
    if std::env::var("UPDATE_OPENAPI").is_ok_and(|v| v == "1") {
        fs::write(file(), &generated).expect("openapi.json can be written");
    }
    let published = fs::read_to_string(file()).unwrap_or_default();
    let differs = published
        .lines()
        .zip(generated.lines())
        .position(|(p, g)| p != g);
    assert!(
        published == generated,
        "functions/container/openapi.json is not what the routes say (line {}). If the change is meant, run \
         `UPDATE_OPENAPI=1 scripts/test openapi`, which rewrites it, and commit it.",
        differs.map_or(0, |line| line + 1)
    );
}

#[tokio::test]
async fn the_program_prints_the_published_contract() {
    let printed = run(&["openapi"], &[], "").await;
    assert!(printed.ok, "{}", printed.stderr);
    assert!(printed.stdout == generated());
}

#[test]
fn every_operation_says_what_it_does_and_how_it_ends() {
    for (path, methods) in contract()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(
                operation["summary"].as_str().is_some_and(|s| !s.is_empty()),
                "{at}"
            );
            assert!(operation["tags"][0].is_string(), "{at}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{at}"
            );
        }
    }
}

#[test]
fn no_schema_holds_what_must_not_be_told() {
    let text = contract()["components"]["schemas"].to_string();
    for word in ["password_hash", "base_url"] {
        assert!(!text.contains(word), "{word}");
    }
}
