//! The requests and answers of Pinecone's data plane.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct Upsert<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) vectors: Vec<WireVector<'a>>,
}

#[derive(Serialize)]
pub(crate) struct WireVector<'a> {
    pub(crate) id: &'a str,
    pub(crate) values: &'a [f32],
    pub(crate) metadata: Metadata,
}

#[derive(Serialize)]
pub(crate) struct Metadata {
    pub(crate) tenant_id: Uuid,
    pub(crate) document_id: Uuid,
    pub(crate) chunk_id: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) vector: &'a [f32],
    pub(crate) top_k: u32,
    pub(crate) include_metadata: bool,
    pub(crate) include_values: bool,
}

#[derive(Serialize)]
pub(crate) struct Delete<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) ids: &'a [String],
}

#[derive(Deserialize)]
pub(crate) struct Found {
    pub(crate) matches: Vec<WireMatch>,
}

#[derive(Deserialize)]
pub(crate) struct WireMatch {
    pub(crate) id: String,
    pub(crate) score: f32,
    /// Of any shape, so that a foreign one is dropped rather than a fault of the whole answer.
    #[serde(default)]
    metadata: Value,
}

impl WireMatch {
    /// Whose vector it says it is.
    pub(crate) fn tenant(&self) -> Option<Uuid> {
        self.metadata.get("tenant_id")?.as_str()?.parse().ok()
    }
}

/// Asks for what is known of an index; there is nothing to say.
#[derive(Serialize)]
pub(crate) struct Stats {}

#[derive(Deserialize)]
pub(crate) struct Described {
    pub(crate) dimension: Option<u32>,
}

/// Why a request was refused: `error.code` on the control plane, `code` and `message` on the data plane, where the code is a
/// number or a name.
#[derive(Default, Deserialize)]
pub(crate) struct Refused {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    code: Value,
    #[serde(default)]
    message: Value,
}

impl Refused {
    /// Whether it was for want of room.
    pub(crate) fn is_quota(&self) -> bool {
        const QUOTA: &str = "QUOTA_EXCEEDED";
        let said = [&self.error["code"], &self.code, &self.message];
        said.into_iter()
            .filter_map(Value::as_str)
            .any(|text| text.contains(QUOTA))
    }
}
