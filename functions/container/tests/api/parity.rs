//! Every host gives the same answers. `parity/*.toml` are conversations that call every route of the contract;
//! each is held with the container, over a socket, and with the functions, in both shapes of events, every time on
//! a fresh database, and what is said must be what `golden/*.txt` has.
//!
//! After a change that is meant, `UPDATE_GOLDEN=1 scripts/test parity` rewrites those files from the container.
//!
//! Two more doors, for who asks for them. `scripts/test emulator --ignored` starts cargo-lambda's emulator, and
//! `PARITY_URL=https://... PARITY_DATABASE_URL=... scripts/test running_service --ignored` asks a service that runs.
//! The second variable names that service's database as `parlance migrate` does; it must have no tenant, and has none
//! afterwards. The service allows the origin `http://localhost:3000`, has no provider keys, and its `METRICS_TOKEN` is the
//! one of the kit.

mod door;
mod names;
mod scenario;
mod service;
mod transcript;

use crate::kit::{
    Kit,
    api::{asked_for, operations},
    lambda::event::Shape,
};
use door::Door;
use scenario::{Scenario, Step};
use service::{Deployment, Emulator};
use std::{fs, path::PathBuf};
use transcript::Transcript;

/// What the conversations take for granted, besides who is in the template: an origin that every tenant allows.
fn vars() -> Vec<(String, String)> {
    let origin = "http://localhost:3000".to_owned();
    vec![("BACKEND_CORS_ORIGINS".to_owned(), origin)]
}

async fn kit() -> Kit {
    Kit::with([("BACKEND_CORS_ORIGINS", "http://localhost:3000")]).await
}

fn updating() -> bool {
    std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}

fn golden(scenario: &Scenario) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/golden");
    PathBuf::from(folder).join(format!("{}.txt", scenario.name))
}

/// What is said otherwise than recorded in any conversation, each held through the door that `open` opens for it.
async fn differences(open: impl AsyncFn() -> Door) -> String {
    let mut differences = String::new();
    for scenario in scenario::all() {
        let transcript = Transcript::of(&scenario, &mut open().await).await;
        let recorded = fs::read_to_string(golden(&scenario)).unwrap_or_default();
        differences += &transcript.differences(&recorded);
    }
    differences
}

fn assert_none(differences: &str) {
    assert!(
        differences.is_empty(),
        "these answers are not the recorded ones:\n{differences}\nIf the change is meant, run \
         `UPDATE_GOLDEN=1 scripts/test parity` and commit what it wrote."
    );
}

async fn compare(open: impl AsyncFn() -> Door) {
    // While the files are rewritten there is nothing to compare with; the next run does.
    if !updating() {
        assert_none(&differences(open).await);
    }
}

#[tokio::test]
async fn the_container_answers_as_recorded() {
    let open = async || Door::container(&kit().await, &vars()).await;
    if !updating() {
        return compare(open).await;
    }
    for scenario in scenario::all() {
        let transcript = Transcript::of(&scenario, &mut open().await).await;
        fs::write(golden(&scenario), transcript.recording()).expect("golden/ can be written");
    }
}

#[tokio::test]
async fn functions_behind_urls_answer_as_recorded() {
    compare(async || Door::functions(&kit().await, &vars(), Shape::Url)).await;
}

#[tokio::test]
async fn functions_behind_a_rest_api_answer_as_recorded() {
    compare(async || Door::functions(&kit().await, &vars(), Shape::Rest)).await;
}

#[tokio::test]
#[ignore = "needs cargo-lambda on PATH"]
async fn functions_in_the_emulator_answer_as_recorded() {
    compare(async || Emulator::start(&kit().await, &vars()).await.door()).await;
}

#[tokio::test]
#[ignore = "needs PARITY_URL and PARITY_DATABASE_URL"]
async fn a_running_service_answers_as_recorded() {
    let deployment = Deployment::named();
    deployment.refuse_strangers().await;
    let differences = differences(async || deployment.door().await).await;
    deployment.clear().await;
    assert_none(&differences);
}

#[test]
fn every_transcript_has_its_conversation() {
    let known: Vec<PathBuf> = scenario::all().iter().map(golden).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/golden");
    for file in fs::read_dir(folder).expect("golden/ is there") {
        let file = file.expect("golden/ can be listed").path();
        assert!(known.contains(&file), "nothing writes {}", file.display());
    }
}

#[test]
fn every_operation_of_the_contract_is_called_well_and_badly() {
    let operations = operations();
    let steps: Vec<Step> = scenario::all().into_iter().flat_map(|s| s.steps).collect();
    let mut lacking = Vec::new();
    for operation in &operations {
        let calls = steps.iter().filter(|step| {
            let called = asked_for(&operations, step.method(), step.path());
            called.is_some_and(|called| called.name() == operation.name())
        });
        let statuses: Vec<u16> = calls.map(|step| step.status).collect();
        let name = &*operation.name();
        let succeeds = statuses.iter().any(|s| (200..300).contains(s));
        if !succeeds && !is_elsewhere(name, 200) {
            lacking.push(format!("{name} succeeds"));
        }
        if !operation.is_public() && !statuses.contains(&401) {
            lacking.push(format!("{name} is refused for want of a token"));
        }
        for status in operation.own_statuses() {
            // 429 takes as many steps as a deployment allows attempts, which differs; login_limits.rs has it.
            // What a deployment has switched off takes another deployment; headers.rs and metrics.rs have it.
            let off = status == 404 && operation.about["tags"][0] == "deployment";
            let wanted = status < 500 && status != 429 && !off && !is_elsewhere(name, status);
            if wanted && !statuses.contains(&status) {
                lacking.push(format!(
                    "{name} answers {status}, as the contract says it may"
                ));
            }
        }
    }
    assert!(
        lacking.is_empty(),
        "tests/api/parity/*.toml needs steps in which\n  {}",
        lacking.join("\n  ")
    );
}

/// Whether an answer takes more than one request after the other to show; other tests have it.
fn is_elsewhere(name: &str, status: u16) -> bool {
    match (name, status) {
        // An answer that is not waited for there is only where the process goes on; a conversation that is deleted while
        // its answer is made takes two at once. turns/ has both.
        ("POST /chat", 202 | 410) => true,
        // What a model costs that no provider has takes a provider; spending/ has it.
        (
            "POST /chat"
            | "POST /documents/search"
            | "POST /v1/chat/completions"
            | "POST /v1/responses",
            409,
        ) => true,
        // One at a time takes two at once, and what is gone many; rehearsals/ has both.
        ("POST /tenants/{tenant_id}/rehearsals", 409 | 410) => true,
        // It takes a provider that refuses, or whose price nobody knows; trials.rs has both.
        ("POST /tenants/{tenant_id}/trials", 400 | 409) => true,
        // Cookies are off; cookies.rs has them on.
        (name, 200 | 204 | 401 | 403 | 422) if name.ends_with(" /login/cookie") => true,
        // What it tells depends on which process does the chores; deployment.rs has it.
        ("GET /admin/deployment", 200) => true,
        // A key is tested by asking a provider; keys.rs has it.
        ("POST /tenants/{tenant_id}/secrets/{provider}/test", 200) => true,
        // A document of a connector takes a site that was read, and too many connectors as many requests; connectors/ has
        // both.
        (
            "POST /documents/connectors"
            | "DELETE /documents/{id}"
            | "PATCH /documents/{id}"
            | "PUT /documents/{id}/groups",
            409,
        ) => true,
        // The same file twice, neither of which can be read; document_retries.rs has it.
        ("POST /documents/{id}/retry", 409) => true,
        // A name that an app gives names nothing of anybody else, and an answer that is running takes two at once. ui/ has
        // all of it.
        ("POST /chat/ui", 404 | 409 | 410) | ("POST /chat/ui/{id}/stop", 404) => true,
        (name, 200 | 404) => name.starts_with("GET /chat/ui/{id}/s"),
        _ => false,
    }
}
