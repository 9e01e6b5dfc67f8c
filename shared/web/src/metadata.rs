//! What clients tell beside things, and find them by.

use crate::{Error, Result};
use db::MetadataFilter;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// In bytes: it is sent with every page of a list.
const MAX_METADATA: usize = 4096;
/// How many keys a filter may have, and how many values each.
const MOST_KEYS: usize = 8;
const MOST_VALUES: usize = 32;

/// Which documents are searched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentFilter)]
pub struct Filter {
    /// What a document's metadata must have: for each key the same value, or one of a list of values. All keys must fit. Where
    /// a document has a list, one of its values is enough. At most 8 keys with at most 32 values each, 4 KiB in all.
    #[schema(value_type = Option<Object>, example = json!({ "product": ["a", "b"], "public": true }))]
    metadata: Option<Map<String, Value>>,
}

impl Filter {
    /// What it says; nothing if every document fits.
    ///
    /// # Errors
    /// 422 for more than it may say, and for what is no value.
    pub fn check(self) -> Result<Option<MetadataFilter>> {
        let keys = self.metadata.unwrap_or_default();
        if keys.is_empty() {
            return Ok(None);
        }
        let fault = |message| Error::field("filter.metadata", message);
        if keys.len() > MOST_KEYS || keys.iter().map(member).sum::<usize>() > MAX_METADATA {
            return Err(fault("must have at most 8 keys, and at most 4 KiB in all"));
        }
        let listed = keys.into_iter().map(|(key, value)| match value {
            Value::Array(values) => (key, values),
            value => (key, vec![value]),
        });
        let filter = MetadataFilter(listed.collect());
        for values in filter.0.values() {
            if !(1..=MOST_VALUES).contains(&values.len()) || !values.iter().all(is_plain) {
                return Err(fault(
                    "must have for each key a text, a number, true or false, or a list of 1 to 32 of those",
                ));
            }
        }
        Ok(Some(filter))
    }
}

/// Checks how much is told beside something.
///
/// # Errors
/// 422 for more than is kept.
pub fn check_metadata(metadata: &Value) -> Result<()> {
    check_size(stored_size(metadata))
}

/// How many bytes the database makes of a value: it writes out every digit of a number, 309 for `1e308`.
fn stored_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(n) => n.as_f64().map_or(0, |n| n.to_string().len()),
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|v| 2 + stored_size(v)).sum::<usize>(),
        Value::Object(members) => 2 + members.iter().map(member).sum::<usize>(),
    }
}

fn member((name, value): (&String, &Value)) -> usize {
    name.len() + 4 + stored_size(value)
}

/// Checks what is told beside a document, which it can be found by.
///
/// # Errors
/// 422 for more than is kept, and for what no filter could name.
pub fn check_flat_metadata(metadata: &Map<String, Value>) -> Result<()> {
    let fits = |value: &Value| match value {
        Value::Array(values) => values.iter().all(is_plain),
        value => is_plain(value),
    };
    if !metadata.values().all(fits) {
        return Err(Error::field(
            "metadata",
            "must have for each key a text, a number, true or false, or a list of those",
        ));
    }
    check_size(2 + metadata.iter().map(member).sum::<usize>())
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn check_size(size: usize) -> Result<()> {
    if size > MAX_METADATA {
        let message = "must be at most 4 KiB, with its numbers written out";
        return Err(Error::field("metadata", message));
    }
    Ok(())
}
