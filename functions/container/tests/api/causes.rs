//! What the log says of a failure: whom it concerns and what kind it is, so that an operator looks in the right place.

use crate::{
    commands::run,
    kit::{
        Kit, SECRET_KEY, U1,
        program::Program,
        provider::{Provider, Reply},
        request,
        wait::wait_until,
    },
};
use axum::body::Body;
use container::cluster::{Cluster, Keep};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::path::Path;

/// The line of a log that has that message.
fn line(log: &str, message: &str) -> Value {
    let found = log
        .lines()
        .find(|line| line.contains(&format!("\"message\":\"{message}\"")));
    let found = found.unwrap_or_else(|| panic!("{message} in {log}"));
    serde_json::from_str(found).expect("a line is JSON")
}

/// The log of a service with that provider, after somebody asked it something in vain.
async fn log_of_a_question(kit: &Kit, base: &str) -> String {
    let vars = [
        ("OPENAI_API_KEY", "sk-canary-0123"),
        ("OPENAI_BASE_URL", base),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let token = kit.token(U1).await;
    let (program, log) = Program::serve_logging(kit, &vars).await;
    let ask = request(&token, "POST", "/chat").header("content-type", "application/json");
    let ask = ask.body(Body::from(
        json!({ "message": "canary question" }).to_string(),
    ));
    let answer = program.send(ask.unwrap()).await;
    assert!(answer.status().is_server_error(), "{}", answer.status());
    let answer = answer.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    program.kill().await;
    let log = log.await.unwrap();
    assert!(!log.contains("canary"), "{log}");
    assert!(log.contains(answer["instance"].as_str().unwrap()));
    log
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_named_with_what_stopped_the_request() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let log = log_of_a_question(&kit, "http://127.0.0.1:1/v1").await;
    let told = line(&log, "a provider did not answer");
    assert_eq!(told["service"], "openai");
    assert_eq!(told["host"], "127.0.0.1:1");
    // Nobody reads more of a millisecond than hundredths.
    let answered = line(&log, "answered")["duration_ms"].to_string();
    let (_, fraction) = answered.split_once('.').expect("it is a number");
    assert!(fraction.len() <= 2, "{answered}");
    assert_eq!(told["code"], "provider_unreachable");
    assert_eq!(told["cause"], "connection refused: nothing listens there");

    let tls = format!("https://{}", provider.address);
    let told = line(
        &log_of_a_question(&kit, &tls).await,
        "a provider did not answer",
    );
    let cause = told["cause"].as_str().unwrap();
    assert!(cause.starts_with("TLS failed"), "{told}");

    provider.always(Reply::Status(
        500,
        json!({ "error": "canary of the provider" }),
    ));
    let log = log_of_a_question(&kit, &format!("http://{}", provider.address)).await;
    let told = line(&log, "a provider refused a request");
    assert_eq!(told["status"], 500);
    assert_eq!(told["host"], *provider.address);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_stopped_is_no_matter_of_keys() {
    let kit = Kit::new().await;
    let dir =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stopped-{}", std::process::id()));
    let cluster = Cluster::start(&dir, Keep::Nothing).expect("a server starts");
    let url = cluster
        .url()
        .expect("it has a password")
        .expose_secret()
        .to_owned();
    let migrated = run(
        &["migrate"],
        &[("DATABASE_URL", &url), ("SECRET_KEY", SECRET_KEY)],
        "",
    )
    .await;
    assert!(migrated.ok, "{}", migrated.stderr);
    // Not by way of a pooler that the tests may stand behind.
    let vars = [
        ("DATABASE_URL", &*url),
        ("APP_DATABASE_URL", ""),
        ("PLATFORM_DATABASE_URL", ""),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (program, log) = Program::serve_logging(&kit, &vars).await;
    cluster.stop().expect("it stops");
    wait_until("a service that is not ready", async || {
        let ready = request("", "GET", "/ready").body(Body::empty());
        match program.send(ready.unwrap()).await.status().as_u16() {
            503 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    program.kill().await;
    let log = log.await.unwrap();
    let failed = line(&log, "request failed");
    let cause = failed["cause"].as_str().unwrap();
    assert!(cause.contains("does not answer"), "{failed}");
    for misleading in ["with the same SECRET_KEY", " at line "] {
        assert!(!log.contains(misleading), "{misleading}: {log}");
    }
    cluster.discard().expect("its files can be deleted");
}
