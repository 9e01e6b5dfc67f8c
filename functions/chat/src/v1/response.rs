//! A response, as OpenAI has it.

use super::{
    completion::Extra,
    names::{created, id},
    output::{OutputMessage, OutputText},
};
use crate::{
    answered::Answer,
    event::{Done, Start},
};
use db::Source;
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::UsageParts;
use utoipa::ToSchema;

/// A response.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OpenAiResponse)]
pub(crate) struct Response {
    /// Its id. It cannot be fetched, or gone on with.
    #[schema(example = "resp_0193d0f27c207b118f3d5b7f0c9e1d22")]
    id: String,
    /// `response`.
    #[schema(example = "response")]
    object: &'static str,
    /// When it was begun, in seconds since 1970.
    #[schema(example = 1_764_150_000)]
    created_at: u64,
    /// `in_progress`, `completed`, `incomplete` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Why it failed.
    #[schema(value_type = Option<Object>, required = true)]
    error: Value,
    /// Why it is not whole: `reason` is `max_output_tokens` or `content_filter`.
    #[schema(value_type = Option<Object>, required = true)]
    incomplete_details: Value,
    /// What the request added to the tenant's instructions.
    #[schema(required = true)]
    instructions: Option<String>,
    /// What the request said.
    #[schema(required = true)]
    max_output_tokens: Option<i64>,
    /// Who wrote it.
    #[schema(example = "gpt-6-luna")]
    model: String,
    /// One message, once it was begun.
    output: Vec<OutputMessage>,
    /// True.
    #[schema(example = true)]
    parallel_tool_calls: bool,
    /// Null.
    #[schema(value_type = Option<String>, required = true)]
    previous_response_id: (),
    /// False: it cannot be fetched.
    #[schema(example = false)]
    store: bool,
    /// What the request said.
    #[schema(required = true)]
    temperature: Option<f64>,
    /// `auto`.
    #[schema(example = "auto")]
    tool_choice: &'static str,
    /// None.
    #[schema(value_type = Vec<Object>)]
    tools: [(); 0],
    /// What the request said.
    #[schema(required = true)]
    top_p: Option<f64>,
    /// `disabled`.
    #[schema(example = "disabled")]
    truncation: &'static str,
    /// What it took, once it has ended.
    #[schema(required = true)]
    usage: Option<ResponseUsage>,
    /// What the request said.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// What OpenAI has no word for.
    parlance: Extra,
}

/// Tokens.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = OpenAiResponseUsage)]
pub(crate) struct ResponseUsage {
    /// Sent to the model.
    #[schema(example = 231)]
    input_tokens: i32,
    /// Of those, that the provider knew already.
    #[schema(value_type = Object, example = json!({ "cached_tokens": 0, "cache_write_tokens": 0 }))]
    input_tokens_details: Details,
    /// Written by it.
    #[schema(example = 9)]
    output_tokens: i32,
    /// Of those, that are thoughts.
    #[schema(value_type = Object, example = json!({ "reasoning_tokens": 0 }))]
    output_tokens_details: Thoughts,
    /// Together.
    #[schema(example = 240)]
    total_tokens: i32,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Details {
    cached_tokens: i32,
    cache_write_tokens: i32,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Thoughts {
    reasoning_tokens: i32,
}

/// What a response repeats of its request.
#[derive(Clone, Debug, Default)]
pub(super) struct Echo {
    pub(super) instructions: Option<String>,
    pub(super) max_output_tokens: Option<i64>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) metadata: Map<String, Value>,
}

impl Response {
    /// One that was begun.
    pub(super) fn begun(start: &Start, echo: Echo) -> Self {
        Self {
            id: id("resp_", start.message_id),
            object: "response",
            created_at: created(start.message_id),
            status: "in_progress",
            error: Value::Null,
            incomplete_details: Value::Null,
            instructions: echo.instructions,
            max_output_tokens: echo.max_output_tokens,
            model: start.model.clone(),
            output: Vec::new(),
            parallel_tool_calls: true,
            previous_response_id: (),
            store: false,
            temperature: echo.temperature,
            tool_choice: "auto",
            tools: [],
            top_p: echo.top_p,
            truncation: "disabled",
            usage: None,
            metadata: echo.metadata,
            parlance: Extra {
                session_id: Some(start.session_id),
                message_id: Some(start.message_id),
                ..Extra::default()
            },
        }
    }

    /// The same, ended with this text. The model is the one that was asked.
    pub(super) fn ended(mut self, done: &Done, text: String, sources: Vec<Source>) -> Self {
        let reason = match &*done.finish_reason {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        self.status = if reason.is_some() {
            "incomplete"
        } else {
            "completed"
        };
        self.incomplete_details = reason.map_or(Value::Null, |reason| json!({ "reason": reason }));
        let part = OutputText::new(text, &sources);
        self.output = vec![OutputMessage::new(done.message_id, self.status, Some(part))];
        self.usage = Some(ResponseUsage::new(done.usage, done.parts));
        self.parlance.exact = Some(done.usage.exact);
        self.parlance.provider = Some(done.provider.clone());
        self.parlance.model = Some(done.model.clone());
        self.parlance.status = Some(done.status);
        self.parlance.sources = Some(sources);
        self
    }

    /// The same, failed.
    pub(super) fn failed(mut self, code: &str, message: &str) -> Self {
        self.status = "failed";
        self.error = json!({ "code": code, "message": message });
        self
    }

    /// A whole one.
    pub(super) fn of(answer: Answer, echo: Echo) -> Self {
        let start = Start {
            session_id: answer.session_id,
            message_id: answer.message_id,
            user_message_id: answer.user_message_id,
            model: answer.model.clone(),
        };
        let done = Done {
            message_id: answer.message_id,
            finish_reason: answer.finish_reason,
            status: answer.status,
            usage: answer.usage,
            parts: answer.parts,
            provider: answer.provider,
            model: answer.model,
        };
        Self::begun(&start, echo).ended(&done, answer.answer, answer.sources)
    }

    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    pub(super) fn message(&self) -> Option<&OutputMessage> {
        self.output.first()
    }
}

impl ResponseUsage {
    fn new(usage: db::Usage, parts: UsageParts) -> Self {
        Self {
            input_tokens: usage.prompt_tokens,
            input_tokens_details: Details {
                cached_tokens: parts.cached_tokens,
                cache_write_tokens: parts.cache_write_tokens,
            },
            output_tokens: usage.completion_tokens,
            output_tokens_details: Thoughts {
                reasoning_tokens: parts.reasoning_tokens,
            },
            total_tokens: usage.prompt_tokens.saturating_add(usage.completion_tokens),
        }
    }
}
