//! Asking, and being answered by the embedded provider; the conversations that come of it.

use crate::kit::{
    ADMIN1, ADMIN2, Kit, U1, U2, V1,
    http::{Events, Served, streamed, text_of},
    provider::Provider,
};
use serde_json::{Value, json};
use uuid::Uuid;

const QUESTION: &str = "How long does a refund take?";

async fn kit() -> Kit {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    kit
}

async fn ask(kit: &Kit, token: &str, message: &str) -> Value {
    let asked = kit.post(token, "/chat", json!({ "message": message }));
    let asked = asked.await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    asked.json
}

#[tokio::test]
async fn an_answer_cites_what_it_draws_on() {
    let kit = Kit::new().await;
    let document = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    kit.add_document(ADMIN2, "Theirs", "A refund takes 99 canary days.")
        .await;
    let token = kit.token(U1).await;
    let asked = json!({ "message": QUESTION, "metadata": { "page": "/help" } });
    let answer = kit.post(&token, "/chat", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let text = answer.json["answer"].as_str().unwrap();
    assert!(text.contains("5 working days") && text.contains("[1] Refunds"));
    assert!(!answer.text.contains("canary"), "{}", answer.text);

    let sources = answer.json["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0]["document_id"], document.to_string());
    assert_eq!(sources[0]["title"], "Refunds");
    assert_eq!(sources[0]["snippet"], "A refund takes 5 working days.");
    let score = sources[0]["score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score), "{score}");
    assert_eq!(answer.json["model"], "local-extractive");
    assert_eq!(answer.json["finish_reason"], "stop");
    assert_eq!(answer.json["status"], "complete");
    assert_eq!(answer.json["usage"]["exact"], false);

    let messages = format!("/chat/sessions/{}/messages", answer.id("session_id"));
    let messages = kit.get(&token, &messages).await;
    let [question, stored] = &messages.json["items"].as_array().unwrap()[..] else {
        panic!("two messages, not {}", messages.text);
    };
    assert_eq!(question["id"], answer.json["user_message_id"]);
    assert_eq!(question["role"], "user");
    assert_eq!(question["metadata"], json!({ "page": "/help" }));
    assert_eq!(stored["id"], answer.json["message_id"]);
    assert_eq!(stored["role"], "assistant");
    assert_eq!(stored["content"], answer.json["answer"]);
    for field in ["model", "usage", "sources", "finish_reason", "status"] {
        assert_eq!(stored[field], answer.json[field], "{field}");
    }
}

#[tokio::test]
async fn what_no_document_says_is_not_made_up() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    let question = "Which elephants live in Botswana?";
    let plain = ask(&kit, &token, question).await;
    assert_eq!(plain["sources"], json!([]));
    let answer = plain["answer"].as_str().unwrap();
    assert!(answer.contains("nothing about this"), "{answer}");
    assert!(!answer.contains("refund"), "{answer}");

    let served = Served::new(&kit).await;
    let events = Events::new(served.send(streamed(&token, question)).await);
    let events = events.all().await;
    assert!(events.iter().all(|e| e.event != "sources"));
    assert_eq!(text_of(&events), answer);
    assert_eq!(events.last().unwrap().event, "done");
}

#[tokio::test]
async fn a_stream_has_its_events_in_order_and_their_positions() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let response = served.send(streamed(&token, QUESTION)).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    assert!(!response.headers().contains_key("content-encoding"));

    let events = Events::new(response).all().await;
    let mut position = 0;
    for event in &events {
        position += event.data["text"].as_str().map_or(0, str::len);
        assert_eq!(event.id, position.to_string());
    }
    let names: Vec<&str> = events.iter().map(|e| e.event.as_str()).collect();
    let deltas = names.len() - 3;
    assert!(deltas > 0, "{names:?}");
    assert_eq!(names[..2], ["start", "sources"]);
    assert!(names[2..2 + deltas].iter().all(|name| *name == "delta"));
    assert_eq!(names[2 + deltas], "done");

    let (start, done) = (&events[0], &events[2 + deltas]);
    assert_eq!(start.data["model"], "local-extractive");
    assert_eq!(events[1].data["sources"][0]["title"], "Refunds");
    assert_eq!(done.data["message_id"], start.data["message_id"]);
    assert_eq!(done.data["finish_reason"], "stop");
    assert_eq!(done.data["status"], "complete");
    assert!(done.data["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    let stored = kit.message(start.uuid("message_id")).await.unwrap();
    assert_eq!(stored.content, text_of(&events));
    assert_eq!(stored.session_id, start.uuid("session_id"));
    let question = kit.message(start.uuid("user_message_id")).await.unwrap();
    assert_eq!(
        (question.role.as_str(), question.content.as_str()),
        ("user", QUESTION)
    );
}

#[tokio::test]
async fn a_stream_can_be_asked_for_by_its_media_type() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    let request = crate::kit::request(&token, "POST", "/chat")
        .header("content-type", "application/json")
        .header("accept", "text/event-stream");
    let body = json!({ "message": QUESTION }).to_string();
    let answer = kit.send(request, body.into()).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert!(answer.text.starts_with("id: 0\nevent: start\ndata: {"));
}

#[tokio::test]
async fn the_first_event_does_not_wait_for_the_provider() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    provider.hold(&["Late, ", "but here."]);
    let response = served.send(streamed(&token, "Hello?")).await;
    let mut events = Events::new(response);
    assert_eq!(events.one().await.event, "start");
    // The only connection to the database is free meanwhile.
    assert_eq!(kit.get(&token, "/chat/sessions").await.status, 200);
    provider.let_go(1);
    assert_eq!(events.one().await.data, json!({ "text": "Late, " }));
    provider.let_go(2);
    let rest = events.all().await;
    assert_eq!(text_of(&rest), "but here.");
    assert_eq!(rest.last().unwrap().event, "done");
}

#[tokio::test]
async fn a_question_that_cannot_be_one_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    for (body, field) in [
        (json!({}), "message"),
        (json!({ "message": " \n" }), "message"),
        (json!({ "message": 7 }), "message"),
        (json!({ "message": "a", "session_id": "7" }), "session_id"),
        (json!({ "message": "a", "metadata": [] }), "metadata"),
        (json!({ "message": "a", "streem": true }), "streem"),
    ] {
        let refused = kit.post(&token, "/chat", body).await;
        assert_eq!(refused.fields(), [field]);
    }
    let refused = kit.post("", "/chat", json!({ "message": "a" })).await;
    assert_eq!(refused.problem(401), "invalid_token");
    assert!(kit.messages().await.is_empty());
}

#[tokio::test]
async fn a_conversation_goes_on_with_what_was_said() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let first = ask(&kit, &token, "My name is Ada.").await;
    let again = json!({ "message": "What is my name?", "session_id": first["session_id"] });
    let second = kit.post(&token, "/chat", again).await;
    assert_eq!(second.json["session_id"], first["session_id"]);
    let said = provider.chats()[1].body["messages"].clone();
    let expected = json!([
        { "role": "user", "content": "My name is Ada." },
        { "role": "assistant", "content": "Hello from the model." },
        { "role": "user", "content": "What is my name?" },
    ]);
    assert_eq!(said, expected);
    // Another conversation knows nothing of it.
    ask(&kit, &token, "And now?").await;
    let messages = provider.chats()[2].body["messages"].clone();
    assert_eq!(messages, json!([{ "role": "user", "content": "And now?" }]));
}

#[tokio::test]
async fn nobody_speaks_in_another_s_conversation() {
    let kit = Kit::new().await;
    let session = ask(&kit, &kit.token(U1).await, "Mine?").await["session_id"].clone();
    let stored = kit.messages().await.len();
    for (who, session) in [(U2, &session), (V1, &session), (U1, &json!(Uuid::now_v7()))] {
        let token = kit.token(who).await;
        for stream in [false, true] {
            let body = json!({ "message": "Hm?", "session_id": session, "stream": stream });
            let refused = kit.post(&token, "/chat", body).await;
            assert_eq!(refused.problem(404), "not_found");
        }
    }
    assert_eq!(kit.messages().await.len(), stored);
}
