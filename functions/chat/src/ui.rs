//! `/chat/ui`: the AI SDK's UI message stream, version 1, for `useChat` and whatever else reads it.

mod ask;
mod asked;
mod chunk;
mod load;
pub(crate) mod message;
mod running;

use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// A client sends all that was said, with every question.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(2048).advising(
    "This conversation has grown beyond that: have the client send its last message alone, as `{id, message, trigger, \
     messageId}`, with `prepareSendMessagesRequest` of the AI SDK's `DefaultChatTransport`.",
);

/// The longest name that an app can give to something, in characters.
const LONGEST: usize = 255;

pub(crate) fn routes() -> Routes<App> {
    let routes = Routes::new()
        .routes(routes!(ask::ask))
        .routes(routes!(load::load))
        .routes(routes!(running::resume))
        .routes(routes!(running::stop));
    BODY_LIMIT.on(routes)
}

/// Whether it can be what an app calls a conversation: a client puts it into a path.
fn is_chat(id: &str) -> bool {
    is_name(id) && id != "." && id != ".."
}

/// Whether it can be what an app calls something.
fn is_name(id: &str) -> bool {
    (1..=LONGEST).contains(&id.chars().count()) && !id.contains('\0')
}
