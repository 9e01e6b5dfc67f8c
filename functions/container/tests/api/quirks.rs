//! Answers as servers of OpenAI's API really give them.

use crate::kit::{
    U1,
    http::{Event, Events, Served, streamed, text_of},
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

async fn ask_streamed(served: &Served, token: &str) -> Vec<Event> {
    let response = served.send(streamed(token, "Hello?")).await;
    assert_eq!(response.status(), 200);
    Events::new(response).all().await
}

fn piece(text: &str) -> String {
    choice(json!({ "delta": { "content": text } }))
}

/// One event, of this choice.
fn choice(choice: Value) -> String {
    format!("data: {}\n\n", json!({ "choices": [choice] }))
}

#[tokio::test]
async fn without_a_reason_an_answer_is_not_complete() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    for reason in [json!(""), json!(null)] {
        let cut = json!({ "delta": { "content": "The dose is 5" }, "finish_reason": reason });
        provider.reply(Reply::Raw(choice(cut)));
        let events = ask_streamed(&served, &token).await;
        let last = events.last().unwrap();
        assert_eq!(
            (last.event.as_str(), &last.data["type"]),
            ("error", &json!("urn:parlance:error:provider_interrupted")),
            "{reason}"
        );
        assert_eq!(text_of(&events), "The dose is 5");
        let stored = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(
            (stored.status.as_str(), stored.content.as_str()),
            ("interrupted", "The dose is 5")
        );
    }
}

#[tokio::test] // R67
async fn what_a_model_writes_can_always_be_stored() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let stop = choice(json!({ "delta": {}, "finish_reason": "stop" }));
    let raw = |content: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n")
    };
    for (pieces, expected) in [
        ([r"a\u0000", "b"], "a\u{fffd}b"),
        ([r"a\ud83d", r"\ude00b"], "a😀b"),
        ([r"a\ud83d", "b"], "a\u{fffd}b"),
    ] {
        provider.reply(Reply::Raw(pieces.map(raw).concat() + &stop));
        let events = ask_streamed(&served, &token).await;
        let last = events.last().unwrap();
        assert_eq!(
            (last.event.as_str(), &last.data["status"]),
            ("done", &json!("complete"))
        );
        assert_eq!(text_of(&events), expected);
        let stored = kit.message(events[0].uuid("message_id")).await.unwrap();
        assert_eq!(stored.content, expected);
    }
}

#[tokio::test]
async fn what_an_answer_does_not_need_does_not_end_it() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let stop = json!({ "delta": {}, "finish_reason": "stop" });
    let both = json!({ "delta": { "content": "Hi." }, "message": { "content": "Hi." } });
    let parts = json!({ "delta": { "content": [{ "type": "text", "text": "Hi." }] } });
    let marked = json!({ "delta": { "content": "<think>Hm</think>Hi." } });
    let usage = json!({ "choices": null, "usage": { "total_tokens": 9 }, "error": null });
    let whole =
        json!({ "choices": [{ "message": { "content": "Hi." }, "finish_reason": "stop" }] });
    for raw in [
        format!(
            "data:\n\n{}data: : ping\n\n{}",
            piece("Hi."),
            choice(stop.clone())
        ),
        choice(both) + &choice(stop.clone()),
        choice(parts) + &choice(stop.clone()),
        choice(marked) + &choice(stop.clone()),
        format!("{}{}data: {usage}\n\n", piece("Hi."), choice(stop)),
        whole.to_string(),
    ] {
        for streamed in [true, false] {
            provider.reply(Reply::Raw(raw.clone()));
            let answer = match streamed {
                true => text_of(&ask_streamed(&served, &token).await),
                false => kit
                    .post(&token, "/chat", json!({ "message": "Hello?" }))
                    .await
                    .json["answer"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            };
            assert_eq!(answer, "Hi.", "{raw}");
        }
    }
}
