//! What a response puts out: one message, with its text and what that cites.

use super::{
    citations::{Citation, citations},
    input::ITEM,
    names::id,
};
use db::Source;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What the model said.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OpenAiOutputMessage)]
pub(crate) struct OutputMessage {
    /// Its id, by which a later request of the same caller may name it.
    #[schema(example = "msg_0193d0f27c207b118f3d5b7f0c9e1d22")]
    id: String,
    /// `message`.
    #[schema(example = "message")]
    r#type: &'static str,
    /// `assistant`.
    #[schema(example = "assistant")]
    role: &'static str,
    /// `in_progress`, `completed` or `incomplete`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Its one part.
    content: Vec<OutputText>,
}

/// A text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OpenAiOutputText)]
pub(crate) struct OutputText {
    /// `output_text`.
    #[schema(example = "output_text")]
    r#type: &'static str,
    /// What was said.
    #[schema(example = "A refund takes 14 days [1].")]
    text: String,
    /// Where it cites documents that are published.
    annotations: Vec<UrlAnnotation>,
    /// None.
    #[schema(value_type = Vec<Object>)]
    logprobs: [(); 0],
}

/// A place that cites a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OpenAiUrlAnnotation)]
pub(crate) struct UrlAnnotation {
    /// `url_citation`.
    #[schema(example = "url_citation")]
    r#type: &'static str,
    #[serde(flatten)]
    citation: Citation,
}

impl OutputMessage {
    pub(super) fn new(message: Uuid, status: &'static str, part: Option<OutputText>) -> Self {
        Self {
            id: id(ITEM, message),
            r#type: "message",
            role: "assistant",
            status,
            content: part.into_iter().collect(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn part(&self) -> Option<&OutputText> {
        self.content.first()
    }
}

impl OutputText {
    pub(super) fn new(text: String, sources: &[Source]) -> Self {
        let found = citations(&text, sources).into_iter();
        let annotation = |citation| UrlAnnotation {
            r#type: "url_citation",
            citation,
        };
        Self {
            r#type: "output_text",
            annotations: found.map(annotation).collect(),
            text,
            logprobs: [],
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn annotations(&self) -> &[UrlAnnotation] {
        &self.annotations
    }
}
