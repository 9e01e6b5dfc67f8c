//! The failures that many operations share, and the shapes that they have.

use crate::words::ERROR_CODE;
use utoipa::openapi::{
    Content, Ref, RefOr, Response, ResponseBuilder,
    header::HeaderBuilder,
    schema::{ObjectBuilder, Type},
};

/// The media type of failures (RFC 9457).
pub(super) const PROBLEM: &str = "application/problem+json";

/// A failure that many operations share.
pub(super) struct Failure {
    /// Among the components.
    pub(super) name: &'static str,
    /// Or `default`.
    pub(super) status: &'static str,
    description: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

const WAIT: (&str, &str) = ("Retry-After", "After how many seconds to try again");

/// The first of a status is what a route means that names this status and says nothing about it.
pub(super) const FAILURES: [Failure; 13] = [
    Failure {
        name: "Malformed",
        status: "400",
        description: "`malformed_request`: the body cannot be read, or is not JSON.",
        headers: &[],
    },
    Failure {
        name: "Unauthorized",
        status: "401",
        description: "`invalid_token`: there is no good access token; log in. `token_expired`: refresh it.",
        headers: &[("WWW-Authenticate", "RFC 6750")],
    },
    Failure {
        name: "Forbidden",
        status: "403",
        description: "`forbidden`: your role does not allow this. `assume_required`: a superuser must assume the \
            tenant first. `origin_not_allowed`: the browser page is another tenant's. `scope_missing`, `api_key_in_page`: of \
            API keys.",
        headers: &[],
    },
    Failure {
        name: "OriginNotAllowed",
        status: "403",
        description: "`origin_not_allowed`: the browser page is another tenant's. `tenant_assumed`: a superuser who \
            has assumed a tenant does nothing in a user's name. `scope_missing`, `api_key_in_page`: of API keys.",
        headers: &[],
    },
    Failure {
        name: "NotFound",
        status: "404",
        description: "`not_found`: there is nothing here that you can see.",
        headers: &[],
    },
    Failure {
        name: "Changed",
        status: "412",
        description: "`precondition_failed`: somebody has changed it since the `ETag` of `If-Match` was read. Read it again.",
        headers: &[],
    },
    Failure {
        name: "TooLarge",
        status: "413",
        description: "`too_large`: the body is larger than this route takes.",
        headers: &[],
    },
    Failure {
        name: "UnsupportedMediaType",
        status: "415",
        description: "`unsupported_media_type`: `detail` names the one to send.",
        headers: &[],
    },
    Failure {
        name: "Invalid",
        status: "422",
        description: "`invalid_request`: `errors` says which fields or parameters are not acceptable, and why.",
        headers: &[],
    },
    Failure {
        name: "InvalidOrReused",
        status: "422",
        description: "`invalid_request`: `errors` says which fields or parameters are not acceptable, and why. \
            `idempotency_key_reused`: another request was sent with this `Idempotency-Key`.",
        headers: &[],
    },
    Failure {
        name: "TooManyRequests",
        status: "429",
        description: "`too_many_requests`: that was done too often; `limit` says what, and by whom.",
        headers: &[
            WAIT,
            ("RateLimit-Limit", "How often it may be tried in a minute"),
            ("RateLimit-Remaining", "How often it may be tried now"),
            (
                "RateLimit-Reset",
                "After how many seconds it may be tried again",
            ),
        ],
    },
    Failure {
        name: "Unavailable",
        status: "503",
        description: "`overloaded`: the service has more to do than it can in time. `unavailable`: it is busy, or its \
            database is away.",
        headers: &[WAIT],
    },
    Failure {
        name: "Failed",
        status: "default",
        description: "Any other failure, such as `request_timeout` (408) and `internal` (500).",
        headers: &[],
    },
];

impl Failure {
    pub(super) fn response(&self) -> Response {
        let response = ResponseBuilder::new()
            .description(self.description)
            .content(PROBLEM, problem());
        let add = |response: ResponseBuilder, (name, description): &(&str, &str)| {
            let kind = match name {
                &"WWW-Authenticate" => Type::String,
                _ => Type::Integer,
            };
            let schema = ObjectBuilder::new().schema_type(kind);
            let header = HeaderBuilder::new()
                .schema(Some(schema))
                .description(Some(*description));
            response.header(*name, header.build())
        };
        self.headers.iter().fold(response, add).build()
    }

    pub(super) fn in_words(&self) -> Response {
        let mut response = self.response();
        in_words(&mut response);
        response
    }

    pub(super) fn reference(&self) -> RefOr<Response> {
        Ref::from_response_name(self.name).into()
    }
}

pub(super) fn problem() -> Content {
    Content::new(Some(Ref::from_schema_name("Problem")))
}

/// Has a failure be plain text, with its code in a header.
pub(super) fn in_words(response: &mut Response) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let said = text().examples(["The access token has expired. Refresh it or log in again."]);
    response.content = [("text/plain".to_owned(), Content::new(Some(said)).into())].into();
    let code = HeaderBuilder::new().schema(Some(text()));
    let code = code.description(Some("The code of the failure, as `x-error-codes` lists it"));
    let name = ERROR_CODE.to_string();
    response.headers.insert(name, code.build().into());
}
