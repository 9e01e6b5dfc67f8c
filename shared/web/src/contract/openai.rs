//! How operations under `/v1` may fail: all in the one form that OpenAI's SDKs read.

use super::rules::{JSON, give_body, has_path_parameter};
use utoipa::openapi::{
    Components, Content, Ref, ResponseBuilder,
    header::HeaderBuilder,
    path::Operation,
    schema::{ObjectBuilder, Type},
};

/// What such an operation may answer: the name among the components, the status, and what it means.
const FAILURES: [(&str, &str, &str); 9] = [
    (
        "OpenAiInvalid",
        "400",
        "The body is no JSON, or a parameter is not acceptable: `param` says which.",
    ),
    (
        "OpenAiUnauthorized",
        "401",
        "`invalid_api_key`: there is no good access token or API key. `token_expired`: refresh it.",
    ),
    (
        "OpenAiForbidden",
        "403",
        "`scope_missing`, `api_key_in_page`: of API keys. `origin_not_allowed`: the browser page is another tenant's. \
            `tenant_assumed`: a superuser who has assumed a tenant does nothing in a user's name.",
    ),
    (
        "OpenAiNotFound",
        "404",
        "`model_not_found`: there is no such model.",
    ),
    (
        "OpenAiTooLarge",
        "413",
        "`too_large`: the body is larger than this route takes.",
    ),
    (
        "OpenAiUnsupportedMediaType",
        "415",
        "`unsupported_media_type`: send JSON.",
    ),
    (
        "OpenAiLimited",
        "429",
        "`insufficient_quota`: a limit to tokens or money is reached. `rate_limit_exceeded`: another one.",
    ),
    (
        "OpenAiUnavailable",
        "503",
        "The service, or the model's provider, has too much to do: `overloaded`, `unavailable`, `provider_rate_limited` and \
            others.",
    ),
    ("OpenAiFailed", "default", "Any other failure."),
];

const HEADERS: [(&str, Type, &str); 3] = [
    (
        "x-should-retry",
        Type::String,
        "Whether to try again: `true` or `false`",
    ),
    ("Retry-After", Type::Integer, "After how many seconds"),
    (
        "retry-after-ms",
        Type::Integer,
        "After how many milliseconds",
    ),
];

pub(super) fn add(components: &mut Components) {
    for (name, _, description) in FAILURES {
        let response = ResponseBuilder::new()
            .description(description)
            .content(JSON, content());
        let response = HEADERS
            .into_iter()
            .fold(response, |response, (name, kind, about)| {
                let schema = ObjectBuilder::new().schema_type(kind);
                let header = HeaderBuilder::new()
                    .schema(Some(schema))
                    .description(Some(about));
                response.header(name, header.build())
            });
        components
            .responses
            .insert(name.into(), response.build().into());
    }
}

/// Adds how the operation may fail. What its route says of a status counts.
pub(super) fn fail(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let names_a_model = has_body || has_path_parameter(operation);
    give_body(operation, &content());
    let responses = &mut operation.responses.responses;
    for (name, status, _) in FAILURES {
        let follows = match status {
            "413" | "415" | "429" => has_body,
            "400" | "404" => names_a_model,
            _ => true,
        };
        if follows {
            responses
                .entry(status.to_owned())
                .or_insert_with(|| Ref::from_response_name(name).into());
        }
    }
}

fn content() -> Content {
    Content::new(Some(Ref::from_schema_name("OpenAiFailure")))
}
