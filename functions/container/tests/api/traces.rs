//! What a collector of OpenTelemetry is told of a chat, in whose trace, and what it is never told.

use crate::kit::{
    ADMIN1, JWT_SECRET_KEY, Kit, PASSWORD, SECRET_KEY, U1,
    collector::{Collector, Told},
    database::Database,
    program::Program,
    provider::{Provider, Reply},
    request,
    wait::wait_for,
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::json;

/// A trace that somebody else began, and its span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const QUESTION: &str = "Which canaryquestion is asked about refunds?";
const ANSWER: &str = "A canaryanswer about refunds.";
const DOCUMENT: &str = "Refunds: a canarydocument says what takes how long.";
const KEY: &str = "sk-canarykey-0123456789";

/// A service that knows a document and whose tenant has a key, on a database of its own; and the provider.
async fn prepared() -> (Kit, Provider) {
    let provider = Provider::start().await;
    let kit = Kit::on(Database::clone_template().await, provider.vars()).await;
    let admin = kit.token(ADMIN1).await;
    kit.add_document(ADMIN1, "Canarytitle", DOCUMENT).await;
    let set = json!({ "api_key": KEY });
    let set = kit.put(&admin, "/tenants/current/secrets/openai", set);
    assert_eq!(set.await.status, 204);
    let settings = json!({ "provider": "openai", "chat_model": "gpt-4o-mini" });
    let set = kit.patch(&admin, "/tenants/current", settings).await;
    assert_eq!(set.status, 200, "{}", set.text);
    provider.always(Reply::Text(vec![ANSWER.into()]));
    (kit, provider)
}

/// Asks as part of the trace that `traceparent` names, reads all of the answer, and gives what the service logged meanwhile.
async fn ask(kit: &Kit, vars: &[(String, String)], traceparent: &str) -> String {
    let (program, log) = Program::serve_logging(kit, vars).await;
    let token = kit.token(U1).await;
    let body = json!({ "message": QUESTION, "stream": true }).to_string();
    let asked = request(&token, "POST", "/chat")
        .header("content-type", "application/json")
        .header("traceparent", traceparent)
        .header("tracestate", "vendor=canarystate")
        .body(Body::from(body));
    let answer = program.send(asked.unwrap()).await;
    assert_eq!(answer.status(), 200);
    let text = wait_for("the answer", answer.into_body().collect()).await;
    let text = text.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("canaryanswer"));
    program.terminate().await;
    assert!(program.ended().await.success());
    wait_for("the log", log).await.unwrap()
}

fn vars(provider: &Provider, collector: &Collector) -> Vec<(String, String)> {
    provider
        .vars()
        .into_iter()
        .chain(collector.vars())
        .collect()
}

fn named<'a>(spans: &'a [Told], name: &str) -> &'a Told {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no span {name} in {spans:?}"))
}

#[tokio::test]
async fn a_chat_is_a_part_of_the_callers_trace_and_the_provider_of_ours() {
    let ((kit, provider), collector) = (prepared().await, Collector::start().await);
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let log = ask(&kit, &vars(&provider, &collector), &traceparent).await;
    let all = [
        "POST /chat",
        "begin_turn",
        "retrieval",
        "chat gpt-4o-mini",
        "end_answer",
    ];
    let spans = collector.knows(&all).await;

    let server = named(&spans, "POST /chat");
    assert_eq!((&*server.trace, &*server.parent), (TRACE, PARENT));
    assert_eq!(server.kind, 2);
    assert_eq!(server.says("http.route"), "/chat");
    assert_eq!(server.says("http.response.status_code"), "200");
    assert_eq!(server.says("tenant_id"), U1.tenant_id.to_string());
    for name in &all[1..] {
        let span = named(&spans, name);
        assert_eq!(
            (&*span.trace, &*span.parent),
            (TRACE, &*server.id),
            "{name}"
        );
        assert!(!span.failed, "{span:?}");
    }
    let chat = named(&spans, "chat gpt-4o-mini");
    assert_eq!(chat.kind, 3);
    for (name, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-4o-mini"),
        ("gen_ai.response.finish_reasons", "stop"),
    ] {
        assert_eq!(chat.says(name), value, "{name} of {chat:?}");
    }
    let tokens: u32 = chat.says("gen_ai.usage.input_tokens").parse().unwrap();
    assert!(tokens > 0);
    // The next in the line is told of the call, not of the request.
    let asked = provider.chats();
    let out = format!("00-{TRACE}-{}-01", chat.id);
    assert_eq!(asked.last().unwrap().traceparent, out);
    // What other systems say to each other is not passed on.
    assert_eq!(asked.last().unwrap().tracestate, "");
    let services: Vec<_> = collector.spans();
    assert!(services.iter().all(|(name, _)| name == "parlance"));

    let lines = log.lines().filter(|line| line.contains("request_id"));
    let of_trace = lines.filter(|line| line.contains(TRACE)).count();
    assert!(of_trace > 0, "{log}");
}

#[tokio::test] // R45
async fn nothing_that_anybody_said_is_in_a_trace() {
    let ((kit, provider), collector) = (prepared().await, Collector::start().await);
    let log = ask(&kit, &vars(&provider, &collector), "").await;
    let spans = collector.knows(&["POST /chat", "end_answer"]).await;
    assert!(spans.len() > 4);
    let told = String::from_utf8_lossy(&collector.bytes()).to_lowercase();
    for said in [
        "canary",
        U1.email,
        PASSWORD,
        SECRET_KEY,
        JWT_SECRET_KEY,
        "bearer",
        "select ",
    ] {
        let said = said.to_lowercase();
        assert!(!told.contains(&said), "a collector is told {said}");
        let logged = log.to_lowercase();
        assert!(
            said == "select " || !logged.contains(&said),
            "{said} in {log}"
        );
    }
    // One that nobody began has an id of its own.
    let server = named(&spans, "POST /chat");
    assert_eq!(server.parent, "");
    assert!(log.contains(&server.trace));
}

#[tokio::test]
async fn whoever_begins_a_trace_says_whether_it_is_kept() {
    let ((kit, provider), collector) = (prepared().await, Collector::start().await);
    let traceparent = format!("00-{TRACE}-{PARENT}-00");
    ask(&kit, &vars(&provider, &collector), &traceparent).await;
    // It has ended, and told all that it had to tell.
    let of_trace = |(_, span): &(_, Told)| span.trace == TRACE;
    assert!(!collector.spans().iter().any(of_trace));
    let out = provider.chats().last().unwrap().traceparent.clone();
    assert!(
        out.starts_with(&format!("00-{TRACE}-")) && out.ends_with("-00"),
        "{out}"
    );
}

#[tokio::test]
async fn a_call_that_fails_is_told_as_failed_with_its_code() {
    let ((kit, provider), collector) = (prepared().await, Collector::start().await);
    provider.reply(Reply::Raw("data: canary\n\n".into()));
    let (program, log) = Program::serve_logging(&kit, &vars(&provider, &collector)).await;
    let body = json!({ "message": QUESTION }).to_string();
    let asked = request(&kit.token(U1).await, "POST", "/chat")
        .header("content-type", "application/json")
        .body(Body::from(body));
    let answer = program.send(asked.unwrap()).await;
    assert_eq!(answer.status(), 502);
    program.terminate().await;
    assert!(program.ended().await.success());
    wait_for("the log", log).await.unwrap();
    let spans = collector.knows(&["POST /chat", "chat gpt-4o-mini"]).await;
    let chat = named(&spans, "chat gpt-4o-mini");
    assert!(chat.failed);
    assert_eq!(chat.says("error.type"), "upstream_invalid");
    assert!(named(&spans, "POST /chat").failed);
    let told = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(!told.contains("canary"));
}

#[tokio::test]
async fn without_a_collector_nobody_is_told_and_the_log_knows_the_callers_trace() {
    let (kit, provider) = prepared().await;
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let log = ask(&kit, &provider.vars(), &traceparent).await;
    assert_eq!(provider.chats().last().unwrap().traceparent, "");
    let answered = log.lines().find(|line| line.contains("\"/chat\""));
    let answered = answered.expect("the request is logged");
    assert!(answered.contains(TRACE), "{answered}");
    assert!(!log.contains("otel"), "{log}");
}
