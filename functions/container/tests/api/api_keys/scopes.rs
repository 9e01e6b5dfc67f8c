//! What a key may ask: what is in its scopes, and nothing else.

use super::make;
use crate::kit::{
    ADMIN1, T1, U1,
    api::{Operation, operations},
    listed::assert_listed,
    scene::Scene,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a key may ask with a scope. Whatever is added here is open to servers.
const SCOPES: [(&str, &[&str]); 3] = [
    (
        "chat",
        &[
            "DELETE /chat/sessions",
            "DELETE /chat/sessions/{id}",
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
            "GET /v1/models",
            "GET /v1/models/{model}",
            "PATCH /chat/sessions/{id}",
            "POST /chat",
            "POST /chat/messages/{id}/stop",
            "POST /chat/ui",
            "POST /chat/ui/{id}/stop",
            "POST /v1/chat/completions",
            "POST /v1/responses",
            "PUT /chat/messages/{id}/feedback",
        ],
    ),
    (
        "documents",
        &[
            "DELETE /documents/connectors/{id}",
            "DELETE /documents/{id}",
            "GET /documents",
            "GET /documents/connectors",
            "GET /documents/connectors/{id}",
            "GET /documents/connectors/{id}/runs",
            "GET /documents/{id}",
            "GET /documents/{id}/chunks",
            "GET /documents/{id}/deletion",
            "GET /documents/{id}/file",
            "GET /documents/{id}/text",
            "PATCH /documents/{id}",
            "POST /documents",
            "POST /documents/connectors",
            "POST /documents/connectors/{id}/cancel",
            "POST /documents/connectors/{id}/run",
            "POST /documents/retry",
            "POST /documents/search",
            "POST /documents/{id}/cancel",
            "POST /documents/{id}/retry",
            "POST /mcp",
            "PUT /documents/connectors/{id}",
            "PUT /documents/{id}",
            "PUT /documents/{id}/groups",
        ],
    ),
    ("usage", &["GET /admin/usage"]),
];
const THIS_LIST: &str = "SCOPES in tests/api/api_keys/scopes.rs is what API keys may ask; `web::open_to_keys` opens routes.";

fn scope_of(operation: &Operation) -> Option<&'static str> {
    let name = operation.name();
    let scope = SCOPES.iter().find(|(_, may)| may.contains(&&*name));
    scope.map(|(scope, _)| *scope)
}

#[test]
fn the_contract_says_which_scope_opens_what() {
    for (scope, may) in SCOPES {
        let open = operations().into_iter().filter(|operation| {
            let ways = operation.about["security"].as_array();
            let with_key = json!({ "api_key": [scope] });
            ways.is_some_and(|ways| ways.contains(&with_key))
        });
        let open: BTreeSet<_> = open.map(|operation| operation.name()).collect();
        assert_listed(&open, may, THIS_LIST);
    }
}

#[tokio::test] // R1 R29
async fn no_scopes_reach_an_operation_outside_their_list() {
    let scene = Scene::new().await;
    let all = ["chat", "documents", "usage"];
    for set in 1..8_u8 {
        let has = |n: &usize| set & (1 << n) != 0;
        let scopes: Vec<&str> = (0..3).filter(has).map(|n| all[n]).collect();
        let made = make(&scene, ADMIN1, &scopes).await;
        let mut asked = 0;
        for operation in operations().iter().filter(|o| o.needs_login()) {
            let name = operation.name();
            let path = operation.path_of(&scene.ids_of(ADMIN1));
            let body = operation.body("x");
            let answer = scene.ask(&made.key, &operation.method, &path, &body).await;
            match scope_of(operation) {
                // Nothing of these is the key's own.
                Some(scope) if scopes.contains(&scope) => {
                    let status = answer.status.as_u16();
                    let is_let_in = (200..300).contains(&status) || status == 404;
                    assert!(is_let_in, "{scopes:?} {name}: {}", answer.text);
                    asked += 1;
                }
                scope => {
                    assert_eq!(answer.problem(403), "scope_missing", "{scopes:?} {name}");
                    let detail = answer.json["detail"].as_str().unwrap_or(&answer.text);
                    let named = scope.map_or("whatever its scopes".into(), |s| format!("`{s}`"));
                    assert!(detail.contains(&named), "{name}: {detail}");
                }
            }
        }
        let may = SCOPES.iter().filter(|(scope, _)| scopes.contains(scope));
        assert_eq!(asked, may.map(|(_, may)| may.len()).sum::<usize>());
        // What it deleted of the tenant's documents is what the next one names.
        let title = format!("Another {set}");
        scene.add_document(ADMIN1, &title, "Another text.").await;
    }
}

#[tokio::test]
async fn what_a_key_is_refused_is_audited() {
    let scene = Scene::new().await;
    let made = make(&scene, ADMIN1, &["documents"]).await;
    for _ in 0..3 {
        let refused = scene.get(&made.key, "/admin/users").await;
        assert_eq!(refused.problem(403), "scope_missing");
    }
    let [row] = &scene.audited(T1, "access.denied").await[..] else {
        panic!("one row");
    };
    assert_eq!(row.line(), "access.denied GET /admin/users denied");
    assert_eq!(row.actor_id, Some(made.user));
    assert_eq!(row.detail.as_deref(), Some("scope_missing"));
}

#[tokio::test]
async fn a_key_sees_to_its_tenants_documents() {
    let scene = Scene::new().await;
    let made = make(&scene, ADMIN1, &["documents"]).await;
    let text = json!({ "title": "Hours", "text": "The shop opens at nine." });
    let asked = async |key: &str| {
        let request = crate::kit::request(&made.key, "POST", "/documents")
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        scene.send(request, text.to_string().into()).await
    };
    let added = asked("once").await;
    assert_eq!(added.status, 202, "{}", added.text);
    assert_eq!(
        asked("once").await.json,
        added.json,
        "a repeat adds nothing"
    );
    let path = format!("/documents/{}", added.id("id"));
    assert_eq!(scene.get(&made.key, &path).await.json["title"], "Hours");
    let all = scene.get(&made.key, "/documents").await;
    let titles: Vec<&Value> = all.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["title"])
        .collect();
    assert_eq!(titles, ["Hours", "one"]);
    let query = json!({ "query": "When does the shop open?" });
    let found = scene
        .post(&made.key, "/documents/search", query.clone())
        .await;
    assert_eq!(found.id_at("/items/0/document_id"), added.id("id"));
    // What it added is the tenant's.
    let found = scene
        .post(scene.token_of(U1), "/documents/search", query)
        .await;
    assert_eq!(found.id_at("/items/0/document_id"), added.id("id"));
    assert_eq!(scene.delete(&made.key, &path).await.status, 204);
    for action in ["document.create", "document.delete"] {
        let rows = scene.audited(T1, action).await;
        assert_eq!(rows.last().unwrap().actor_id, Some(made.user), "{action}");
    }
}
