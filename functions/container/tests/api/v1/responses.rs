//! Responses: stateless, and text alone.

mod refused;

use super::{kit, set};
use crate::kit::{
    ADMIN1, Answer, Kit, U1, U2,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

async fn respond(kit: &Kit, token: &str, more: Value) -> Answer {
    let mut body = json!({ "model": "default", "input": "Hello?" });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    kit.post(token, "/v1/responses", body).await
}

/// The events of a stream, each of whose names is said twice.
fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let blocks = answer
        .text
        .strip_suffix("\n\n")
        .expect("a blank line ends it")
        .split("\n\n");
    let events = blocks.enumerate().map(|(nth, block)| {
        let (name, data) = block.split_once('\n').expect("two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], name.strip_prefix("event: ").unwrap());
        assert_eq!(data["sequence_number"], nth);
        data
    });
    events.collect()
}

/// A tenant that has published something.
async fn published(kit: &Kit) -> String {
    let admin = kit.token(ADMIN1).await;
    let document = json!({ "title": "Refunds", "text": "A refund takes 5 working days.", "source_url": "https://one.example/refunds" });
    assert_eq!(kit.post(&admin, "/documents", document).await.status, 202);
    kit.token(U1).await
}

#[tokio::test]
async fn a_response_has_all_that_openais_has() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = published(&kit).await;
    provider.reply(Reply::Text(vec!["In 5 days [1].".into()]));
    let more = json!({ "input": "How long does a refund take?", "instructions": "Be brief.", "temperature": 1,
        "metadata": { "page": "/help" }, "max_output_tokens": 50, "store": true, "include": ["reasoning.encrypted_content"] });
    let answer = respond(&kit, &token, more).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut json = answer.json.clone();
    let message = json["parlance"]["message_id"]
        .as_str()
        .unwrap()
        .replace('-', "");
    assert_eq!(json["id"], format!("resp_{message}"));
    assert!(json["created_at"].is_u64());
    assert_eq!(json["parlance"]["sources"][0]["title"], "Refunds");
    for known in ["id", "created_at", "parlance"] {
        json.as_object_mut().unwrap().remove(known);
    }
    assert_eq!(
        json,
        json!({
            "object": "response", "status": "completed", "error": null, "incomplete_details": null,
            "instructions": "Be brief.", "max_output_tokens": 50, "model": "gpt-6-luna", "parallel_tool_calls": true,
            "previous_response_id": null, "store": false, "temperature": 1.0, "tool_choice": "auto", "tools": [],
            "top_p": null, "truncation": "disabled", "metadata": { "page": "/help" },
            "usage": { "input_tokens": 11, "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
                "output_tokens": 7, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": 18 },
            "output": [{ "id": format!("msg_{message}"), "type": "message", "role": "assistant", "status": "completed",
                "content": [{ "type": "output_text", "text": "In 5 days [1].", "logprobs": [], "annotations": [{
                    "type": "url_citation", "start_index": 10, "end_index": 13, "title": "Refunds",
                    "url": "https://one.example/refunds" }] }] }]
        })
    );
    let sent = provider.chats().pop().unwrap().body;
    assert_eq!(
        (&sent["max_completion_tokens"], &sent["temperature"]),
        (&json!(50), &json!(1.0))
    );
}

#[tokio::test]
async fn a_stream_has_its_events_in_order() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = published(&kit).await;
    let asked = json!({ "stream": true, "input": "How long does a refund take?" });
    for (reason, last) in [
        ("stop", "completed"),
        ("length", "incomplete"),
        ("content_filter", "incomplete"),
    ] {
        let piece = |text: &str, reason: Value| {
            let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": reason }] });
            format!("data: {chunk}\n\n")
        };
        let text = piece("In 5 days [1].", json!(null)) + &piece(" Bye.", json!(reason));
        provider.reply(Reply::Raw(text + "data: [DONE]\n\n"));
        let all = events(&respond(&kit, &token, asked.clone()).await);
        let mut names: Vec<_> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
        names.dedup();
        let end = format!("response.{last}");
        assert_eq!(
            names,
            [
                "response.created",
                "response.in_progress",
                "response.output_item.added",
                "response.content_part.added",
                "response.output_text.delta",
                "response.output_text.annotation.added",
                "response.output_text.done",
                "response.content_part.done",
                "response.output_item.done",
                &end,
            ]
        );
        let text: String = all.iter().filter_map(|e| e["delta"].as_str()).collect();
        assert_eq!(text, "In 5 days [1]. Bye.");
        let response = &all.last().unwrap()["response"];
        assert_eq!(response["status"], last);
        assert_eq!(response["output"][0]["content"][0]["text"], text);
        assert_eq!(response["id"], all[0]["response"]["id"]);
        assert_eq!(all[0]["response"]["status"], "in_progress");
        let item = &response["output"][0]["id"];
        assert!(
            all.iter()
                .all(|e| e["item_id"].is_null() || e["item_id"] == *item)
        );
        assert_eq!(all[2]["item"]["id"], *item);
        let why = match reason {
            "length" => json!({ "reason": "max_output_tokens" }),
            "content_filter" => json!({ "reason": "content_filter" }),
            _ => json!(null),
        };
        assert_eq!(response["incomplete_details"], why);
    }
}

#[tokio::test]
async fn one_that_breaks_off_has_failed() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::BreakAfter(vec!["Hel".into()]));
    let all = events(&respond(&kit, &token, json!({ "stream": true })).await);
    let last = all.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["status"], "failed");
    assert_eq!(last["response"]["error"]["code"], "provider_interrupted");
    provider.always(Reply::Status(401, json!({})));
    let refused = respond(&kit, &token, json!({ "stream": true })).await;
    assert_eq!(refused.openai(502).0, "provider_auth_failed");
}

#[tokio::test] // R62
async fn the_conversation_is_what_the_input_says() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    set(&kit, json!({ "system_prompt": "You are Ada." })).await;
    let (token, other) = (kit.token(U1).await, kit.token(U2).await);
    let first = respond(&kit, &token, json!({})).await;
    let item = first.json["output"][0]["id"].clone();
    let input = json!([
        { "type": "message", "role": "user", "content": "Hello?" },
        { "type": "reasoning", "id": "rs_1", "summary": [] },
        { "type": "item_reference", "id": item },
        { "role": "developer", "content": "In English." },
        { "role": "assistant", "content": [{ "type": "output_text", "text": "Well?", "annotations": [] }] },
        { "role": "user", "content": [{ "type": "input_text", "text": "Bye?" }] }
    ]);
    let asked = json!({ "input": input, "instructions": "Be brief." });
    let answer = respond(&kit, &token, asked.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = provider.chats().pop().unwrap().body;
    let messages = sent["messages"].as_array().unwrap();
    let said: Vec<_> = messages
        .iter()
        .map(|m| m["content"].as_str().unwrap())
        .collect();
    assert!(said[0].starts_with("You are Ada."), "{}", said[0]);
    assert!(said[0].ends_with("Be brief.\n\nIn English."), "{}", said[0]);
    assert_eq!(
        said[1..],
        ["Hello?", "Hello from the model.\n\nWell?", "Bye?"]
    );
    // R26: the item is nobody else's to name.
    let refused = respond(&kit, &other, asked).await;
    assert_eq!(
        refused.openai(400),
        ("invalid_value".into(), Some("input[2].id".into()))
    );
}
