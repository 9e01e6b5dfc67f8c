//! What an answer was given to draw on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A passage that an answer was given to draw on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The document.
    pub document_id: Uuid,
    /// The document's title.
    #[schema(example = "Refunds")]
    pub title: String,
    /// The passage in it.
    pub chunk_id: Uuid,
    /// How well it fits the question; higher is better.
    #[schema(example = 0.82)]
    pub score: f32,
    /// The beginning of the passage.
    #[schema(example = "Refunds take 14 days.")]
    pub snippet: String,
    /// Where the document is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// On which page of it the passage begins; of slides, on which of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub page: Option<i32>,
    /// Under which headings the passage stands, from the widest to the narrowest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heading: Vec<String>,
}
