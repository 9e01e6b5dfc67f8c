//! AWS Secrets Manager with one secret in it, as far as a function asks it.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The server.
pub struct Secrets {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Shared {
    secret: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Secrets {
    /// Starts it on a free port of this machine. An empty secret is none.
    pub async fn start(secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let shared = Shared {
            secret: secret.to_owned(),
            asked: asked.clone(),
        };
        let router = Router::new().fallback(answer).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let address = format!("http://{address}");
        Self { address, asked }
    }

    /// The variables by which a function finds the secret, as Lambda and the template set them.
    pub fn vars(&self) -> Vec<(String, String)> {
        let vars = [
            ("SECRETS_ARN", "arn:test"),
            ("AWS_ENDPOINT_URL", &*self.address),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_SESSION_TOKEN", "test"),
        ];
        vars.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    /// Operation and secret of every request.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panicked here").clone()
    }
}

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let request: Value = serde_json::from_str(&body).expect("the SDK sends JSON");
    let operation = headers.get("x-amz-target").and_then(|v| v.to_str().ok());
    let id = request["SecretId"].as_str().unwrap_or_default();
    let asked = format!("{} {id}", operation.unwrap_or_default());
    let mut all = shared.asked.lock().expect("no test panicked here");
    all.push(asked);
    if shared.secret.is_empty() {
        let missing = json!({ "__type": "ResourceNotFoundException", "Message": "There is none." });
        return (StatusCode::BAD_REQUEST, Json(missing)).into_response();
    }
    let found = json!({ "ARN": id, "Name": "test", "SecretString": shared.secret });
    Json(found).into_response()
}
