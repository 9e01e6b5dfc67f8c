//! The spans of a chat turn, by OpenTelemetry's conventions for generative AI and databases. No text is in any of them.

use crate::ending::{Broken, Ending};
use ai::Spent;
use db::MessageStatus;
use service::Answering;
use tracing::{Span, field::Empty};
use uuid::Uuid;

/// A provider is asked for an answer.
pub(crate) fn chat(by: &Answering, session: Uuid, streamed: bool) -> Span {
    let model = &*by.options.model;
    tracing::info_span!(
        target: traces::TARGET,
        "chat",
        otel.name = format!("chat {model}"),
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = by.provider.name(),
        gen_ai.request.model = model,
        gen_ai.request.max_tokens = by.options.max_output_tokens,
        gen_ai.request.temperature = by.options.temperature,
        gen_ai.request.stream = streamed,
        gen_ai.conversation.id = %session,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    )
}

/// What came of it.
pub(crate) fn answered(span: &Span, spent: &Spent, ending: &Ending) {
    if let Some(model) = &spent.model {
        span.record("gen_ai.response.model", model);
    }
    span.record("gen_ai.usage.input_tokens", spent.usage.prompt_tokens);
    span.record("gen_ai.usage.output_tokens", spent.usage.completion_tokens);
    match ending {
        Ok(finished) => {
            span.record("gen_ai.response.finish_reasons", finished.finish_reason);
        }
        Err(Broken { cause, .. }) => traces::failed(span, cause.code()),
    }
}

/// Something is stored.
pub(crate) fn store(what: &'static str) -> Span {
    tracing::info_span!(
        target: traces::TARGET,
        "store",
        otel.name = what,
        otel.kind = "client",
        db.system.name = "postgresql",
        db.operation.name = what,
    )
}

/// How an answer that ended so is told from others.
pub(crate) fn outcome(status: MessageStatus) -> &'static str {
    match status {
        MessageStatus::Complete => "complete",
        MessageStatus::Stopped => "stopped",
        MessageStatus::Interrupted => "interrupted",
        MessageStatus::Streaming | MessageStatus::Failed => "failed",
    }
}
