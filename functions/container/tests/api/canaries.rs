//! No refusal repeats what was sent, and no log line holds it: it may be a password in the wrong place.

use crate::{
    corpus::{filled, with_field},
    kit::{
        Answer, Kit, SUPERUSER,
        api::{Operation, operations},
        program::Program,
        raw::Raw,
        request,
        wait::wait_for,
    },
};
use axum::body::Body;
use serde_json::{Value, json};

/// Not an identifier, nor anything else that has a right to be repeated.
const CANARY: &str = "c4n4ry p4ss;w0rd";
/// As a query or a path has it.
const ESCAPED: &str = "c4n4ry%20p4ss%3Bw0rd";
/// What must not be seen.
const SEEN: [&str; 2] = ["c4n4ry", "p4ss"];

/// Bodies that hold the canary in every position, each with its media type.
fn bodies(operation: &Operation) -> Vec<(&'static str, String)> {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let least: Value = operation.body("x");
    let least = if least.is_object() { least } else { json!({}) };
    let value = json!(CANARY).to_string();
    let mut all = vec![
        (JSON, format!("{{{value}: 1}}")),
        (JSON, format!("{{{value}}}")),
        (JSON, format!("{{\"email\": {value}")),
        (JSON, value.clone()),
        (JSON, format!("[{value}]")),
        (JSON, CANARY.to_owned()),
        (JSON, with_field(&least, CANARY, "1")),
        (JSON, with_field(&least, &"c4n4ry".repeat(7), "1")),
        ("", format!("{{\"password\": {value}}}")),
        (FORM, format!("{{\"password\": {value}}}")),
        (FORM, format!("{ESCAPED}={ESCAPED}")),
        (
            FORM,
            format!("username=a&username={ESCAPED}&password={ESCAPED}%00"),
        ),
        (
            FORM,
            format!("grant_type={ESCAPED}&refresh_token={ESCAPED}"),
        ),
        ("text/plain", CANARY.to_owned()),
        ("multipart/form-data", CANARY.to_owned()),
        (
            "multipart/form-data; boundary=b",
            format!(
                "--b\r\ncontent-disposition: form-data; name=\"{CANARY}\"\r\n\r\n{CANARY}\r\n--b--\r\n"
            ),
        ),
    ];
    for field in &operation.fields {
        let wrong = [
            value.clone(),
            format!("{value}{value}"),
            format!("[{value}]"),
            format!("{{{value}: {value}}}"),
            format!("{{\"{field}\": {value}}}"),
            format!("{{\"index\": [{value}], \"top_k\": {value}}}"),
        ];
        all.extend(wrong.map(|wrong| (JSON, with_field(&least, field, &wrong))));
    }
    all
}

fn assert_untold(answer: &Answer, at: &str) {
    for seen in SEEN {
        assert!(!answer.text.contains(seen), "{at}: {}", answer.text);
        let told = answer.headers.values().find(|value| {
            value
                .as_bytes()
                .windows(4)
                .any(|w| w == &seen.as_bytes()[..4])
        });
        assert!(told.is_none(), "{at}: {told:?}");
    }
}

/// Every way in which the canary can be sent to an operation, but for its body.
fn paths(operation: &Operation) -> Vec<String> {
    let path = filled(&operation.path);
    let parameters = operation.about["parameters"].as_array();
    let names = parameters
        .into_iter()
        .flatten()
        .filter(|p| p["in"] == "query");
    let queries = names.map(|p| format!("{path}?{}={ESCAPED}", p["name"].as_str().unwrap()));
    let mut all: Vec<_> = queries.collect();
    all.push(format!("{path}?{ESCAPED}={ESCAPED}"));
    all.push(format!("{path}/{ESCAPED}"));
    for parameter in ["{id}", "{tenant_id}", "{provider}"] {
        if operation.path.contains(parameter) {
            all.push(filled(&operation.path.replace(parameter, ESCAPED)));
        }
    }
    all
}

#[tokio::test] // R24 R54
async fn no_refusal_of_any_route_repeats_what_was_sent() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let mut refused = 0;
    for operation in operations() {
        let mut answers = Vec::new();
        for (media, body) in bodies(&operation) {
            let mut asked = request(&token, &operation.method, &filled(&operation.path));
            if !media.is_empty() {
                asked = asked.header("content-type", media);
            }
            let answer = kit.send(asked, Body::from(body.clone())).await;
            answers.push((format!("{media} {body}"), answer));
        }
        for path in paths(&operation) {
            let answer = kit.json(&token, &operation.method, &path, json!({})).await;
            answers.push((path, answer));
        }
        for (name, value) in [
            ("authorization", format!("Bearer {CANARY}")),
            ("authorization", CANARY.to_owned()),
            ("x-request-id", CANARY.to_owned()),
            ("accept", CANARY.to_owned()),
            ("content-type", CANARY.to_owned()),
            ("content-encoding", CANARY.to_owned()),
            ("idempotency-key", CANARY.to_owned()),
        ] {
            let own = if name == "authorization" { "" } else { &*token };
            let asked = request(own, &operation.method, &filled(&operation.path));
            let answer = kit.send(asked.header(name, value), Body::from("{}")).await;
            answers.push((name.to_owned(), answer));
        }
        for (sent, answer) in answers {
            // What was taken may be shown to who sent it.
            if !answer.status.is_success() {
                assert_untold(&answer, &format!("{} {sent}", operation.name()));
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "{refused} refusals are not all");
}

#[tokio::test] // R24 R88
async fn no_log_line_holds_what_was_sent() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let trace = [("RUST_LOG".to_owned(), "trace".to_owned())];
    let (program, log) = Program::serve_logging(&kit, &trace).await;
    let mut raw = Raw::connect(program.address()).await;
    for operation in operations() {
        let path = filled(&operation.path);
        let bodies = bodies(&operation).into_iter();
        let with_bodies = bodies.map(|(media, body)| (path.clone(), media, body));
        let with_paths = paths(&operation).into_iter();
        let with_paths = with_paths.map(|path| (path, "application/json", "{}".to_owned()));
        for (path, media, body) in with_bodies.chain(with_paths) {
            let asked = format!(
                "{} {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nuser-agent: {CANARY}\r\n\
                 content-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
                operation.method,
                body.len()
            );
            // Some answers end their connection, and streams have no length.
            let answer = match raw.try_send(&asked).await {
                Ok(()) => raw.try_answer().await,
                Err(_) => None,
            };
            if answer.is_none_or(|a| !a.header("transfer-encoding").is_empty()) {
                raw = Raw::connect(program.address()).await;
            }
        }
    }
    program.terminate().await;
    program.ended().await;
    let log = wait_for("the end of the log", log).await.unwrap();
    assert!(log.contains("\"status\":422"), "{log:.2000}");
    for seen in SEEN {
        let line = log.lines().find(|line| line.contains(seen));
        assert!(line.is_none(), "{line:?}");
    }
}

#[tokio::test]
async fn json_without_its_media_type_is_told_so() {
    let kit = Kit::new().await;
    for path in ["/login", "/login/refresh"] {
        let asked =
            request("", "POST", path).header("content-type", "application/x-www-form-urlencoded");
        let body = json!({ "email": "a@b.example", "password": CANARY }).to_string();
        let refused = kit.send(asked, Body::from(body)).await;
        assert_eq!(refused.problem(415), "unsupported_media_type");
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(
            detail.contains("content-type: application/json"),
            "{detail}"
        );
        assert_untold(&refused, path);
    }
}
