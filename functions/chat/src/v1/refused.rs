//! What the model's provider refused of a request, by the name that the request has for it.

use crate::event::{Event, Events};
use futures_util::StreamExt;
use web::Error;

/// What a request calls what its client chose and providers may refuse.
#[derive(Clone, Copy)]
pub(super) struct Names {
    /// The form of the answer.
    pub(super) format: &'static str,
    /// The conversation.
    pub(super) messages: &'static str,
}

impl Names {
    /// The events, of which a failure names the parameter that it is about, if it is about one.
    pub(super) fn name_refused(self, events: Events) -> Events {
        let named = move |(at, event)| match event {
            Event::Error(mut failure) => {
                failure.cause = self.named(failure.cause);
                (at, Event::Error(failure))
            }
            event => (at, event),
        };
        events.map(named).boxed()
    }

    fn named(self, cause: Error) -> Error {
        // By its code, which is all that is known of an answer that is told again.
        match cause.code() {
            "format_rejected" => Error::wrong(self.format, cause.to_string()),
            code @ ("content_filter" | "context_length_exceeded") => {
                Error::parameter(code, self.messages, cause.to_string())
            }
            _ => cause,
        }
    }
}
