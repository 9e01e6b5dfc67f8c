//! `POST /chat/ui`: a question of `useChat`, and its answer.

use super::{
    asked::UiAsk,
    chunk::{UiChunk, stream},
};
use crate::turn::Asking;
use axum::{extract::State, response::Response};
use web::{App, IdempotencyKey, JsonText, Own, Result, Stop};

/// Asks, for the AI SDK's `useChat` (`ai` 5, 6 and 7) with nothing but `api` and `headers` set, and streams the answer as its
/// UI message stream, version 1.
///
/// The parts are `start`, `start-step`, perhaps `source-url` or `source-document` and `data-sources`, perhaps `reasoning-*`,
/// `text-start`, `text-delta`s, `text-end`, `finish-step`, and at the end exactly one of `finish`, `abort` (it was stopped) and
/// `error`. `messageId` is the answer's id here. Lines that begin with a colon keep the connection alive.
///
/// ```text
/// data: {"type":"start","messageId":"0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22","messageMetadata":{"session_id":"0193d0f2-7c1e-7d6b-9a55-3f0e6c1b2a4d","user_message_id":"0193d0f2-7c1f-7e02-a1c4-0d9b8e7f6a55","model":"gpt-4o-mini"}}
///
/// data: {"type":"start-step"}
///
/// data: {"type":"text-start","id":"text-1"}
///
/// data: {"type":"text-delta","id":"text-1","delta":"A refund takes 14 days."}
///
/// data: {"type":"text-end","id":"text-1"}
///
/// data: {"type":"finish-step"}
///
/// data: {"type":"finish","messageMetadata":{"status":"complete","finish_reason":"stop","usage":{"prompt_tokens":231,"completion_tokens":9,"exact":true},"provider":"openai","model":"gpt-4o-mini"}}
///
/// data: [DONE]
/// ```
///
/// The conversation and the user's messages keep the ids that the app gave them. A message sent again under its id is not
/// asked again: the answer to it is the first one's, unless that was stopped or failed. With `messageId` it is asked otherwise,
/// and with `trigger: "regenerate-message"` answered anew; what that replaces is kept on a branch of its own. Failures are
/// plain text, which `useChat` shows as its error's message, with their code in the header `x-error-code`.
#[utoipa::path(post, path = "/chat/ui", operation_id = "askUiChat", tag = "chat", params(IdempotencyKey),
    request_body = UiAsk, responses(
    (status = 200, body = UiChunk, content_type = "text/event-stream", headers(("x-vercel-ai-ui-message-stream", description = "`v1`"))),
    (status = 404, description = "`not_found`: the conversation was deleted at this moment."),
    (status = 409, description = "`model_unpriced`: spending is limited, and the price of the tenant's model is not known."),
    (status = 410, description = "`result_gone`: the answer of an earlier request like this is deleted."),
    (status = 429, description = "`limit_reached`: the text says which limit."),
    (status = 503, description = "`provider_key_unavailable`, `overloaded` or `unavailable`."),
))]
pub(crate) async fn ask(
    State(app): State<App>,
    Own(caller): Own,
    stop: Stop,
    IdempotencyKey(key): IdempotencyKey,
    body: JsonText,
) -> Result<Response> {
    let asked = body.read::<UiAsk<'_>>()?.check()?;
    let answering = app.answering(&caller).await?;
    let asking = Asking {
        app,
        caller,
        stop,
        key: asked.repeat_key(key),
        asked,
        answering,
        streamed: true,
        awaited: true,
        route: "/chat/ui",
    };
    let (events, nearest) = asking.events().await?;
    let mut answer = stream(events);
    if let Some(limit) = nearest {
        answer.headers_mut().extend(web::limit_warning(&limit));
    }
    Ok(answer)
}
