//! Who may not name what, at each place where a request can name an id, and what that is answered.

use crate::kit::{ADMIN1, ADMIN2, Person, U1, U2, V1};

/// One attempt: who names, with the rest of the request its own, what is whose, and what it is answered.
pub(super) struct Attempt {
    pub(super) who: Person,
    pub(super) whose: Person,
    pub(super) status: u16,
}

const fn attempt(who: Person, whose: Person, status: u16) -> Attempt {
    Attempt { who, whose, status }
}

/// Another tenant's; another user's of the same tenant, whoever asks.
const PERSONAL: &[Attempt] = &[
    attempt(U1, V1, 404),
    attempt(V1, U1, 404),
    attempt(U1, U2, 404),
    attempt(ADMIN1, U1, 404),
    attempt(ADMIN1, ADMIN2, 404),
    attempt(U1, ADMIN1, 404),
];
const MANAGED: &[Attempt] = &[
    attempt(ADMIN1, V1, 404),
    attempt(ADMIN2, U1, 404),
    attempt(U1, V1, 403),
    attempt(U1, U2, 403),
];

/// The same, where nothing is said of what is not there either.
const SILENT: &[Attempt] = &[
    attempt(U1, V1, 204),
    attempt(V1, U1, 204),
    attempt(U1, U2, 204),
    attempt(ADMIN1, U1, 204),
    attempt(U1, ADMIN1, 204),
];
/// A name that a client gives: everybody has names of their own, so it names nothing of anybody else (`ui::names`).
const OWN: &[Attempt] = &[];

/// The same, where it is named in a body beside other things.
const NAMED: &[Attempt] = &[
    attempt(U1, V1, 422),
    attempt(V1, U1, 422),
    attempt(U1, U2, 422),
    attempt(ADMIN1, U1, 422),
    attempt(U1, ADMIN1, 422),
];

/// Where nothing can be named, whoever has it.
const NOT_NAMED: &[Attempt] = &[attempt(U1, V1, 400), attempt(U1, U2, 400)];

/// Only superusers name tenants, and they see which there are.
const ASSUMED: &[Attempt] = &[attempt(ADMIN1, V1, 403), attempt(U1, V1, 403)];
/// A filter that names somebody else finds nothing, as one that names nobody.
const FILTERED: &[Attempt] = &[
    attempt(ADMIN1, V1, 200),
    attempt(ADMIN2, U1, 200),
    attempt(U1, V1, 403),
];

/// What is tried at each place where a request can name an id.
pub(super) fn attempts(operation: &str, place: &str) -> Option<&'static [Attempt]> {
    Some(match (operation, place) {
        ("POST /chat", "body:session_id")
        | ("GET /chat/sessions/{id}", "path:id")
        | ("PATCH /chat/sessions/{id}", "path:id")
        | ("DELETE /chat/sessions/{id}", "path:id")
        | ("GET /chat/sessions/{id}/export", "path:id")
        | ("DELETE /login/sessions/{id}", "path:id")
        | ("GET /chat/messages/{id}", "path:id")
        | ("GET /chat/messages/{id}/stream", "path:id")
        | ("PUT /chat/messages/{id}/feedback", "path:id")
        | ("POST /chat/messages/{id}/stop", "path:id")
        | ("GET /chat/ui/{id}", "path:id")
        | ("GET /chat/sessions/{id}/messages", "path:id") => PERSONAL,
        ("GET /chat/ui/{id}/stream" | "POST /chat/ui/{id}/stop", "path:id") => SILENT,
        ("POST /chat/ui" | "POST /mcp", "body:id") => OWN,
        ("POST /chat", "body:parent_id" | "body:regenerate" | "body:edit")
        | ("PATCH /chat/sessions/{id}", "body:active_message_id") => NAMED,
        ("GET /documents/{id}", "path:id")
        | ("GET /documents/{id}/chunks", "path:id")
        | ("GET /documents/{id}/text", "path:id")
        | ("PUT /documents/{id}", "path:id")
        | ("PATCH /documents/{id}", "path:id")
        | ("PUT /documents/{id}/groups", "path:id")
        | ("DELETE /documents/{id}", "path:id")
        | ("GET /documents/{id}/deletion", "path:id")
        | ("GET /documents/{id}/file", "path:id")
        | ("POST /documents/{id}/retry", "path:id")
        | ("POST /documents/{id}/cancel", "path:id")
        | ("GET /documents/connectors/{id}", "path:id")
        | ("PUT /documents/connectors/{id}", "path:id")
        | ("DELETE /documents/connectors/{id}", "path:id")
        | ("GET /documents/connectors/{id}/runs", "path:id")
        | ("POST /documents/connectors/{id}/run", "path:id")
        | ("POST /documents/connectors/{id}/cancel", "path:id")
        | ("GET /admin/api-keys/{id}", "path:id")
        | ("GET /admin/conversations/{id}/messages", "path:id")
        | ("DELETE /admin/api-keys/{id}", "path:id")
        | ("GET /admin/users/{id}", "path:id")
        | ("PATCH /admin/users/{id}", "path:id")
        | ("DELETE /admin/users/{id}", "path:id")
        | ("GET /tenants/{tenant_id}", "path:tenant_id")
        | ("PATCH /tenants/{tenant_id}", "path:tenant_id")
        | ("GET /admin/users/{id}/limits", "path:id")
        | ("PUT /admin/users/{id}/limits", "path:id")
        | ("GET /tenants/{tenant_id}/limits", "path:tenant_id")
        | ("PUT /tenants/{tenant_id}/limits", "path:tenant_id")
        | ("GET /tenants/{tenant_id}/prompts", "path:tenant_id")
        | ("POST /tenants/{tenant_id}/prompts/{version}/restore", "path:tenant_id")
        | ("GET /tenants/{tenant_id}/sites", "path:tenant_id")
        | ("POST /tenants/{tenant_id}/sites", "path:tenant_id")
        | ("GET /tenants/{tenant_id}/sites/{id}", "path:tenant_id" | "path:id")
        | ("PATCH /tenants/{tenant_id}/sites/{id}", "path:tenant_id" | "path:id")
        | ("DELETE /tenants/{tenant_id}/sites/{id}", "path:tenant_id" | "path:id")
        | ("GET /tenants/{tenant_id}/sites/{id}/identity-keys", "path:tenant_id" | "path:id")
        | ("POST /tenants/{tenant_id}/sites/{id}/identity-keys", "path:tenant_id" | "path:id")
        | (
            "DELETE /tenants/{tenant_id}/sites/{id}/identity-keys/{key_id}",
            "path:tenant_id" | "path:id" | "path:key_id",
        )
        | ("POST /tenants/{tenant_id}/trials", "path:tenant_id")
        | ("GET /tenants/{tenant_id}/rehearsals", "path:tenant_id")
        | ("POST /tenants/{tenant_id}/rehearsals", "path:tenant_id")
        | ("GET /tenants/{tenant_id}/rehearsals/{id}", "path:tenant_id" | "path:id")
        | ("GET /tenants/{tenant_id}/rehearsals/{id}/questions", "path:tenant_id" | "path:id")
        | (
            "GET /tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict"
            | "PUT /tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict",
            "path:tenant_id" | "path:id" | "path:message_id",
        )
        | ("POST /tenants/{tenant_id}/rehearsals/{id}/cancel", "path:tenant_id" | "path:id")
        | ("POST /tenants/{tenant_id}/rehearsals/{id}/publish", "path:tenant_id" | "path:id")
        | ("POST /tenants/{tenant_id}/rehearsals/{id}/drop", "path:tenant_id" | "path:id")
        | ("GET /tenants/{tenant_id}/secrets", "path:tenant_id")
        | ("PUT /tenants/{tenant_id}/secrets/{provider}", "path:tenant_id")
        | ("POST /tenants/{tenant_id}/secrets/{provider}/test", "path:tenant_id")
        | ("DELETE /tenants/{tenant_id}/secrets/{provider}", "path:tenant_id") => MANAGED,
        ("POST /v1/responses", "body:previous_response_id") => NOT_NAMED,
        ("POST /admin/tenants/{id}/assume", "path:id") => ASSUMED,
        ("GET /admin/audit", "query:actor_id") => FILTERED,
        _ => return None,
    })
}
