//! Embeddings, the vector index, and whoever puts in order what was found.

use super::{Asked, Provider, pinecone};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::sync::atomic::Ordering::Relaxed;

/// Answers what is asked of vectors, and of what they find.
pub(super) fn answer(provider: &Provider, asked: &Asked) -> Response {
    if asked.path.ends_with("/embeddings") {
        let meanings = provider.inner.meanings.lock().unwrap().clone();
        let vector = |text: &Value| {
            let text = text.as_str().unwrap_or_default();
            let known = meanings.iter().rev().find(|(word, _)| text.contains(word));
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

impl Provider {
    /// What a vector query finds: `(id, tenant_id, score)`.
    pub fn find(&self, matches: &[(String, String, f32)]) {
        let found = matches.iter().map(|(id, tenant, score)| {
            json!({ "id": id, "score": score, "metadata": { "tenant_id": tenant, "document_id": id, "chunk_id": id } })
        });
        *self.inner.matches.lock().unwrap() = found.collect();
    }

    /// Makes embeddings and vectors fail.
    pub fn fail_vectors(&self) {
        self.refuse_vectors(500, None);
    }

    /// Answers embeddings and vectors with a status, and says how many seconds to wait.
    pub fn refuse_vectors(&self, status: u16, wait: Option<u32>) {
        *self.inner.vectors_fail.lock().unwrap() = Some((status, wait));
    }

    /// Makes embeddings and vectors work again.
    pub fn heal_vectors(&self) {
        *self.inner.vectors_fail.lock().unwrap() = None;
    }

    /// Has requests about vectors wait until they are let go.
    pub fn hold_vectors(&self) {
        self.inner.vectors_held.store(true, Relaxed);
    }

    /// Lets `n` of them go.
    pub fn let_vectors_go(&self, n: usize) {
        self.inner.vectors_go.add_permits(n);
    }

    /// From now on a text that holds the word has this vector.
    pub fn means(&self, word: &'static str, vector: &[f32]) {
        let meaning = (word, vector.to_vec());
        self.inner.meanings.lock().unwrap().push(meaning);
    }

    /// From now on the index takes vectors of so many numbers.
    pub fn dimensions(&self, numbers: usize) {
        *self.inner.dimensions.lock().unwrap() = numbers;
    }
}
