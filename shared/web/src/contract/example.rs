//! Examples of what is sent and answered, put together from those of the fields.

use super::rules::operations;
use serde_json::{Map, Value, json};
use utoipa::openapi::{Content, OpenApi, RefOr, request_body::RequestBody};

/// Schemas nest less deep; one that holds itself ends here.
const DEEPEST: usize = 16;

/// Gives every JSON and every form an example.
pub(super) fn add(api: &mut OpenApi) {
    let contract = serde_json::to_value(&*api).expect("the contract is JSON");
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        if let Some(RefOr::T(RequestBody { content, .. })) = &mut operation.request_body {
            for (media, content) in content {
                show(&contract, media, content, true);
            }
        }
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else {
                continue;
            };
            for (media, content) in &mut response.content {
                if status.starts_with('2') {
                    show(&contract, media, content, false);
                }
            }
        }
    }
}

fn show(contract: &Value, media: &str, content: &mut RefOr<Content>, sent: bool) {
    let RefOr::T(content) = content else { return };
    let written = ["application/json", "application/x-www-form-urlencoded"].contains(&media);
    if let (true, None, Some(schema)) = (written, &content.example, &content.schema) {
        let schema = serde_json::to_value(schema).expect("a schema is JSON");
        content.example = Some(Sample { contract, sent }.of(&schema, 0));
    }
}

/// How to make a value that fits a schema.
struct Sample<'a> {
    contract: &'a Value,
    /// Of what is sent, only what must be there or has an example of its own is shown.
    sent: bool,
}

impl Sample<'_> {
    fn of(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(given) = given(schema) {
            return given.clone();
        }
        if let Some(target) = schema["$ref"].as_str() {
            let target = self.contract.pointer(target.trim_start_matches('#'));
            return self.of(target.unwrap_or(&Value::Null), depth + 1);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(first) = schema[choice].get(0) {
                return self.of(first, depth + 1);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            // Of objects all, of anything else the one that there is.
            let parts = parts.iter().map(|part| self.of(part, depth + 1));
            let parts: Vec<Value> = parts.collect();
            if let Some(value) = parts
                .iter()
                .find(|part| !part.is_object() && !part.is_null())
            {
                return value.clone();
            }
            let objects = parts
                .into_iter()
                .filter_map(|part| part.as_object().cloned());
            return Value::Object(objects.flatten().collect());
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => json!([self.of(&schema["items"], depth + 1)]),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            Some("string") => text(schema),
            // What may be null.
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array();
        let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|r| r == name));
        let fields = schema["properties"].as_object().into_iter().flatten();
        let shown = fields
            .filter(|(name, field)| !self.sent || is_required(name) || given(field).is_some());
        let shown = shown.map(|(name, field)| (name.clone(), self.of(field, depth + 1)));
        Value::Object(shown.collect::<Map<_, _>>())
    }
}

/// What the schema says itself.
fn given(schema: &Value) -> Option<&Value> {
    let examples = schema["examples"].get(0);
    let choices = schema["enum"].get(0);
    schema
        .get("example")
        .or(examples)
        .or(schema.get("default"))
        .or(choices)
}

fn text(schema: &Value) -> Value {
    json!(match schema["format"].as_str() {
        Some("uuid") => "0193d0f2-7c1e-7d6b-9a55-3f0e6c1b2a4d",
        Some("date-time") => "2026-01-31T09:30:00Z",
        Some("date") => "2026-01-31",
        _ => "text",
    })
}
