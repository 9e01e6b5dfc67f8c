//! Embeddings: their order, their number and their shape.

use ai::{Embedder, Error, Preset, Spent, Usage};
use serde_json::{Value, json};

use crate::server::{self, Server};

fn small() -> Embedder {
    Embedder {
        endpoint: "openai".to_owned(),
        key: Some("sk-embed".to_owned().into()),
        model: "small".to_owned(),
    }
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn vectors_come_in_the_order_of_the_texts() {
    let server = Server::start(|seen| {
        let input = seen.body["input"].as_array().unwrap().iter().enumerate();
        let data = input.map(|(index, text)| {
            let number: f32 = text.as_str().unwrap().parse().unwrap();
            json!({"index": index, "embedding": [number, 0.5]})
        });
        Some(server::json(
            json!({"data": data.rev().collect::<Vec<_>>()}),
        ))
    })
    .await;
    let client = server.client();
    let vectors = client.embed(&small(), &texts(70)).await;
    let vectors = vectors.vectors.unwrap();
    let expected: Vec<Vec<f32>> = (0..70_u8).map(|n| vec![f32::from(n), 0.5]).collect();
    assert_eq!(vectors, expected);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for one in seen {
        assert_eq!(one.path, "/openai/v1/embeddings");
        assert_eq!(one.header("authorization"), "Bearer sk-embed");
        assert_eq!(one.body["model"], "small");
    }
}

#[tokio::test]
async fn vectors_come_as_base64_where_the_server_can() {
    let server = Server::start(|seen| {
        // What base64 makes of 0.5 and -2.0, low byte first.
        let encoded = match seen.body["encoding_format"] == "base64" {
            true => json!("AAAAPwAAAMA="),
            false => json!([9.0]),
        };
        Some(server::json(
            json!({"data": [{"index": 0, "embedding": encoded}]}),
        ))
    })
    .await;
    let embedded = server.client().embed(&small(), &texts(1)).await;
    assert_eq!(embedded.vectors.unwrap(), [[0.5, -2.0]]);
}

#[tokio::test]
async fn a_server_that_knows_no_encoding_is_asked_without() {
    let server = Server::start(|seen| {
        Some(match seen.body.get("encoding_format") {
            Some(_) => server::status(400, "{}"),
            None => vectors(seen, &json!({})),
        })
    })
    .await;
    let embedded = server.client().embed(&small(), &texts(130)).await;
    assert_eq!(embedded.vectors.unwrap().len(), 130);
    // Once is enough to know.
    assert_eq!(server.seen().len(), 4);
    let server = Server::always(|| server::status(400, "{}")).await;
    let embedded = server.client().embed(&small(), &texts(1)).await;
    assert_eq!(embedded.vectors, Err(Error::Rejected));
}

#[tokio::test]
async fn any_server_makes_them_with_or_without_a_key() {
    let server = Server::start(|seen| Some(vectors(seen, &json!({})))).await;
    let ollama = Preset::named("ollama").unwrap();
    let by = Embedder {
        endpoint: "own".to_owned(),
        key: None,
        model: "bge-m3".to_owned(),
    };
    let embedded = server.client_of("own", ollama).embed(&by, &texts(1)).await;
    assert_eq!(embedded.vectors.unwrap().len(), 1);
    let seen = server.only();
    assert_eq!(seen.path, "/own/v1/embeddings");
    assert_eq!(
        (seen.header("authorization"), &seen.body["model"]),
        ("", &json!("bge-m3"))
    );
    let by = Embedder {
        endpoint: "unknown".to_owned(),
        ..by
    };
    let embedded = server.client().embed(&by, &texts(1)).await;
    assert_eq!(embedded.vectors, Err(Error::Rejected));
}

#[tokio::test]
async fn no_texts_need_no_request() {
    let server = Server::always(|| server::status(500, "")).await;
    let vectors = server.client().embed(&small(), &[]).await;
    assert_eq!(vectors.vectors, Ok(vec![]));
    assert_eq!(vectors.spent, Spent::default());
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn odd_vectors_are_invalid() {
    let one = |index: usize, embedding: Value| json!({"index": index, "embedding": embedding});
    for data in [
        json!([one(0, json!([1.0]))]),
        json!([one(0, json!([1.0])), one(0, json!([1.0]))]),
        json!([one(0, json!([1.0])), one(1, json!([1.0, 2.0]))]),
        json!([one(0, json!([1.0])), one(1, json!([1e39]))]),
        json!([one(0, json!([])), one(1, json!([]))]),
        json!([one(0, json!(["1"])), one(1, json!(["2"]))]),
        json!([one(0, json!("AAAAPw==")), one(1, json!("AAAA"))]),
        json!([one(0, json!("AAAAPw==")), one(1, json!("no base64"))]),
    ] {
        let server = Server::always(move || server::json(json!({"data": data}))).await;
        let vectors = server.client().embed(&small(), &texts(2)).await;
        assert_eq!(vectors.vectors, Err(Error::Invalid));
    }
}

/// As many good vectors as there are texts, and `more` in the answer.
fn vectors(seen: &server::Seen, more: &Value) -> axum::response::Response {
    let count = seen.body["input"].as_array().unwrap().len();
    let data = (0..count).map(|index| json!({"index": index, "embedding": [0.5]}));
    let mut body = json!({ "data": data.collect::<Vec<_>>() });
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    server::json(body)
}

#[tokio::test]
async fn what_they_used_is_told() {
    // Ten texts of one letter and sixty of two: each is about one token.
    for (more, expected, exact, model) in [
        (
            json!({"model": "small-2\n", "usage": {"prompt_tokens": 50, "total_tokens": 50}}),
            100,
            true,
            Some("small-2"),
        ),
        (json!({}), 70, false, None),
        (json!({"usage": null, "model": 7}), 70, false, None),
        (json!({"usage": {"prompt_tokens": 0}}), 70, false, None),
        (json!({"usage": {"prompt_tokens": 1e12}}), 70, false, None),
        (json!({"usage": [1], "service_tier": {}}), 70, false, None),
    ] {
        let told = more.clone();
        let server = Server::start(move |seen| Some(vectors(seen, &told))).await;
        let embedded = server.client().embed(&small(), &texts(70)).await;
        assert_eq!(embedded.vectors.unwrap().len(), 70);
        let usage = Usage {
            prompt_tokens: expected,
            exact,
            ..Usage::default()
        };
        assert_eq!(embedded.spent.usage, usage, "{more}");
        assert_eq!(embedded.spent.model.as_deref(), model, "{more}");
    }
}

#[tokio::test]
async fn what_they_used_before_a_failure_is_told() {
    let refused = || server::status(400, "{}");
    let odd = || server::json(json!({"data": "none"}));
    // What is refused is not read; what is answered is, as far as anybody knows.
    let cases: [(fn() -> axum::response::Response, u32); 2] = [(refused, 0), (odd, 6)];
    for (last, more) in cases {
        let server = Server::start(move |seen| {
            let is_first = seen.body["input"][0] == "0";
            let counted = json!({"usage": {"prompt_tokens": 50}});
            Some(match is_first {
                true => vectors(seen, &counted),
                false => last(),
            })
        })
        .await;
        let embedded = server.client().embed(&small(), &texts(70)).await;
        assert!(embedded.vectors.is_err());
        let usage = Usage {
            prompt_tokens: 50 + more,
            ..Usage::default()
        };
        assert_eq!(embedded.spent.usage, usage);
    }
}
