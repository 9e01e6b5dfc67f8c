//! Embeddings: their order, their number and their shape.

use ai::Error;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::server::{self, Server};

fn key() -> SecretString {
    "sk-embed".to_owned().into()
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
    let vectors = client.embed(&key(), "small", &texts(70)).await.unwrap();
    let expected: Vec<Vec<f32>> = (0..70_u8).map(|n| vec![f32::from(n), 0.5]).collect();
    assert_eq!(vectors, expected);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for one in seen {
        assert_eq!(one.path, "/openai/v1/embeddings");
        assert_eq!(one.header("authorization"), "Bearer sk-embed");
        assert_eq!(one.body["model"], "small");
    }
}

#[tokio::test]
async fn no_texts_need_no_request() {
    let server = Server::always(|| server::status(500, "")).await;
    let vectors = server.client().embed(&key(), "small", &[]).await;
    assert_eq!(vectors, Ok(vec![]));
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
    ] {
        let server = Server::always(move || server::json(json!({"data": data}))).await;
        let vectors = server.client().embed(&key(), "small", &texts(2)).await;
        assert_eq!(vectors, Err(Error::Invalid));
    }
}
