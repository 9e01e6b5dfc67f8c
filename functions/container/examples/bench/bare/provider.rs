//! The calls to the provider, over kept connections.

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, header::CONTENT_TYPE};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// OpenAI and Pinecone in one.
pub(super) struct Provider {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Found {
    matches: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    id: Uuid,
}

impl Provider {
    pub(super) fn new(url: &str) -> Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(tcp);
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { client, url })
    }

    /// The passages nearest to the question.
    pub(super) async fn near(&self, question: &str) -> Result<Vec<Uuid>> {
        let asked = json!({
            "model": "text-embedding-3-small", "input": [question], "encoding_format": "float"
        });
        let found = self.whole("/v1/embeddings", &asked).await?;
        let found: Embeddings = serde_json::from_slice(&found)?;
        let embedding = found.data.into_iter().next().context("no embedding")?;
        let asked = json!({
            "namespace": "n", "vector": embedding.embedding, "topK": 5, "includeMetadata": true
        });
        let found: Found = serde_json::from_slice(&self.whole("/query", &asked).await?)?;
        Ok(found.matches.into_iter().map(|m| m.id).collect())
    }

    /// The whole answer.
    pub(super) async fn answer(&self, messages: &Value) -> Result<Value> {
        let asked = json!({ "model": "gpt-4o-mini", "messages": messages, "stream": false });
        let answer = self.whole("/v1/chat/completions", &asked).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// The answer as it comes.
    pub(super) async fn stream(&self, messages: &Value) -> Result<Incoming> {
        let asked = json!({
            "model": "gpt-4o-mini", "messages": messages, "stream": true,
            "stream_options": { "include_usage": true }
        });
        Ok(self.ask("/v1/chat/completions", &asked).await?.into_body())
    }

    async fn whole(&self, path: &str, asked: &Value) -> Result<Bytes> {
        let answer = self.ask(path, asked).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }

    async fn ask(&self, path: &str, asked: &Value) -> Result<Response<Incoming>> {
        let request = Request::post(format!("{}{path}", self.url))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(asked)?))?;
        let answer = self.client.request(request).await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer)
    }
}
