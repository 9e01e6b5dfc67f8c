//! What a chat completion consists of.

use super::{
    citations::{Citation, citations},
    names::{created, finish_reason, id},
};
use crate::answered::Answer;
use db::{MessageStatus, Source};
use serde::Serialize;
use service::UsageParts;
use utoipa::ToSchema;
use uuid::Uuid;

/// An answer in one piece.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletion {
    /// The answer.
    #[schema(example = "chatcmpl-0193d0f27c207b118f3d5b7f0c9e1d22")]
    id: String,
    /// `chat.completion`.
    #[schema(example = "chat.completion")]
    object: &'static str,
    /// When it was begun, in seconds since 1970.
    #[schema(example = 1_764_150_000)]
    created: u64,
    /// Who wrote it.
    #[schema(example = "gpt-6-luna")]
    model: String,
    /// Always one.
    choices: Vec<ChatCompletionChoice>,
    /// What it took.
    usage: CompletionUsage,
    /// What OpenAI has no word for.
    parlance: Extra,
}

/// The one choice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionChoice {
    /// 0.
    #[schema(example = 0)]
    index: u32,
    /// The answer.
    message: ChatCompletionMessage,
    /// Null.
    #[schema(value_type = Option<Object>, required = true)]
    logprobs: (),
    /// `stop`, `length` or `content_filter`.
    #[schema(example = "stop")]
    finish_reason: &'static str,
}

/// What the model said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionMessage {
    /// `assistant`.
    #[schema(example = "assistant")]
    role: &'static str,
    /// Its text.
    #[schema(example = "A refund takes 14 days [1].")]
    content: String,
    /// Null.
    #[schema(value_type = Option<String>, required = true)]
    refusal: (),
    /// Where it cites documents that are published.
    annotations: Vec<Annotation>,
}

/// A place that cites a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Annotation {
    /// `url_citation`.
    #[schema(example = "url_citation")]
    r#type: &'static str,
    /// Where, and what.
    url_citation: Citation,
}

/// Tokens.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CompletionUsage {
    /// Sent to the model.
    #[schema(example = 231)]
    prompt_tokens: i32,
    /// Written by it.
    #[schema(example = 9)]
    completion_tokens: i32,
    /// Together.
    #[schema(example = 240)]
    total_tokens: i32,
    /// Of those that were sent.
    prompt_tokens_details: PromptTokensDetails,
    /// Of those that were written.
    completion_tokens_details: CompletionTokensDetails,
}

/// Parts of what was sent.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct PromptTokensDetails {
    /// That the provider knew already.
    #[schema(example = 0)]
    cached_tokens: i32,
    /// That it knows from now on.
    #[schema(example = 0)]
    cache_write_tokens: i32,
}

/// Parts of what was written.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CompletionTokensDetails {
    /// Thoughts.
    #[schema(example = 0)]
    reasoning_tokens: i32,
}

/// What OpenAI has no word for.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = OpenAiExtra)]
pub(crate) struct Extra {
    /// The conversation that holds this question and its answer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    pub(super) session_id: Option<Uuid>,
    /// The answer's message: `POST /chat/messages/{id}/stop` ends it, `PUT /chat/messages/{id}/feedback` rates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    pub(super) message_id: Option<Uuid>,
    /// What it was given to draw on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Source>, required = false)]
    pub(super) sources: Option<Vec<Source>>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "openai")]
    pub(super) provider: Option<String>,
    /// The model that wrote it, which is another than `model` where one stood in for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "gpt-6-luna")]
    pub(super) model: Option<String>,
    /// What became of it: `complete`, or `stopped` for one that somebody stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MessageStatus, required = false, example = "complete")]
    pub(super) status: Option<MessageStatus>,
    /// Whether the provider counted the tokens; else they are estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool, required = false, example = true)]
    pub(super) exact: Option<bool>,
}

impl From<Answer> for ChatCompletion {
    fn from(answer: Answer) -> Self {
        let annotations = annotations(&answer.answer, &answer.sources);
        let message = ChatCompletionMessage {
            role: "assistant",
            content: answer.answer,
            refusal: (),
            annotations,
        };
        let choice = ChatCompletionChoice {
            index: 0,
            message,
            logprobs: (),
            finish_reason: finish_reason(&answer.finish_reason),
        };
        Self {
            id: id("chatcmpl-", answer.message_id),
            object: "chat.completion",
            created: created(answer.message_id),
            usage: CompletionUsage::new(answer.usage, answer.parts),
            choices: vec![choice],
            parlance: Extra {
                session_id: Some(answer.session_id),
                message_id: Some(answer.message_id),
                sources: Some(answer.sources),
                provider: Some(answer.provider),
                model: Some(answer.model.clone()),
                status: Some(answer.status),
                exact: Some(answer.usage.exact),
            },
            model: answer.model,
        }
    }
}

impl CompletionUsage {
    pub(super) fn new(usage: db::Usage, parts: UsageParts) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens),
            prompt_tokens_details: PromptTokensDetails {
                cached_tokens: parts.cached_tokens,
                cache_write_tokens: parts.cache_write_tokens,
            },
            completion_tokens_details: CompletionTokensDetails {
                reasoning_tokens: parts.reasoning_tokens,
            },
        }
    }
}

/// Where a text cites its sources.
pub(super) fn annotations(text: &str, sources: &[Source]) -> Vec<Annotation> {
    let found = citations(text, sources).into_iter();
    let annotation = |url_citation| Annotation {
        r#type: "url_citation",
        url_citation,
    };
    found.map(annotation).collect()
}
