//! Pinecone, with what it refuses: the rules are those of its published description of version 2026-04, and the words its own.

use super::{Asked, Provider};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// The versions that are supported.
const VERSIONS: [&str; 3] = ["2025-10", "2026-04", "2026-07"];
const MOST_DIMENSIONS: usize = 20_000;
const MOST_IDS: usize = 1000;
const MOST_BYTES: usize = 2 * 1024 * 1024;
const MOST_METADATA: usize = 40 * 1024;

/// How many numbers its vectors have, unless a test says otherwise.
pub(super) const DIMENSIONS: usize = 3;

type Fields = Map<String, Value>;
type Checked<T = ()> = Result<T, String>;

/// Answers a request as Pinecone does; `None` if it is none of Pinecone's.
pub(super) fn answer(provider: &Provider, asked: &Asked) -> Option<Response> {
    let control = asked.path.strip_prefix("/indexes/");
    let is_data = asked.path.starts_with("/namespaces/")
        || [
            "/query",
            "/vectors/upsert",
            "/vectors/delete",
            "/describe_index_stats",
        ]
        .contains(&asked.path.as_str());
    let is_list = asked.path == "/indexes";
    if control.is_none() && !is_data && !is_list {
        return None;
    }
    if asked.api_key.is_empty() {
        return Some((StatusCode::UNAUTHORIZED, "Invalid API Key").into_response());
    }
    let dimensions = *provider.inner.dimensions.lock().unwrap();
    if is_list {
        return Some(Json(json!({ "indexes": [] })).into_response());
    }
    Some(match check(asked, dimensions) {
        Ok(()) => match control {
            Some(name) => Json(json!({
                "name": name, "metric": "cosine", "dimension": dimensions, "vector_type": "dense", "host": provider.address,
                "deletion_protection": "disabled", "status": { "ready": true, "state": "Ready" },
                "spec": { "serverless": { "cloud": "aws", "region": "us-east-1" } },
            })),
            None => Json(data(provider, asked, dimensions)),
        }
        .into_response(),
        Err(message) => {
            let refused = json!({ "code": 3, "message": message, "details": [] });
            (StatusCode::BAD_REQUEST, Json(refused)).into_response()
        }
    })
}

impl Provider {
    /// The status that a request of the data plane would be answered with.
    pub fn would_answer(&self, path: &str, body: &Value, version: &str) -> u16 {
        let asked = Asked {
            method: "POST".into(),
            path: path.into(),
            authorization: String::new(),
            api_key: "pc-key".into(),
            version: version.into(),
            content_type: "application/json".into(),
            traceparent: String::new(),
            tracestate: String::new(),
            bytes: body.to_string().len(),
            body: body.clone(),
        };
        let answer = answer(self, &asked).expect("it is one of Pinecone's");
        answer.status().as_u16()
    }
}

fn data(provider: &Provider, asked: &Asked, dimensions: usize) -> Value {
    let namespace = &asked.body["namespace"];
    match asked.path.as_str() {
        "/query" => {
            let matches = provider.inner.matches.lock().unwrap().clone();
            let most = asked.body["topK"].as_u64().unwrap_or(0);
            let most = usize::try_from(most).unwrap_or(0);
            let matches: Vec<Value> = matches.into_iter().take(most).collect();
            json!({ "matches": matches, "namespace": namespace, "usage": { "readUnits": 1 } })
        }
        "/vectors/upsert" => {
            json!({ "upsertedCount": asked.body["vectors"].as_array().map_or(0, Vec::len) })
        }
        "/describe_index_stats" => {
            json!({ "namespaces": {}, "dimension": dimensions, "indexFullness": 0, "totalVectorCount": 0 })
        }
        _ => json!({}),
    }
}

fn check(asked: &Asked, dimensions: usize) -> Checked {
    if !VERSIONS.contains(&asked.version.as_str()) {
        return Err(format!(
            "X-Pinecone-Api-Version \"{}\" is not a supported version",
            asked.version
        ));
    }
    if asked.path.starts_with("/indexes/") {
        return is(asked.method == "GET", "an index is described by GET");
    }
    if let Some(namespace) = asked.path.strip_prefix("/namespaces/") {
        is(asked.method == "DELETE", "a namespace is deleted by DELETE")?;
        return is(
            !namespace.is_empty() && !namespace.contains('/'),
            "namespace must be named",
        );
    }
    is(asked.method == "POST", "the data plane is asked by POST")?;
    is(
        asked.content_type.starts_with("application/json"),
        "the body must be application/json",
    )?;
    is(
        asked.bytes <= MOST_BYTES,
        "the request is larger than the limit of 2 MB",
    )?;
    let body = asked.body.as_object().ok_or("the body must be an object")?;
    if asked.path != "/describe_index_stats" {
        // A request without one is of the namespace that all share.
        let namespace = body.get("namespace").and_then(Value::as_str);
        is(
            namespace.is_some_and(|name| !name.is_empty()),
            "namespace must be named",
        )?;
    }
    match asked.path.as_str() {
        "/vectors/upsert" => upsert(body, dimensions),
        "/query" => query(body, dimensions),
        "/vectors/delete" => delete(body),
        _ => only(body, &["filter"]),
    }
}

fn upsert(body: &Fields, dimensions: usize) -> Checked {
    only(body, &["vectors", "namespace"])?;
    let vectors = list(body, "vectors", MOST_IDS)?;
    for vector in vectors {
        let vector = vector.as_object().ok_or("a vector must be an object")?;
        only(vector, &["id", "values", "sparseValues", "metadata"])?;
        id(vector.get("id"))?;
        numbers(vector, "values", dimensions)?;
        if let Some(metadata) = vector.get("metadata") {
            check_metadata(metadata)?;
        }
    }
    Ok(())
}

fn query(body: &Fields, dimensions: usize) -> Checked {
    only(
        body,
        &[
            "namespace",
            "topK",
            "filter",
            "includeValues",
            "includeMetadata",
            "vector",
            "sparseVector",
            "id",
            "scanFactor",
            "maxCandidates",
        ],
    )?;
    let most = body.get("topK").and_then(Value::as_u64).unwrap_or(0);
    is(
        (1..=10_000).contains(&most),
        "topK must be a number from 1 to 10000",
    )?;
    for flag in ["includeValues", "includeMetadata"] {
        is(
            body.get(flag).is_none_or(Value::is_boolean),
            "includeValues and includeMetadata are true or false",
        )?;
    }
    is(
        body.contains_key("vector") != body.contains_key("id"),
        "a query has either a vector or an id",
    )?;
    match body.get("id") {
        Some(_) => id(body.get("id")),
        None => numbers(body, "vector", dimensions),
    }
}

fn delete(body: &Fields) -> Checked {
    only(body, &["ids", "deleteAll", "namespace", "filter"])?;
    let ways = ["ids", "deleteAll", "filter"].map(|way| body.contains_key(way));
    is(
        ways.iter().filter(|way| **way).count() == 1,
        "exactly one of ids, deleteAll and filter must be given",
    )?;
    if body.contains_key("ids") {
        for one in list(body, "ids", MOST_IDS)? {
            id(Some(one))?;
        }
    }
    Ok(())
}

/// Flat: texts, numbers, booleans and lists of texts.
fn check_metadata(metadata: &Value) -> Checked {
    let flat = |value: &Value| match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Array(list) => list.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    };
    let fields = metadata.as_object().ok_or("metadata must be an object")?;
    is(
        fields.values().all(flat),
        "metadata values are strings, numbers, booleans or lists of strings",
    )?;
    is(
        metadata.to_string().len() <= MOST_METADATA,
        "metadata is larger than the limit of 40 KB",
    )
}

fn numbers(of: &Fields, field: &str, dimensions: usize) -> Checked {
    let values = list(of, field, MOST_DIMENSIONS)?;
    is(
        values.iter().all(Value::is_number),
        "vectors are lists of numbers",
    )?;
    if values.len() != dimensions {
        return Err(format!(
            "Vector dimension {} does not match the dimension of the index {dimensions}",
            values.len()
        ));
    }
    Ok(())
}

fn id(id: Option<&Value>) -> Checked {
    let length = id
        .and_then(Value::as_str)
        .map_or(0, |id| id.chars().count());
    is((1..=512).contains(&length), "an id has 1 to 512 characters")
}

fn list<'a>(of: &'a Fields, field: &str, most: usize) -> Checked<&'a [Value]> {
    let list = of.get(field).and_then(Value::as_array);
    let list = list.ok_or_else(|| format!("{field} must be a list"))?;
    match (1..=most).contains(&list.len()) {
        true => Ok(list),
        false => Err(format!("{field} must have 1 to {most} elements")),
    }
}

fn only(of: &Fields, known: &[&str]) -> Checked {
    match of.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown field: {key}")),
        None => Ok(()),
    }
}

fn is(holds: bool, otherwise: &str) -> Checked {
    holds.then_some(()).ok_or_else(|| otherwise.to_owned())
}
