//! Which documents a search is of.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which documents a search is of: those whose metadata have, for each of these keys, one of its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MetadataFilter(pub BTreeMap<String, Vec<Value>>);
