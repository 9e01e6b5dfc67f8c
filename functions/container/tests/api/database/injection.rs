//! Text stays text: SQL in any field, header, path or query is stored as it is, or refused.

use crate::database::context::{assert_no_residue, watch_residue};
use crate::kit::{
    ADMIN1, SUPERUSER, T1, T2, U1,
    api::{Operation, contract, operations, resolve},
    listed::assert_listed,
    request,
    scene::{Scene, Stored},
};
use axum::{body::Body, http::header};
use serde_json::{Value, json};

/// Ends a literal, changes the tenant, and makes the rest a comment. Holds nothing that JSON or a row's text
/// would write otherwise, so that it can be looked for.
fn payloads() -> [String; 3] {
    [
        format!("';select set_config('app.tenant_id','{T2}',true)--"),
        format!("$1;select/**/set_config('app.tenant_id','{T2}',false)--"),
        format!("x'||(select/**/set_config('app.tenant_id','{T2}',true))||'"),
    ]
}

/// Every place for text in the schema, as a pointer into the body.
fn text_fields(contract: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolve(contract, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        text_fields(contract, property, &format!("{at}/{name}"), found);
    }
    for one in ["oneOf", "anyOf", "allOf"] {
        for choice in schema[one].as_array().into_iter().flatten() {
            text_fields(contract, choice, at, found);
        }
    }
    if schema["items"].is_object() {
        text_fields(contract, &schema["items"], &format!("{at}/0"), found);
    }
    let kind = schema["type"].to_string();
    if kind.contains("string") {
        found.push(at.to_owned());
    } else if kind.contains("object") && schema["properties"].is_null() {
        found.push(format!("{at}/any"));
    }
}

fn places(operation: &Operation) -> Vec<String> {
    let contract = contract();
    let schema = &operation.about["requestBody"]["content"]["application/json"]["schema"];
    let mut found = Vec::new();
    text_fields(&contract, schema, "", &mut found);
    found.sort();
    found.dedup();
    found
}

/// Puts text at a place, making what is around it.
fn put(body: &mut Value, place: &str, text: &str) {
    let mut here = body;
    for step in place[1..].split('/') {
        if step == "0" {
            *here = json!([null]);
            here = &mut here[0];
        } else {
            here = &mut here[step];
        }
    }
    *here = json!(text);
}

/// What takes text only to compare it.
const KEEPS_NOTHING: &[&str] = &[
    "POST /documents/search",
    "POST /login",
    "POST /login/invitation",
    "POST /login/logout",
    "POST /login/refresh",
    "POST /login/visitor",
    "POST /mcp",
    "POST /tenants/{tenant_id}/trials",
    "PUT /login/cookie",
];
/// Where any text is accepted and kept. Everywhere else it is refused, as no name of a model, address and so on.
const KEEPS_TEXT: &[&str] = &[
    "PATCH /admin/users/{id} /full_name",
    "PATCH /chat/sessions/{id} /title",
    "PATCH /login/me /full_name",
    "PATCH /tenants/{tenant_id} /name",
    "PATCH /tenants/{tenant_id} /pinecone/environment",
    "PATCH /tenants/{tenant_id} /system_prompt",
    "PATCH /tenants/{tenant_id}/sites/{id} /name",
    "POST /admin/api-keys /name",
    "POST /admin/tenants/{id}/assume /reason",
    "POST /admin/users /full_name",
    "POST /admin/users/invite /full_name",
    "POST /chat /message",
    "POST /chat /metadata/any",
    "POST /chat/ui /id",
    "POST /documents /metadata/any",
    "POST /documents /text",
    "POST /documents /title",
    "POST /documents/connectors /metadata/any",
    "POST /documents/connectors /name",
    "POST /tenants /name",
    "POST /tenants /pinecone/environment",
    "POST /tenants /system_prompt",
    "POST /tenants/{tenant_id}/rehearsals /settings/system_prompt",
    "POST /tenants/{tenant_id}/sites /name",
    "POST /v1/chat/completions /metadata/any",
    "POST /v1/responses /input",
    "POST /v1/responses /metadata/any",
    "PUT /chat/messages/{id}/feedback /comment",
    "PUT /documents/connectors/{id} /metadata/any",
    "PUT /documents/connectors/{id} /name",
    "PUT /tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict /comment",
    "PATCH /documents/{id} /metadata/any",
    "PUT /documents/{id} /metadata/any",
    "PUT /documents/{id} /text",
    "PUT /documents/{id} /title",
];

#[tokio::test] // R40
async fn sql_in_any_field_is_stored_verbatim_or_refused() {
    let scene = Scene::new().await;
    watch_residue(&scene.pool).await;
    let theirs = Stored::of(&scene.pool, T2).await;
    let mut keeping = Vec::new();
    let (mut tried, mut n) = (0, 0);
    // Those first that ask a provider: later the tenant has a key of one.
    let (asking, others): (Vec<_>, Vec<_>) =
        operations().into_iter().partition(Operation::is_openai);
    let all = asking.iter().chain(&others);
    for operation in all.filter(|o| o.takes_json()) {
        for place in places(operation) {
            for payload in payloads() {
                n += 1;
                // Each is looked for on its own.
                let payload = format!("{payload}{n}");
                let what = format!("{} {place}", operation.name());
                let kept = attack(&scene, operation, &place, &payload, n).await;
                assert_eq!(Stored::of(&scene.pool, T2).await, theirs, "{what}");
                assert_no_residue(&scene, &what).await;
                if kept && !keeping.contains(&what) {
                    keeping.push(what);
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried} fields are not all");
    assert_listed(
        keeping,
        KEEPS_TEXT,
        "KEEPS_TEXT in tests/api/database/injection.rs is where any text is kept; everywhere else it is refused.",
    );
}

/// Sends the text; whether it was kept. Refused, it must have changed nothing.
async fn attack(
    scene: &Scene,
    operation: &Operation,
    place: &str,
    payload: &str,
    n: usize,
) -> bool {
    let token = scene.token_of(SUPERUSER);
    let path = operation.path_of(&scene.ids_of(SUPERUSER));
    let mut body = operation.body("x");
    // What must be unique, unless it is what is attacked.
    match &*operation.name() {
        "POST /tenants" => body["slug"] = json!(format!("slug-{n}")),
        "POST /documents" | "PUT /documents/{id}" => body["text"] = json!(format!("Text {n}.")),
        "POST /admin/users" | "POST /admin/users/invite" => {
            body["email"] = json!(format!("n{n}@platform.example"))
        }
        _ => {}
    }
    put(&mut body, place, payload);
    // One at a time.
    let over = "update parlance.rehearsals set status = 'cancelled', ended_at = now() where status = 'running'";
    sqlx::query(over).execute(&scene.pool).await.unwrap();
    let before = Stored::all(&scene.pool).await;
    let answer = scene.ask(token, &operation.method, &path, &body).await;
    let after = Stored::all(&scene.pool).await;
    let what = format!("{} {place}: {}", operation.name(), answer.text);
    match answer.status.as_u16() {
        200..300 if place.starts_with("/filter") => {
            assert!(!after.contains(payload), "{what}");
            false
        }
        // It is off; what it takes is that of `POST /login/refresh`.
        404 if operation.path == "/login/cookie" => {
            assert_eq!(after, before, "{what}");
            false
        }
        _ if KEEPS_NOTHING.contains(&&*operation.name()) => {
            assert!(
                [200, 204, 400, 401, 422].contains(&answer.status.as_u16()),
                "{what}"
            );
            assert_eq!(after, before, "{what}");
            false
        }
        // Most of what such a body holds is not read.
        200..300 if operation.is_foreign() || operation.is_openai() => after.contains(payload),
        200..300 => {
            // A password is hashed and a key is sealed: of those, nothing may be seen.
            let hidden = place.ends_with("password") || place.ends_with("/api_key");
            assert_eq!(after.contains(payload), !hidden, "{what}");
            !hidden
        }
        status => {
            // Its own password is nothing that the superuser can set there.
            let own = status == 409 && operation.path == "/admin/users/{id}";
            let refused = if operation.is_openai() {
                [400, 404]
            } else {
                [422; 2]
            };
            assert!(own || refused.contains(&status), "{what}");
            assert_eq!(after, before, "{what}");
            false
        }
    }
}

#[tokio::test] // R40
async fn sql_in_paths_and_queries_is_refused() {
    let scene = Scene::new().await;
    watch_residue(&scene.pool).await;
    let before = Stored::all(&scene.pool).await;
    let admin = scene.token_of(ADMIN1);
    for payload in payloads() {
        let encoded: String = payload.bytes().map(|b| format!("%{b:02x}")).collect();
        for path in [
            format!("/chat/sessions/{encoded}"),
            format!("/chat/sessions?cursor={encoded}"),
            format!("/chat/sessions?limit={encoded}"),
            format!("/documents/{encoded}"),
            format!("/tenants/{encoded}"),
            format!("/tenants/current%27{encoded}"),
            format!("/admin/users?role={encoded}"),
            format!("/admin/users?cursor={encoded}"),
        ] {
            let answer = scene.get(admin, &path).await;
            assert_eq!(answer.problem(422), "invalid_request", "{path}");
            assert_no_residue(&scene, &path).await;
        }
        let path = format!("/tenants/current/secrets/{encoded}");
        assert_eq!(
            scene.delete(admin, &path).await.problem(422),
            "invalid_request"
        );
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R40
async fn sql_in_headers_is_only_text() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    for payload in payloads() {
        for name in [
            "origin",
            "x-request-id",
            "user-agent",
            "idempotency-key",
            "accept",
        ] {
            let token = scene.token_of(ADMIN1);
            let request = request(token, "GET", "/chat/sessions").header(name, &payload);
            let answer = scene.send(request, Body::empty()).await;
            assert!(
                answer.status == 200 || answer.status == 403,
                "{name}: {}",
                answer.text
            );
            assert_ne!(answer.header("x-request-id"), payload);
        }
    }
    assert_eq!(Stored::all(&scene.pool).await, before);

    for payload in payloads() {
        let login = request("", "POST", "/login")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, &payload);
        let body = Body::from(crate::kit::api::login(U1).to_string());
        let answer = scene.send(login, body).await;
        assert_eq!(answer.id_at("/tenant/id"), T1);
        let agent =
            "select count(*) from parlance.login_sessions where user_agent = $1 and tenant_id = $2";
        let stored: i64 = sqlx::query_scalar(agent)
            .bind(&payload)
            .bind(T1)
            .fetch_one(&scene.pool)
            .await
            .unwrap();
        assert_eq!(stored, 1, "{payload}");
    }
}
