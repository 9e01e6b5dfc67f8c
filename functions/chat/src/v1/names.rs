//! Names and times that OpenAI's objects have and ours have not.

use uuid::Uuid;

/// The id of an answer there: `chatcmpl-` and the like before ours.
pub(super) fn id(kind: &str, message: Uuid) -> String {
    format!("{kind}{}", message.simple())
}

/// When an answer was begun, in seconds since 1970. Its id tells.
pub(super) fn created(message: Uuid) -> u64 {
    message.get_timestamp().map_or(0, |at| at.to_unix().0)
}

/// Why an answer ended, in OpenAI's words: what it has no word for is an end like any other.
pub(super) fn finish_reason(ours: &str) -> &'static str {
    match ours {
        "length" => "length",
        "content_filter" => "content_filter",
        _ => "stop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        let message: Uuid = "0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22".parse().unwrap();
        assert_eq!(created(message), 1_734_377_372);
        assert_eq!(
            id("chatcmpl-", message),
            "chatcmpl-0193d0f27c207b118f3d5b7f0c9e1d22"
        );
    }
}
