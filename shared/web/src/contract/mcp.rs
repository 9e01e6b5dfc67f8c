//! How an operation of the Model Context Protocol may fail: as JSON-RPC does.

use super::rules::{JSON, give_body};
use utoipa::openapi::{Components, Content, Ref, Response, ResponseBuilder, path::Operation};

/// What such an operation may answer: the name among the components, the status, and what it means.
const FAILURES: [(&str, &str, &str); 7] = [
    (
        "McpUnauthorized",
        "401",
        "`invalid_token`: there is no good access token or API key. `token_expired`: refresh it.",
    ),
    (
        "McpForbidden",
        "403",
        "`scope_missing`, `api_key_in_page`: of API keys. `origin_not_allowed`: the tenant does not allow the browser page.",
    ),
    (
        "McpTooLarge",
        "413",
        "`too_large`: the body is larger than this route takes.",
    ),
    (
        "McpUnsupportedMediaType",
        "415",
        "`unsupported_media_type`: send JSON.",
    ),
    (
        "McpUnavailable",
        "503",
        "`overloaded`, `unavailable`: the service is busy, or its database is away.",
    ),
    ("McpFailed", "default", "Any other failure."),
    (
        "McpInvalid",
        "400",
        "The body is no JSON (-32700), no single message of JSON-RPC (-32600), contradicts its headers (-32020), or is of a \
            revision that is not spoken here (-32022).",
    ),
];

pub(super) fn add(components: &mut Components) {
    for (name, _, description) in FAILURES {
        let response: Response = ResponseBuilder::new()
            .description(description)
            .content(JSON, content())
            .build();
        components.responses.insert(name.into(), response.into());
    }
}

/// Adds how the operation may fail.
pub(super) fn fail(operation: &mut Operation) {
    give_body(operation, &content());
    let responses = &mut operation.responses.responses;
    for (name, status, _) in FAILURES {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| Ref::from_response_name(name).into());
    }
}

fn content() -> Content {
    Content::new(Some(Ref::from_schema_name("McpFailure")))
}
