//! Bad input: what does not matter is ignored wherever it is, what matters is refused, and nothing is stored then.

use super::{ask, kit, said, submit, user};
use crate::kit::{Kit, U1, provider::Provider, request};
use axum::body::Body;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_not_known_is_ignored_wherever_it_is() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let body = json!({
        "id": "c", "trigger": "something-else", "messageId": null, "reasoning": null, "on_disconnect": null,
        "model": "gpt-x", "tenant_id": "x", "message": null, "own": { "of": ["the", "app"] },
        "messages": [
            { "id": 5, "role": "assistant", "parts": deep },
            null, 5, [], {}, { "role": "data" },
            { "role": "user", "parts": "a\u{0}b" },
            {
                "id": "q1", "role": "user", "createdAt": "now", "metadata": null,
                "parts": [
                    { "type": "step-start" },
                    { "type": "data-own", "data": [1] },
                    { "type": "text", "text": "Well?", "state": "done", "providerMetadata": {} },
                    { "type": "tool-x", "input": null },
                    { "type": "text", "text": "And?" },
                ],
            },
        ],
    });
    ask(&kit, &token, body).await;
    assert_eq!(
        said(&kit, &token, "c").await[0],
        ("q1".to_owned(), "Well?\nAnd?".to_owned())
    );
    // A message without an id, or with an empty one, is one that cannot be sent twice.
    for id in [json!(null), json!("")] {
        let mut nameless = user("", "Hello?");
        nameless["id"] = id;
        ask(&kit, &token, json!({ "id": "d", "messages": [nameless] })).await;
    }
    assert_eq!(said(&kit, &token, "d").await.len(), 4);
}

#[tokio::test] // R54
async fn what_asks_nothing_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let file = json!([
        { "type": "text", "text": "What is this?" },
        { "type": "file", "mediaType": "image/png", "url": "data:image/png;base64,AAAA" },
    ]);
    let said = |parts: Value| json!({ "id": "c", "messages": [{ "id": "q", "role": "user", "parts": parts }] });
    let named = |id: Value| json!({ "id": id, "messages": [user("q", "Well?")] });
    let with = |name: &str, value: Value| {
        let mut body = submit("c", "q", "Well?");
        body[name] = value;
        body
    };
    for (body, holds) in [
        (json!({}), "`id`"),
        (json!([]), "`body`"),
        (json!({ "messages": [user("q", "Well?")] }), "`id`"),
        (named(json!("")), "`id`"),
        (named(json!(".")), "`id`"),
        (named(json!("..")), "`id`"),
        (named(json!(5)), "`id`"),
        (named(json!("x".repeat(256))), "`id`"),
        (named(json!("a\0b")), "`id`"),
        (json!({ "id": "c" }), "role `user`"),
        (json!({ "id": "c", "messages": [] }), "role `user`"),
        (json!({ "id": "c", "messages": "Well?" }), "`messages`"),
        (
            json!({ "id": "c", "messages": [{ "role": "assistant", "parts": [] }] }),
            "role `user`",
        ),
        (json!({ "id": "c", "message": "Well?" }), "role `user`"),
        (said(json!([])), "a text"),
        (said(json!([{ "type": "text", "text": " \n" }])), "a text"),
        (said(json!([{ "type": "text" }])), "cannot be read"),
        (
            said(json!([{ "type": "text", "text": 5 }])),
            "cannot be read",
        ),
        (said(json!("Well?")), "cannot be read"),
        (said(json!([{ "type": "text", "text": "a\0b" }])), "U+0000"),
        (said(file), "files are not taken yet"),
        (
            json!({ "id": "c", "messages": [user(&"x".repeat(256), "Well?")] }),
            "longer than 255",
        ),
        (with("on_disconnect", json!("x")), "`on_disconnect`"),
        (with("reasoning", json!("yes")), "`reasoning`"),
        (with("trigger", json!(1)), "`trigger`"),
    ] {
        let refused = kit.post(&token, "/chat/ui", body.clone()).await;
        assert_eq!(refused.problem(422), "invalid_request", "{body:.200}");
        assert!(
            refused.text.contains(holds),
            "{body:.200}: {}",
            refused.text
        );
    }
    let mut large = user("q", "Well?");
    large["metadata"] = json!({ "x": "y".repeat(5000) });
    let refused = kit
        .post(
            &token,
            "/chat/ui",
            json!({ "id": "c", "messages": [large] }),
        )
        .await;
    assert!(refused.text.contains("`metadata`"), "{}", refused.text);
    for bytes in [
        &br#"{"id":"c","messages":[{"role":"user","parts":[{"type":"text","text":"\ud800"}]}]}"#[..],
        b"{\"id\":\"c\",\"messages\":[\"\xff\"]}",
        b"{\"id\":\"c\"",
    ] {
        let request =
            request(&token, "POST", "/chat/ui").header("content-type", "application/json");
        let refused = kit.send(request, Body::from(bytes.to_vec())).await;
        assert!(
            [400, 422].contains(&refused.status.as_u16()),
            "{}",
            refused.text
        );
    }
    assert_eq!(kit.messages().await.len(), 0);
}

#[tokio::test]
async fn all_of_a_large_conversation_may_come_with_every_question() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let mut messages: Vec<Value> = (0..40)
        .map(|n| user(&format!("old{n}"), &"word ".repeat(9000)))
        .collect();
    messages.push(user("q1", "Well?"));
    let body = json!({ "id": "c", "messages": messages });
    assert!(body.to_string().len() > 1_700_000);
    ask(&kit, &token, body).await;
    assert_eq!(said(&kit, &token, "c").await.len(), 2);
}
