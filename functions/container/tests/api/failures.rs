//! What becomes of an answer when the provider fails: one clear end, what there is of it kept, and not a word
//! of the provider's.

use crate::kit::{
    Answer, Kit, U1,
    http::{Event, Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

const CANARY: &str = "canary-in-the-provider-s-words";

async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

async fn ask(kit: &Kit, token: &str) -> Answer {
    kit.post(token, "/chat", json!({ "message": "Hello?" }))
        .await
}

async fn ask_streamed(served: &Served, token: &str) -> Vec<Event> {
    let response = served.send(streamed(token, "Hello?")).await;
    assert_eq!(response.status(), 200);
    Events::new(response).all().await
}

/// The last event, which must be the only end, and an `error`.
fn the_error(events: &[Event]) -> &Event {
    let ends = events
        .iter()
        .filter(|e| ["done", "error"].contains(&&*e.event));
    assert_eq!(ends.count(), 1, "{events:?}");
    let last = events.last().expect("an event");
    assert_eq!(last.event, "error", "{events:?}");
    assert!(last.data["title"].is_string() && last.data["detail"].is_string());
    assert!(!format!("{events:?}").contains("canary"), "{events:?}");
    last
}

fn code(error: &Event) -> &str {
    let kind = error.data["type"].as_str().expect("a problem has a type");
    kind.strip_prefix("urn:parlance:error:")
        .expect("it is ours")
}

fn failing() -> Vec<(Reply, u16, &'static str, bool)> {
    let body = json!({ "error": { "message": CANARY, "code": CANARY } });
    let status = |status| Reply::Status(status, body.clone());
    let of = |code: &str| {
        Reply::Status(
            400,
            json!({ "error": { "message": CANARY, "param": CANARY, "code": code } }),
        )
    };
    let huge = "x".repeat(5 * 1024 * 1024);
    vec![
        (status(401), 502, "provider_auth_failed", false),
        (status(403), 502, "provider_auth_failed", false),
        (status(400), 502, "provider_rejected", false),
        (of("content_filter"), 400, "content_filter", false),
        (
            of("context_length_exceeded"),
            400,
            "context_length_exceeded",
            false,
        ),
        (status(402), 502, "provider_misconfigured", false),
        (status(429), 503, "provider_rate_limited", true),
        (status(500), 502, "provider_unavailable", true),
        (status(503), 502, "provider_unavailable", true),
        (status(307), 502, "upstream_invalid", false),
        (
            Reply::Status(200, json!({ "choices": [], "error": CANARY })),
            502,
            "provider_interrupted",
            true,
        ),
        (
            Reply::Status(200, json!({ CANARY: huge })),
            502,
            "upstream_invalid",
            false,
        ),
        (
            Reply::Raw(format!("{CANARY} {{")),
            502,
            "upstream_invalid",
            false,
        ),
    ]
}

#[tokio::test] // R61 R66
async fn a_plain_answer_that_fails_is_a_problem() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for (reply, status, expected, _) in failing() {
        let shown = format!("{reply:.60?}");
        provider.always(reply);
        let before = provider.chats().len();
        let answer = ask(&kit, &token).await;
        let asked = provider.chats().len() - before;
        assert_eq!(answer.problem(status), expected, "{shown}");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        // What may pass was asked for again.
        let passes = ["provider_rate_limited", "provider_unavailable"].contains(&expected);
        assert!(asked == 1 || passes && asked <= 3, "{asked}: {shown}");
        let limited = expected == "provider_rate_limited";
        assert_eq!(!answer.header("retry-after").is_empty(), limited);
    }
    let rows = kit.messages().await;
    let answers: Vec<_> = rows.iter().filter(|m| m.role == "assistant").collect();
    assert_eq!(answers.len(), failing().len());
    for (row, (_, _, expected, _)) in answers.iter().zip(failing()) {
        let interrupted = expected == "provider_interrupted";
        assert_eq!(
            row.status,
            if interrupted { "interrupted" } else { "failed" }
        );
        assert_eq!(row.error_code.as_deref(), Some(expected));
        assert_eq!(row.content, "");
    }
    provider.always(Reply::Text(vec!["Hi.".into()]));
    assert_eq!(ask(&kit, &token).await.status, 200);
}

#[tokio::test]
async fn a_streamed_answer_that_fails_ends_with_one_error() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let streamable =
        |f: &(Reply, u16, &str, bool)| matches!(&f.0, Reply::Status(status, _) if *status != 200);
    for (reply, status, expected, retryable) in failing().into_iter().filter(streamable) {
        provider.always(reply);
        let events = ask_streamed(&served, &token).await;
        let error = the_error(&events);
        assert_eq!((events.len(), code(error)), (2, expected));
        assert_eq!(error.data["status"], status);
        assert_eq!(error.data["retryable"], retryable);
        let stored = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(
            (stored.status.as_str(), stored.content.as_str()),
            ("failed", "")
        );
    }
}

fn piece(text: &str) -> String {
    let choice = json!({ "index": 0, "delta": { "content": text }, "finish_reason": null });
    format!("data: {}\n\n", json!({ "choices": [choice] }))
}

/// Streams that break after two pieces: how, which code that has, and which status the answer.
fn breaking() -> [(Reply, &'static str, &'static str); 6] {
    let pieces = ["The first ", "and the second"];
    let begun = pieces.map(piece).concat();
    let error = json!({ "error": { "message": CANARY } });
    let raw = |rest: &str| Reply::Raw(begun.clone() + rest);
    let (interrupted, invalid) = ("provider_interrupted", "upstream_invalid");
    [
        (
            Reply::BreakAfter(pieces.map(String::from).into()),
            interrupted,
            "interrupted",
        ),
        (raw(""), interrupted, "interrupted"),
        (
            raw(&format!("data: {error}\n\n")),
            interrupted,
            "interrupted",
        ),
        (
            raw(&format!("data: {CANARY}\n\n")),
            interrupted,
            "interrupted",
        ),
        // R61
        (
            raw(&format!("data: {}", "x".repeat(2 << 20))),
            invalid,
            "failed",
        ),
        (
            raw(&format!(": {}\n", "ping ".repeat(100_000)).repeat(140)),
            invalid,
            "failed",
        ),
    ]
}

#[tokio::test]
async fn a_stream_that_breaks_keeps_what_came() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    for (reply, expected, status) in breaking() {
        let shown = format!("{reply:.200?}");
        provider.reply(reply);
        let events = ask_streamed(&served, &token).await;
        assert_eq!(code(the_error(&events)), expected, "{shown}");
        assert_eq!(text_of(&events), "The first and the second", "{shown}");
        let stored = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(stored.content, "The first and the second");
        assert_eq!(stored.status, status);
        assert_eq!(stored.error_code.as_deref(), Some(expected));
    }
    // The API tells the same, and a conversation with such an answer goes on.
    let session = kit.messages().await[0].session_id;
    let messages = format!("/chat/sessions/{session}/messages");
    let messages = kit.get(&token, &messages).await;
    assert_eq!(messages.json["items"][1]["status"], "interrupted");
    assert_eq!(messages.json["items"][1]["usage"], Value::Null);
    let body = json!({ "message": "Go on?", "session_id": session });
    assert_eq!(kit.post(&token, "/chat", body).await.status, 200);
}

#[tokio::test]
async fn garbage_from_the_start_is_no_answer() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    for (garbage, expected) in [
        ("", "upstream_invalid"),
        ("<html>canary</html>", "upstream_invalid"),
        (": canary\n\n", "provider_interrupted"),
        ("data: canary\n\n", "upstream_invalid"),
        ("data: [1, 2]\n\n", "upstream_invalid"),
        ("data: {\"choices\": \"canary\"}\n\n", "upstream_invalid"),
    ] {
        provider.reply(Reply::Raw(garbage.to_owned()));
        let events = ask_streamed(&served, &token).await;
        assert_eq!(code(the_error(&events)), expected, "{garbage}");
        assert_eq!(events.len(), 2);
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let provider = Provider::start().await;
    let nobody = [
        ("OPENAI_API_KEY", "sk-a"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/"),
    ];
    let kit = provider.kit(nobody).await;
    let answer = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(answer.problem(502), "provider_unreachable");
}
