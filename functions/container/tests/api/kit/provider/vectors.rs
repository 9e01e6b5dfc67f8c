//! Embeddings, the vector index, and whoever puts in order what was found.

use super::{Asked, Provider, pinecone};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// Answers what is asked of vectors, and of what they find.
pub(super) fn answer(provider: &Provider, asked: &Asked) -> Response {
    if asked.path.ends_with("/embeddings") {
        let meanings = provider.inner.meanings.lock().unwrap().clone();
        let vector = |text: &Value| {
            let text = text.as_str().unwrap_or_default();
            let known = meanings.iter().find(|(word, _)| text.contains(word));
            let vector = known.map_or(vec![0.1, 0.2, 0.3], |(_, vector)| vector.clone());
            let bytes: Vec<u8> = vector.iter().flat_map(|n| n.to_le_bytes()).collect();
            match asked.body["encoding_format"] == "base64" {
                true => json!(BASE64_STANDARD.encode(bytes)),
                false => json!(vector),
            }
        };
        let texts = asked.body["input"].as_array().cloned().unwrap_or_default();
        let data: Vec<Value> = (0..)
            .zip(&texts)
            .map(|(n, text)| json!({ "index": n, "embedding": vector(text) }))
            .collect();
        return Json(json!({ "data": data })).into_response();
    }
    if asked.path.ends_with("/rerank") {
        let count = asked.body["documents"].as_array().map_or(0, Vec::len);
        // The last is the best.
        let results: Vec<Value> = (0..count)
            .map(|n| json!({ "index": n, "relevance_score": (n + 1) as f32 / count as f32 }))
            .collect();
        return Json(json!({ "results": results })).into_response();
    }
    if let Some(refused) = refused(provider, &asked.path) {
        return refused;
    }
    let known = pinecone::answer(provider, asked);
    known.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

fn refused(provider: &Provider, path: &str) -> Option<Response> {
    let mut refusals = provider.inner.refusals.lock().unwrap();
    let (_, status, body) = refusals.pop_front_if(|(of, ..)| *of == path)?;
    let kind = if body.starts_with('{') {
        "application/json"
    } else {
        "text/plain"
    };
    let headers = [("content-type", kind), ("retry-after", "0")];
    Some((StatusCode::from_u16(status).unwrap(), headers, body).into_response())
}
