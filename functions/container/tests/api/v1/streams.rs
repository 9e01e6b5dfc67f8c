//! Answers, whole and streamed.

use super::{ask, ask_with, asked, chunks, kit, text_of};
use crate::kit::{
    ADMIN1, Kit, U1,
    http::Served,
    provider::{Provider, Reply},
    request,
};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

const REFUNDS: &str = "A refund takes 5 working days.";

/// A tenant that has published something.
async fn published(kit: &Kit) -> String {
    let admin = kit.token(ADMIN1).await;
    let document =
        json!({ "title": "Refunds", "text": REFUNDS, "source_url": "https://one.example/refunds" });
    let added = kit.post(&admin, "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    kit.token(U1).await
}

fn question() -> Value {
    json!([{ "role": "user", "content": "How long does a refund take?" }])
}

#[tokio::test]
async fn an_answer_has_all_that_openais_has() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = published(&kit).await;
    provider.reply(Reply::Text(vec!["Ja, täglich [1].".into()]));
    let answer = ask(&kit, &token, json!({ "messages": question() })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = &answer.json;
    let message = json["parlance"]["message_id"].as_str().unwrap();
    assert_eq!(json["id"], format!("chatcmpl-{}", message.replace('-', "")));
    assert_eq!(json["object"], "chat.completion");
    let (created, now) = (
        json["created"].as_i64().unwrap(),
        chrono::Utc::now().timestamp(),
    );
    assert!((now - 3600..=now).contains(&created), "{created}");
    assert_eq!(json["model"], "gpt-6-luna");
    assert_eq!(
        json["choices"],
        json!([{ "index": 0, "logprobs": null, "finish_reason": "stop", "message": {
            "role": "assistant", "content": "Ja, täglich [1].", "refusal": null,
            "annotations": [{ "type": "url_citation", "url_citation": {
                "start_index": 12, "end_index": 15, "title": "Refunds", "url": "https://one.example/refunds"
            } }]
        } }])
    );
    assert_eq!(
        json["usage"],
        json!({
            "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
            "prompt_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0 }
        })
    );
    let extra = &json["parlance"];
    assert_eq!(extra["sources"][0]["snippet"], REFUNDS);
    assert_eq!(
        (&extra["provider"], &extra["exact"]),
        (&json!("openai"), &json!(true))
    );
    assert_eq!(
        (&extra["status"], &extra["model"]),
        (&json!("complete"), &json!("gpt-6-luna"))
    );
}

#[tokio::test]
async fn a_stream_is_what_openais_clients_read() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = published(&kit).await;
    for usage in [None, Some(false), Some(true)] {
        provider.reply(Reply::Text(vec!["In 5 ".into(), "days [1].".into()]));
        let mut more = json!({ "stream": true, "messages": question() });
        if let Some(usage) = usage {
            more["stream_options"] = json!({ "include_usage": usage });
        }
        // Node says so even where it streams.
        let answer = ask_with(&kit, &token, ("accept", "application/json"), more).await;
        assert_eq!(answer.header("cache-control"), "no-cache, no-transform");
        let (all, is_done) = chunks(&answer);
        assert!(is_done);
        let same = |name: &str| all.iter().all(|chunk| chunk[name] == all[0][name]);
        assert!(same("id") && same("created") && same("model") && same("object"));
        assert_eq!(all[0]["object"], "chat.completion.chunk");
        assert_eq!(text_of(&all), "In 5 days [1].");

        let (told, counted) = match usage {
            Some(true) => (&all[..all.len() - 1], all.last()),
            _ => (&all[..], None),
        };
        for chunk in told {
            assert_eq!(chunk["choices"].as_array().unwrap().len(), 1);
            assert_eq!(chunk["choices"][0]["index"], 0);
            let has_usage = chunk.as_object().unwrap().contains_key("usage");
            assert_eq!(
                (has_usage, &chunk["usage"]),
                (usage == Some(true), &Value::Null)
            );
        }
        let choice = |nth: usize| &told[nth]["choices"][0];
        assert_eq!(
            choice(0)["delta"],
            json!({ "role": "assistant", "content": "" })
        );
        assert_eq!(told[1]["parlance"]["sources"][0]["title"], "Refunds");
        let last = told.len() - 1;
        assert_eq!(choice(last)["delta"], json!({}));
        assert_eq!(choice(last)["finish_reason"], "stop");
        assert!((0..last).all(|nth| choice(nth)["finish_reason"].is_null()));
        let cited = &choice(last - 1)["delta"]["annotations"][0]["url_citation"];
        assert_eq!(
            (&cited["start_index"], &cited["end_index"]),
            (&json!(10), &json!(13))
        );
        if let Some(counted) = counted {
            assert_eq!(counted["choices"], json!([]));
            assert_eq!(counted["usage"]["total_tokens"], 18);
        }
    }
}

#[tokio::test]
async fn why_an_answer_ended_is_said_in_openais_words() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for (theirs, ours) in [
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("eos", "stop"),
    ] {
        let end = json!({ "choices": [{ "index": 0, "delta": { "content": "x" }, "finish_reason": theirs }] });
        for stream in [false, true] {
            provider.reply(Reply::Raw(format!("data: {end}\n\ndata: [DONE]\n\n")));
            let answer = ask(&kit, &token, json!({ "stream": stream })).await;
            let found = match stream {
                true => chunks(&answer).0.pop().unwrap(),
                false => answer.json,
            };
            assert_eq!(found["choices"][0]["finish_reason"], ours);
        }
    }
}

#[tokio::test]
async fn cached_tokens_and_thoughts_are_told() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let usage = json!({ "prompt_tokens": 100, "completion_tokens": 20,
        "prompt_tokens_details": { "cached_tokens": 60, "cache_write_tokens": 5 },
        "completion_tokens_details": { "reasoning_tokens": 12 } });
    let end = json!({ "choices": [{ "index": 0, "delta": { "content": "x" }, "finish_reason": "stop" }], "usage": usage });
    provider.reply(Reply::Raw(format!("data: {end}\n\ndata: [DONE]\n\n")));
    let answer = ask(&kit, &token, json!({})).await;
    let mut expected = usage;
    expected["total_tokens"] = json!(120);
    assert_eq!(answer.json["usage"], expected);
}

#[tokio::test] // R83
async fn whoever_leaves_a_stream_ends_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    // The tenant's own setting is to finish, which is for those who can read on.
    for (key, ends) in [(None, "stopped"), (Some("a-key-of-its-own"), "complete")] {
        provider.hold(&["One, ", "two."]);
        let mut sent = request(&token, "POST", "/v1/chat/completions")
            .header("content-type", "application/json");
        if let Some(key) = key {
            sent = sent.header("idempotency-key", key);
        }
        let body = asked(
            json!({ "stream": true, "messages": [{ "role": "user", "content": format!("{key:?}") }] }),
        );
        let sending = served.send(sent.body(Body::from(body.to_string())).unwrap());
        let asked = provider.chats().len();
        let response = tokio::join!(sending, async {
            provider.asked_for(asked + 1).await;
            provider.let_go(1);
        })
        .0;
        let mut body = response.into_body();
        let mut read = String::new();
        while !read.contains("One, ") {
            let frame = body.frame().await.unwrap().unwrap();
            read += std::str::from_utf8(frame.data_ref().unwrap()).unwrap();
        }
        drop(body);
        let first = read.lines().next().unwrap().strip_prefix("data: ").unwrap();
        let first: Value = serde_json::from_str(first).unwrap();
        let message = first["parlance"]["message_id"].as_str().unwrap();
        if key.is_some() {
            provider.let_go(2);
        }
        let row = kit.until(message.parse().unwrap(), ends).await;
        let text = if key.is_some() { "One, two." } else { "One, " };
        assert_eq!(row.content, text);
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_as_before() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let key = ("idempotency-key", "the-same");
    let first = ask_with(&kit, &token, key, json!({ "temperature": 1 })).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = ask_with(&kit, &token, key, json!({ "temperature": 1 })).await;
    for member in ["id", "created", "model", "choices"] {
        assert_eq!(again.json[member], first.json[member], "{member}");
    }
    assert_eq!(provider.chats().len(), 1);
    for other in [
        json!({ "temperature": 0 }),
        json!({ "temperature": 1, "messages": [{ "role": "user", "content": "Bye?" }] }),
        json!({ "temperature": 1, "messages": [{ "role": "system", "content": "x" }, { "role": "user", "content": "Hello?" }] }),
    ] {
        let refused = ask_with(&kit, &token, key, other).await;
        assert_eq!(refused.openai(400).0, "idempotency_key_reused");
    }
    // The SDK's own word for a repeat says nothing of which request.
    let retry = ask_with(&kit, &token, ("x-stainless-retry-count", "1"), json!({})).await;
    assert_eq!(retry.status, 200);
    assert_eq!(provider.chats().len(), 2);
}
