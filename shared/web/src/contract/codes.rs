//! Every code that a problem can have.

/// Code, status, and what it means to whoever gets it. A test holds this list against the sources, and every problem that
/// any test meets against this list.
pub(super) const ERROR_CODES: &[(&str, u16, &str)] = &[
    (
        "malformed_request",
        400,
        "The body cannot be read, or is not JSON.",
    ),
    (
        "unsupported_value",
        400,
        "Under `/v1`: a parameter asks for what is not done here; `param` says which.",
    ),
    (
        "invalid_value",
        400,
        "Under `/v1`: a parameter does not fit; `param` says which.",
    ),
    (
        "missing_required_parameter",
        400,
        "Under `/v1`: `param` is missing.",
    ),
    (
        "context_length_exceeded",
        400,
        "What was asked, with what belongs to it, is longer than the model can read. Ask something shorter.",
    ),
    (
        "content_filter",
        400,
        "The model's provider does not answer what was asked. Ask it otherwise.",
    ),
    (
        "format_rejected",
        400,
        "The model's provider does not take the form of answers that was asked for. Under `/v1` it is `invalid_value`, and \
         `param` names it.",
    ),
    (
        "model_not_found",
        404,
        "Under `/v1`: there is no such model. `GET /v1/models` lists those that there are.",
    ),
    (
        "unsupported_grant_type",
        400,
        "There is no such grant. Send `password` or `refresh_token`.",
    ),
    (
        "invalid_token",
        401,
        "There is no access token or API key, or it is forged, or it has ended. Log in, or use another key.",
    ),
    (
        "token_expired",
        401,
        "The access token has expired. Refresh it, or log in again.",
    ),
    (
        "invalid_credentials",
        401,
        "Email, password or tenant is wrong, or the account is not active.",
    ),
    (
        "tenant_suspended",
        403,
        "Email and password are right, but the tenant is suspended. Ask whoever runs the service.",
    ),
    (
        "invalid_refresh_token",
        401,
        "This is not a refresh token. Log in again.",
    ),
    (
        "refresh_token_reused",
        401,
        "The refresh token was used before, so its login was ended. Log in again.",
    ),
    ("session_expired", 401, "The login has ended. Log in again."),
    (
        "session_revoked",
        401,
        "The login or API key ended, or its user or tenant was suspended, while the answer was made.",
    ),
    (
        "invalid_invitation",
        401,
        "The invitation is forged, used, replaced or expired. Ask for another one.",
    ),
    ("forbidden", 403, "The caller's role does not allow this."),
    (
        "origin_not_allowed",
        403,
        "The tenant does not allow the browser page's origin. Its administrator can, in `allowed_origins`.",
    ),
    (
        "scope_missing",
        403,
        "The API key has not the scope that this takes, or no API key may do it.",
    ),
    (
        "api_key_in_page",
        403,
        "An API key came from a browser page, where everybody can read it. Revoke it.",
    ),
    (
        "not_shared",
        403,
        "The tenant does not share its users' questions with its administrators. Its setting `share_unanswered` does.",
    ),
    (
        "tenant_assumed",
        403,
        "A superuser who has assumed a tenant does nothing in a user's name.",
    ),
    (
        "assume_required",
        403,
        "A superuser must assume the tenant first.",
    ),
    (
        "not_found",
        404,
        "There is nothing here that the caller can see.",
    ),
    (
        "method_not_allowed",
        405,
        "The path does not have that method; `Allow` names those that it has.",
    ),
    (
        "request_timeout",
        408,
        "The request did not arrive in time. Send it again.",
    ),
    (
        "origin_taken",
        409,
        "Another tenant has listed this browser origin. A superuser can move it.",
    ),
    (
        "document_of_connector",
        409,
        "The document follows a page of a connector, which alone changes and deletes it.",
    ),
    (
        "rehearsal_running",
        409,
        "A rehearsal is running. Wait until it is done, or cancel it.",
    ),
    (
        "rehearsal_decided",
        409,
        "What the rehearsal tried was published or dropped already.",
    ),
    (
        "too_many_connectors",
        409,
        "The tenant has as many connectors as it may.",
    ),
    ("connector_off", 409, "The connector is switched off."),
    (
        "document_exists",
        409,
        "Another document of the tenant has this title and text.",
    ),
    (
        "slug_taken",
        409,
        "Another tenant has this slug. Choose another one.",
    ),
    (
        "too_many_keys",
        409,
        "The site has as many identity keys as it may. Delete one that is used no more.",
    ),
    (
        "model_unpriced",
        409,
        "Spending is limited, and the price of the tenant's model is not known. Choose another model.",
    ),
    ("email_taken", 409, "The tenant has a user with this email."),
    (
        "own_account",
        409,
        "Nobody takes away their own rights. Another administrator can.",
    ),
    (
        "not_joined",
        409,
        "The user has not accepted its invitation yet.",
    ),
    (
        "precondition_failed",
        412,
        "Somebody has changed it since its `ETag` was read. Read it again.",
    ),
    (
        "conversation_deleted",
        410,
        "The conversation was deleted while its answer was made.",
    ),
    (
        "result_gone",
        410,
        "The request was taken before, and what it made is no longer there. To make it anew, send another `Idempotency-Key`.",
    ),
    ("too_large", 413, "The body is larger than the route takes."),
    (
        "uri_too_long",
        414,
        "The address is longer than the service takes. Send less in it.",
    ),
    (
        "unsupported_media_type",
        415,
        "The body must be sent as the media type that `detail` names.",
    ),
    (
        "invalid_request",
        422,
        "Some fields or parameters are not acceptable; `errors` says which, and why.",
    ),
    (
        "password_blocked",
        422,
        "The new password is easy to guess. Choose another.",
    ),
    (
        "idempotency_key_reused",
        422,
        "Another request was sent with this `Idempotency-Key`. Send each request with a key of its own.",
    ),
    (
        "headers_too_large",
        431,
        "The headers are larger than 16 KiB. Send fewer.",
    ),
    (
        "identity_required",
        401,
        "The site lets nobody in without an identity token. Send one that the tenant's server has signed.",
    ),
    (
        "invalid_identity_token",
        401,
        "No identity key of the site has signed the identity token, or by another algorithm than the key's.",
    ),
    (
        "identity_token_expired",
        401,
        "The identity token has expired. Sign another one.",
    ),
    (
        "identity_token_used",
        401,
        "The identity token was used before. Sign another one, with a `jti` of its own.",
    ),
    (
        "challenge_required",
        401,
        "The site asks new visitors for a little work. Solve the `challenge` that the problem has, and send the `proof` along.",
    ),
    (
        "challenge_failed",
        401,
        "The proof is of another site, was used before, came too late, or is wrong. Solve the `challenge` that the problem has.",
    ),
    (
        "invalid_site_key",
        401,
        "This is not the key of a site. Copy it from the site's settings.",
    ),
    (
        "account_required",
        403,
        "Visitors of a web page may chat, and nothing else. Log in with an account.",
    ),
    (
        "site_closed",
        403,
        "There is no such site, or it is switched off. Whoever runs the page can open it.",
    ),
    (
        "conversation_full",
        409,
        "The conversation is as long as one of a visitor may be. Start another.",
    ),
    (
        "limit_reached",
        429,
        "A limit to what may be asked or spent is reached; `limit` says which. Wait for `Retry-After` seconds.",
    ),
    (
        "too_many_requests",
        429,
        "That was tried too often. Wait for `Retry-After` seconds.",
    ),
    (
        "internal",
        500,
        "Something went wrong in the service; its log knows the request id.",
    ),
    (
        "provider_unreachable",
        502,
        "The model's provider could not be reached. Try again.",
    ),
    (
        "provider_auth_failed",
        502,
        "The model's provider refused the key. An administrator must set another one.",
    ),
    (
        "provider_quota_exceeded",
        502,
        "The provider's account has reached the most that its plan allows. An administrator must make room, or choose a larger plan.",
    ),
    (
        "index_mismatch",
        502,
        "The vector index takes vectors of another length than the embedding model makes. An administrator must choose others.",
    ),
    (
        "provider_misconfigured",
        502,
        "The model's provider does not have the model, or its account has no balance. An administrator must check both.",
    ),
    (
        "provider_rejected",
        502,
        "The model's provider refused the request. It will refuse it again.",
    ),
    (
        "provider_unavailable",
        502,
        "The model's provider has a failure of its own. Try again.",
    ),
    (
        "upstream_invalid",
        502,
        "The model's provider gave an answer that makes no sense.",
    ),
    (
        "provider_interrupted",
        502,
        "The model's provider broke off in the middle of the answer. Try again.",
    ),
    (
        "provider_rate_limited",
        503,
        "The model's provider has too much to do. Wait for `Retry-After` seconds.",
    ),
    (
        "provider_key_unavailable",
        503,
        "The tenant's key for the provider cannot be opened. An administrator must set it again.",
    ),
    (
        "search_timeout",
        503,
        "The search took longer than one may. Try again in a moment, with fewer words.",
    ),
    (
        "answer_interrupted",
        503,
        "The service ended before the answer was whole. What there is of it was kept; ask again.",
    ),
    (
        "server_shutdown",
        503,
        "The service had to end the answer early. What there is of it was kept; ask again.",
    ),
    (
        "too_many_connections",
        503,
        "One client has as many connections as it may. Close some, or send several requests on each.",
    ),
    (
        "overloaded",
        503,
        "The service has more to do than it can in time. Wait for `Retry-After` seconds.",
    ),
    (
        "unavailable",
        503,
        "The service is busy, or its database is away. Wait for `Retry-After` seconds.",
    ),
    (
        "provider_timeout",
        504,
        "The model's provider did not answer in time. Try again.",
    ),
];

/// Code, status and meaning of a code.
pub(crate) fn known_code(code: &str) -> Option<(&'static str, u16, &'static str)> {
    ERROR_CODES.iter().copied().find(|known| known.0 == code)
}

#[cfg(test)]
mod tests;
