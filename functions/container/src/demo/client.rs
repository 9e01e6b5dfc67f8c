//! A client of the service in this process: the public API without a socket.

use anyhow::{Context, Result, ensure};
use axum::{Router, body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Someone who is logged in.
pub(super) struct Client<'a> {
    service: &'a Router,
    token: String,
}

impl<'a> Client<'a> {
    pub(super) async fn login(
        service: &'a Router,
        tenant: &str,
        email: &str,
        password: &str,
    ) -> Result<Self> {
        let anonymous = Self {
            service,
            token: String::new(),
        };
        let login = json!({ "tenant": tenant, "email": email, "password": password });
        let (status, answer) = anonymous.post("/login", login).await?;
        ensure!(status == 200, "login failed with status {status}");
        anonymous.with_token(&answer)
    }

    /// The same client with the token that an answer gave.
    pub(super) fn with_token(&self, answer: &Value) -> Result<Self> {
        let token = answer["access_token"].as_str();
        Ok(Self {
            service: self.service,
            token: token.context("an answer without a token")?.to_owned(),
        })
    }

    /// The status and the answer.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<(u16, Value)> {
        self.change(Request::post(path), body).await
    }

    /// Likewise.
    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<(u16, Value)> {
        self.change(Request::patch(path), body).await
    }

    async fn change(
        &self,
        request: axum::http::request::Builder,
        body: Value,
    ) -> Result<(u16, Value)> {
        let request = request.header("content-type", "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    /// The answer, which must be a good one.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.send(Request::get(path), Body::empty()).await?;
        ensure!(status == 200, "{path} answered {status}");
        Ok(answer)
    }

    async fn send(
        &self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Result<(u16, Value)> {
        let request = request
            .header("authorization", format!("Bearer {}", self.token))
            .body(body)?;
        let answer = self.service.clone().oneshot(request).await?;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await?.to_bytes();
        Ok((
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }
}
