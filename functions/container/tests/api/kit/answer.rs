//! What a request was answered.

use super::documented::assert_code;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` if the body is not JSON.
    pub json: Value,
    pub text: String,
}

impl Answer {
    /// The code of the problem; asserts that it is a whole problem (RFC 9457) with this status. Of a route under `/v1` or at
    /// `/mcp` what it would be there, of a failure in their forms.
    pub fn problem(&self, status: u16) -> String {
        if self.json["jsonrpc"].is_string() {
            let status = if status == 422 { 400 } else { status };
            let (code, name) = self.mcp(status);
            return match code {
                -32600 => "invalid_request".to_owned(),
                _ => name,
            };
        }
        if self.json["error"].is_object() {
            let is_field = status == 422;
            let (code, _) = self.openai(if is_field { 400 } else { status });
            return match &*code {
                "invalid_api_key" => "invalid_token".to_owned(),
                "invalid_value" if is_field => "invalid_request".to_owned(),
                _ => code,
            };
        }
        assert_eq!(self.status, status, "{}", self.text);
        // Of a route whose clients show it as it is.
        if self.header("content-type") == "text/plain; charset=utf-8" {
            assert!(self.text.ends_with('.'), "{}", self.text);
            let code = self.header("x-error-code").to_owned();
            assert_code(&code, status);
            return code;
        }
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        assert_eq!(self.json["status"], status, "{}", self.text);
        assert_eq!(
            self.json["instance"],
            self.header("x-request-id"),
            "{}",
            self.text
        );
        assert!(
            self.json["title"].is_string() && self.json["detail"].is_string(),
            "{}",
            self.text
        );
        let kind = self.json["type"].as_str().expect("a problem has a type");
        kind.strip_prefix("urn:parlance:error:")
            .expect("the type is ours")
            .to_owned()
    }

    /// The code of a failure in JSON-RPC's form, and our own for it, where it has one; asserts that it is a whole one with this status.
    pub fn mcp(&self, status: u16) -> (i64, String) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        assert!(!self.header("x-request-id").is_empty());
        assert_eq!(self.json["jsonrpc"], "2.0", "{}", self.text);
        let error = &self.json["error"];
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.ends_with('.'), "{}", self.text);
        let name = error["data"]["code"].as_str().unwrap_or_default();
        (error["code"].as_i64().expect("a code"), name.to_owned())
    }

    /// The code of a failure in OpenAI's form, and the parameter that it is about; asserts that it is a whole one with this
    /// status.
    pub fn openai(&self, status: u16) -> (String, Option<String>) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        assert!(!self.header("x-request-id").is_empty());
        assert!(["true", "false"].contains(&self.header("x-should-retry")));
        let error = self.json["error"].as_object();
        let error = error.unwrap_or_else(|| panic!("no error in {}", self.text));
        let names: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "message", "param", "type"], "{}", self.text);
        assert!(error["type"].is_string(), "{}", self.text);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.ends_with(['.', '!']), "{}", self.text);
        let param = error["param"].as_str().map(str::to_owned);
        (error["code"].as_str().expect("a code").to_owned(), param)
    }

    /// The fields that a 422 complains about.
    pub fn fields(&self) -> Vec<String> {
        assert_eq!(self.problem(422), "invalid_request");
        let errors = self.json["errors"].as_array().expect("a 422 names fields");
        errors
            .iter()
            .map(|e| e["field"].as_str().expect("a field").to_owned())
            .collect()
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |v| v.to_str().expect("the header is text"))
    }

    /// An id in the answer.
    pub fn id(&self, field: &str) -> Uuid {
        let id = self.json[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {}", self.text));
        id.parse().expect("an id is a UUID")
    }
}
