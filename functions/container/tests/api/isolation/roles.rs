//! Which operations whom the role allows.

/// What a member may do; everything else that needs a token needs a role.
pub(super) const MEMBERS: &[&str] = &[
    "DELETE /chat/sessions",
    "DELETE /chat/sessions/{id}",
    "DELETE /login/sessions/{id}",
    "GET /chat/export",
    "GET /chat/messages/{id}",
    "GET /chat/messages/{id}/stream",
    "GET /chat/search",
    "GET /chat/sessions",
    "GET /chat/sessions/{id}",
    "GET /chat/sessions/{id}/export",
    "GET /chat/sessions/{id}/messages",
    "GET /chat/ui/{id}",
    "GET /chat/ui/{id}/stream",
    "GET /login/me",
    "GET /login/me/usage",
    "GET /login/sessions",
    "GET /v1/models",
    "GET /v1/models/{model}",
    "PATCH /chat/sessions/{id}",
    "PATCH /login/me",
    "POST /chat",
    "POST /chat/messages/{id}/stop",
    "POST /chat/ui",
    "POST /chat/ui/{id}/stop",
    "POST /documents/search",
    "POST /login/password",
    "POST /mcp",
    "POST /v1/chat/completions",
    "POST /v1/responses",
    "PUT /chat/messages/{id}/feedback",
];

/// What only superusers may do.
pub(super) const SUPERUSERS: &[&str] = &[
    "GET /admin/deployment",
    "GET /tenants",
    "POST /admin/tenants/{id}/assume",
    "POST /tenants",
];

/// What administrators do without naming anything of a tenant: whatever ids they have, it works at home.
pub(super) const AT_HOME: &[&str] = &[
    "GET /admin/api-keys",
    "GET /admin/audit",
    "GET /admin/conversations",
    "GET /admin/unanswered",
    "GET /admin/usage",
    "GET /admin/users",
    "GET /documents",
    "GET /documents/connectors",
    "POST /admin/api-keys",
    "POST /admin/users",
    "POST /admin/users/invite",
    "POST /documents",
    "POST /documents/connectors",
    "POST /documents/retry",
];

/// Where a test that fails sends its reader.
pub(super) const THIS_FILE: &str = "tests/api/isolation/roles.rs";
