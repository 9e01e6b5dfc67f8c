//! Whether an answer is one that the contract lets its readers expect, asserted of every answer that a test gets.

use super::api::{Operation, asked_for, contract, operations, resolve};
use axum::http::{Method, response::Parts};
use serde_json::Value;
use std::{collections::HashSet, sync::LazyLock};

static CONTRACT: LazyLock<Value> = LazyLock::new(contract);
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(operations);
static CODES: LazyLock<HashSet<(String, u64)>> = LazyLock::new(|| error_codes().collect());

/// What the contract calls `default`: faults that any operation may meet.
const DEFAULT: [u16; 3] = [405, 408, 500];

/// Code and status of every problem that the contract lists.
pub fn error_codes() -> impl Iterator<Item = (String, u64)> {
    let codes = CONTRACT["x-error-codes"].as_array().into_iter().flatten();
    codes.filter_map(|c| Some((c["code"].as_str()?.to_owned(), c["status"].as_u64()?)))
}

/// Asserts that the contract names the status of an answer, and the media type that it has then.
pub fn assert_documented(method: &Method, path: &str, answer: &Parts) {
    let Some(operation) = asked_for(&OPERATIONS, method.as_str(), path) else {
        return;
    };
    let (name, status) = (operation.name(), answer.status);
    let response = &operation.about["responses"][status.as_str()];
    if response.is_null() {
        assert!(
            DEFAULT.contains(&status.as_u16()),
            "{name} answered {status}, which the contract does not name: add it to the route's responses, or to what \
             follows from what an operation is, in shared/web/src/contract/rules.rs"
        );
        return;
    }
    let media = answer.headers.get("content-type");
    let media = media.and_then(|value| value.to_str().ok()?.split(';').next());
    let content = &resolve(&CONTRACT, response)["content"];
    assert!(
        media.is_none_or(|media| content[media].is_object()),
        "{name} answered {status} as {media:?}, which the contract does not name"
    );
}

/// Asserts that a failure is in the form of its path: under `/v1` OpenAI's, at `/mcp` JSON-RPC's, and nowhere else.
pub fn assert_form(path: &str, answer: &Parts, json: &Value) {
    let path = path.split('?').next().unwrap_or_default();
    let is_openai = path == "/v1" || path.starts_with("/v1/");
    let is_mcp = path == "/mcp";
    let is_in_that_form = json["error"]["message"].is_string();
    let is_in_its_form =
        is_in_that_form == (is_openai || is_mcp) && json["jsonrpc"].is_string() == is_mcp;
    assert!(
        answer.status.as_u16() < 400 || json.is_null() || is_in_its_form,
        "{path} answered {} in the form of other paths: {json}",
        answer.status
    );
}

/// Asserts that the contract lists the code of a problem, with the status that it has.
pub fn assert_listed(problem: &Value) {
    let kind = problem["type"].as_str();
    let Some(code) = kind.and_then(|kind| kind.strip_prefix("urn:parlance:error:")) else {
        return;
    };
    let status = problem["status"].as_u64().and_then(|s| s.try_into().ok());
    assert_code(code, status.unwrap_or_default());
}

/// Asserts that the contract lists a code with its status.
pub fn assert_code(code: &str, status: u16) {
    assert!(
        CODES.contains(&(code.to_owned(), status.into())),
        "shared/web/src/contract/codes.rs does not list {code} with this status"
    );
}
