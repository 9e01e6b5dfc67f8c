//! Messages as `useChat` keeps them: what a client has after a reload is what it had before.

use db::{Message, MessageRole, MessageStatus, Source, Usage};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type of messages in the AI SDK's form, where a route has others, too.
pub(crate) const UI_MESSAGES: &str = "application/vnd.parlance.ui-messages+json";

/// A message in the AI SDK's form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UiMessage)]
pub(crate) struct UiMessage {
    /// Of a user's message, what the app called it, if it did; else its id here.
    #[schema(example = "u7XcDe2fGh1jKl3M")]
    id: String,
    /// Who said it.
    role: MessageRole,
    /// Of an answer, what `start` and `finish` said of it; of a user's message, what the app attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// What was said.
    parts: Vec<UiPart>,
}

/// A part of a message; `type` says what it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UiPart)]
#[serde(untagged)]
pub(crate) enum UiPart {
    /// What was said.
    Said(UiSaid),
    /// What it draws on.
    Source(UiSource),
}

/// A part of a message that is no source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UiSaid)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum UiSaid {
    /// An answer begins.
    StepStart {},
    /// What the model thought.
    Reasoning {
        /// The text.
        text: String,
        /// `done`.
        state: &'static str,
    },
    /// What was said.
    Text {
        /// The text.
        #[schema(example = "A refund takes 14 days.")]
        text: String,
        /// `done` in an answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<&'static str>,
    },
}

/// What an answer draws on: each document once, then all passages together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UiSource)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum UiSource {
    /// A document that is published.
    SourceUrl {
        /// The document.
        #[serde(rename = "sourceId")]
        source_id: Uuid,
        /// Where it is published.
        url: String,
        /// Its title.
        title: String,
    },
    /// Any other document.
    SourceDocument {
        /// The document.
        #[serde(rename = "sourceId")]
        source_id: Uuid,
        /// `text/plain`: it was read as text.
        #[serde(rename = "mediaType")]
        media_type: &'static str,
        /// Its title.
        title: String,
    },
    /// The passages, with how well they fit.
    DataSources {
        /// `sources`.
        id: &'static str,
        /// Best first.
        data: Vec<Source>,
    },
}

/// What is said of an answer besides its text.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = UiMetadata)]
pub(crate) struct UiMetadata {
    /// The conversation's id here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session_id: Option<Uuid>,
    /// The question's id here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_message_id: Option<Uuid>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<MessageStatus>,
    /// `stop`, `length`, `content_filter` or `other`; `stopped` for one that somebody stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<String>,
    /// The code of what ended it, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<String>,
    /// Whether asking again may help, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retryable: Option<bool>,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<String>,
    /// With which model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
}

impl UiSource {
    /// The parts that tell of `sources`; none of none.
    pub(super) fn all(sources: Vec<Source>) -> Vec<Self> {
        let mut told = HashSet::new();
        let documents = sources.iter().filter(|s| told.insert(s.document_id));
        let mut all: Vec<_> = documents.map(Self::document).collect();
        if !sources.is_empty() {
            all.push(Self::DataSources {
                id: "sources",
                data: sources,
            });
        }
        all
    }

    fn document(source: &Source) -> Self {
        let (source_id, title) = (source.document_id, source.title.clone());
        match source.source_url.clone() {
            Some(url) => Self::SourceUrl {
                source_id,
                url,
                title,
            },
            None => Self::SourceDocument {
                source_id,
                media_type: "text/plain",
                title,
            },
        }
    }
}

impl UiMessage {
    /// A stored message; none of an answer that is being made, which a client follows from its beginning.
    pub(crate) fn of(message: Message) -> Option<Self> {
        match (message.role, message.status) {
            (MessageRole::User, _) => Some(Self::question(message)),
            (MessageRole::Assistant, MessageStatus::Streaming) => None,
            (MessageRole::Assistant, _) => Some(Self::answer(message)),
        }
    }

    fn question(message: Message) -> Self {
        let attached = message.metadata.as_object();
        let has_metadata = attached.is_some_and(|attached| !attached.is_empty());
        Self {
            id: message
                .external_id
                .unwrap_or_else(|| message.id.to_string()),
            role: message.role,
            metadata: has_metadata.then_some(message.metadata),
            parts: vec![UiPart::Said(UiSaid::Text {
                text: message.content,
                state: None,
            })],
        }
    }

    fn answer(message: Message) -> Self {
        let state = "done";
        let mut parts = vec![UiPart::Said(UiSaid::StepStart {})];
        parts.extend(
            UiSource::all(message.sources)
                .into_iter()
                .map(UiPart::Source),
        );
        let thought = message.reasoning.filter(|text| !text.is_empty());
        parts.extend(thought.map(|text| UiPart::Said(UiSaid::Reasoning { text, state })));
        if !message.content.is_empty() {
            parts.push(UiPart::Said(UiSaid::Text {
                text: message.content,
                state: Some(state),
            }));
        }
        let failed = message.error_code.as_deref();
        let metadata = UiMetadata {
            session_id: Some(message.session_id),
            user_message_id: message.parent_id,
            status: Some(message.status),
            finish_reason: message.finish_reason,
            retryable: failed.map(web::is_retryable),
            error_code: message.error_code,
            usage: message.usage,
            provider: message.provider,
            model: message.model,
        };
        Self {
            id: message.id.to_string(),
            role: message.role,
            metadata: serde_json::to_value(metadata).ok(),
            parts,
        }
    }
}
