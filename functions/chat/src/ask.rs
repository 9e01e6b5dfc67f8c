//! `POST /chat`: a question, and its answer.

use crate::{
    answered::{Answer, collect},
    asked::{Ask, Asked},
    event::{Event, Events, Start},
    sse,
    turn::Asking,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use web::{App, Error, Json, Own, Result, Stop};

/// Asks. The question and the answer's row are stored before the model is asked, and the answer is made and
/// stored even if the client leaves, unless `on_disconnect` says otherwise.
///
/// Streamed, the events are `start`, then perhaps `sources` and `reasoning`, then `delta`s, and at the end exactly one of
/// `done` and `error`; a stream that ends without either was cut off, and goes on at `GET /chat/messages/{id}/stream`. An
/// event's `id` is how many bytes of the answer's text there are by then. Lines that begin with a colon keep the connection
/// alive. The data of each event is one line of JSON:
///
/// ```text
/// id: 0
/// event: start
/// data: {"session_id":"0193d0f2-7c1e-7d6b-9a55-3f0e6c1b2a4d","message_id":"0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22","user_message_id":"0193d0f2-7c1f-7e02-a1c4-0d9b8e7f6a55","model":"gpt-4o-mini"}
///
/// id: 0
/// event: sources
/// data: {"sources":[{"document_id":"0193d0ea-11aa-7c3e-b0de-9a8b7c6d5e4f","title":"Refunds","chunk_id":"0193d0ea-11ab-7d10-8c2f-1a2b3c4d5e6f","score":0.82,"snippet":"Refunds take 14 days."}],"degraded":[]}
///
/// id: 14
/// event: delta
/// data: {"text":"A refund takes"}
///
/// id: 23
/// event: delta
/// data: {"text":" 14 days."}
///
/// id: 23
/// event: done
/// data: {"message_id":"0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22","finish_reason":"stop","status":"complete","usage":{"prompt_tokens":231,"completion_tokens":9,"exact":true},"provider":"openai","model":"gpt-4o-mini"}
/// ```
///
/// With an `Idempotency-Key` the same question sent again within 24 hours is not asked again: the answer to it is the
/// first one's, its stream while that runs. With `Prefer: respond-async` the answer is 202 at once, and `Location` says
/// where the message is; a host that ends with the request answers as without it.
#[utoipa::path(post, path = "/chat", operation_id = "askChat", tag = "chat",
    params(
        web::IdempotencyKey,
        ("Prefer" = Option<String>, Header, description = "`respond-async` for an answer that is not waited for."),
    ),
    request_body = Ask, responses(
    (status = 200, content((Answer = "application/json"), (Event = "text/event-stream"))),
    (status = 202, body = Start, description = "The answer is being made.", headers(("Location", description = "The answer's message"))),
    (status = 400, description = "`malformed_request`: the body cannot be read, or is not JSON. `content_filter`, \
        `context_length_exceeded`: the model's provider does not answer what was asked, or it is longer than the model can read."),
    (status = 409, description = "`model_unpriced`: spending is limited, and the price of the tenant's model is not known."),
    (status = 404, description = "`not_found`: you have no such conversation."),
    (status = 410, description = "`conversation_deleted`: it was, while its answer was made. `result_gone`: the answer of an \
        earlier request with this `Idempotency-Key` is deleted."),
    (status = 429, description = "`limit_reached`: `limit` says which."),
    (status = 502, description = "`provider_unreachable` and the like: the model's provider failed."),
    (status = 503, description = "`provider_rate_limited`, `provider_key_unavailable`, `answer_interrupted`, `server_shutdown`, `overloaded` or `unavailable`."),
    (status = 504, description = "`provider_timeout`: the model's provider did not answer in time."),
))]
pub(crate) async fn ask(
    State(app): State<App>,
    Own(caller): Own,
    stop: Stop,
    web::IdempotencyKey(key): web::IdempotencyKey,
    headers: HeaderMap,
    Json(asked): Json<Ask>,
) -> Result<Response> {
    let asked = asked.check()?;
    let how = How::of(&asked, &headers, &stop);
    let answering = app.answering(&caller).await?;
    let asking = Asking {
        app,
        caller,
        stop,
        key: asked.repeat_key(key),
        asked,
        answering,
        streamed: how != How::Whole,
        awaited: how != How::Later,
        route: "/chat",
    };
    let (events, nearest) = asking.events().await?;
    let mut answer = how.answer(events).await?;
    if let Some(limit) = nearest {
        answer.headers_mut().extend(web::limit_warning(&limit));
    }
    Ok(answer)
}

/// How the client wants to be answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Streamed,
    Whole,
    /// `Prefer: respond-async` (RFC 7240, section 4.1).
    Later,
}

impl How {
    fn of(asked: &Asked, headers: &HeaderMap, stop: &Stop) -> Self {
        let named = |name: HeaderName, value: &str| {
            let lines = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
            let mut values = lines.flat_map(|line| line.split(','));
            values.any(|v| {
                v.split(';')
                    .next()
                    .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
            })
        };
        if stop.outlives_request() && named(PREFER, "respond-async") {
            return Self::Later;
        }
        match asked.stream || named(header::ACCEPT, "text/event-stream") {
            true => Self::Streamed,
            false => Self::Whole,
        }
    }

    async fn answer(self, mut events: Events) -> Result<Response> {
        match self {
            Self::Streamed => Ok(sse::stream(events, sse::event)),
            Self::Whole => collect(events)
                .await
                .map(|answer| Json(answer).into_response()),
            Self::Later => match events.next().await {
                Some((_, Event::Start(start))) => Ok(accepted(start)),
                _ => Err(Error::NotFound),
            },
        }
    }
}

const PREFER: HeaderName = HeaderName::from_static("prefer");

fn accepted(start: Start) -> Response {
    let location = format!("/chat/messages/{}", start.message_id);
    let location = HeaderValue::try_from(location).expect("a path with an id is a header");
    let mut answer = (StatusCode::ACCEPTED, Json(start)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::LOCATION, location);
    let applied = HeaderName::from_static("preference-applied");
    headers.insert(applied, HeaderValue::from_static("respond-async"));
    answer
}
