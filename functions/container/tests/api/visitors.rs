//! Visitors of a tenant's web pages: without an account, by the site's key, from its pages alone.

mod challenges;
mod closing;
mod documents;
mod erasure;
mod identities;
mod identity_keys;
mod identity_tokens;
mod limits;
mod merging;
mod reach;
mod running;
mod signing;
mod sites;

use crate::kit::{
    ADMIN1, Answer, Kit, SUPERUSER, T1, U1, api::operations, listed::assert_listed, request,
    scene::Scene,
};
use axum::body::Body;
use serde_json::{Value, json};

const PAGE: &str = "https://shop.example";
const OTHER: &str = "https://blog.example";

/// What a visitor may ask. Whatever is added here is open to whoever finds a tenant's page.
const VISITORS: &[&str] = &[
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
    "GET /login/me",
    "PATCH /chat/sessions/{id}",
    "POST /chat",
    "POST /chat/messages/{id}/stop",
    "POST /chat/ui",
    "POST /chat/ui/{id}/stop",
    "PUT /chat/messages/{id}/feedback",
];

/// A site of the first tenant, on one page.
async fn site(kit: &Kit, more: Value) -> Value {
    let admin = kit.token(ADMIN1).await;
    let allowed = json!({ "allowed_origins": [PAGE, OTHER] });
    let set = kit.patch(&admin, "/tenants/current", allowed).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let mut site = json!({ "name": "The shop", "origins": [PAGE] });
    site.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = kit.post(&admin, "/tenants/current/sites", site).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json
}

async fn edit(kit: &Kit, site: &Value, change: Value) {
    let admin = kit.token(ADMIN1).await;
    let path = format!("/tenants/current/sites/{}", site["id"].as_str().unwrap());
    let changed = kit.patch(&admin, &path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// As a page does.
async fn from(
    kit: &Kit,
    page: &str,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let mut asked = request(token, method, path);
    if !page.is_empty() {
        asked = asked.header("origin", page);
    }
    if body.is_null() {
        return kit.send(asked, Body::empty()).await;
    }
    let asked = asked.header("content-type", "application/json");
    kit.send(asked, Body::from(body.to_string())).await
}

async fn enter(kit: &Kit, page: &str, key: &Value) -> Answer {
    let body = json!({ "site_key": key });
    from(kit, page, "", "POST", "/login/visitor", &body).await
}

async fn visitor(kit: &Kit, site: &Value) -> String {
    let entered = enter(kit, PAGE, &site["site_key"]).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    entered.json["access_token"].as_str().unwrap().to_owned()
}

async fn ask(kit: &Kit, token: &str, more: Value) -> Answer {
    let mut question = json!({ "message": "How long does a refund take?" });
    question
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    from(kit, PAGE, token, "POST", "/chat", &question).await
}

#[tokio::test]
async fn a_visitor_asks_and_reads_what_was_asked() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let entered = enter(&kit, PAGE, &site["site_key"]).await;
    assert_eq!(entered.header("access-control-allow-origin"), PAGE);
    let user = &entered.json["user"];
    assert_eq!(
        (&user["role"], &user["email"]),
        (&json!("visitor"), &json!(""))
    );
    let token = entered.json["access_token"].as_str().unwrap();
    let answer = ask(&kit, token, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let again = json!({ "session_id": answer.json["session_id"] });
    assert_eq!(ask(&kit, token, again).await.status, 200);
    let list = from(&kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
    assert_eq!(
        list.json["items"].as_array().unwrap().len(),
        1,
        "{}",
        list.text
    );

    // Another visitor of the same page finds nothing of it.
    let other = visitor(&kit, &site).await;
    let list = from(&kit, PAGE, &other, "GET", "/chat/sessions", &Value::Null).await;
    assert_eq!(list.json["items"], json!([]), "{}", list.text);
    let path = format!(
        "/chat/sessions/{}",
        answer.json["session_id"].as_str().unwrap()
    );
    let theirs = from(&kit, PAGE, &other, "GET", &path, &Value::Null).await;
    assert_eq!(theirs.status, 404, "{}", theirs.text);

    // The tokens are renewed as others are.
    let body = json!({ "refresh_token": entered.json["refresh_token"] });
    let renewed = from(&kit, PAGE, "", "POST", "/login/refresh", &body).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let token = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(ask(&kit, token, json!({})).await.status, 200);
}

#[tokio::test] // R26
async fn a_visitor_may_chat_and_nothing_else() {
    let scene = Scene::new().await;
    let site = site(&scene.kit, json!({})).await;
    let token = visitor(&scene.kit, &site).await;
    let mut allowed = Vec::new();
    for operation in operations() {
        let name = operation.name();
        if operation.about["security"] == json!([{}]) || name == "GET /metrics" {
            continue;
        }
        let path = operation.path_of(&scene.ids_of(U1));
        let body = operation.body("");
        let answer = from(&scene.kit, PAGE, &token, &operation.method, &path, &body).await;
        match answer.status.as_u16() {
            403 => assert_eq!(answer.problem(403), "account_required", "{name}"),
            401 => panic!("{name}: {}", answer.text),
            _ => allowed.push(name),
        }
    }
    allowed.sort();
    assert_listed(
        &allowed,
        VISITORS,
        "VISITORS in tests/api/visitors.rs is what visitors may ask.",
    );
}

#[tokio::test]
async fn nobody_comes_in_but_from_the_sites_pages() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let key = &site["site_key"];
    for page in [
        "",
        OTHER,
        "https://evil.example",
        "null",
        "HTTPS://SHOP.EXAMPLE",
    ] {
        let refused = enter(&kit, page, key).await;
        assert_eq!(
            refused.problem(403),
            "origin_not_allowed",
            "{page}: {}",
            refused.text
        );
    }
    // Nor do the tokens work elsewhere.
    let token = visitor(&kit, &site).await;
    for page in ["", OTHER, "https://evil.example"] {
        let body = json!({ "message": "Hello?" });
        let refused = from(&kit, page, &token, "POST", "/chat", &body).await;
        assert_eq!(refused.problem(403), "origin_not_allowed", "{page}");
    }
    let admin = kit.token(ADMIN1).await;
    let path = "/tenants/current/sites";
    let none = kit.post(&admin, path, json!({ "name": "No page" })).await;
    let gone = kit
        .post(&admin, path, json!({ "name": "Gone", "origins": [PAGE] }))
        .await;
    let gone_path = format!("{path}/{}", gone.json["id"].as_str().unwrap());
    assert_eq!(kit.delete(&admin, &gone_path).await.status, 204);
    assert_eq!(
        enter(&kit, PAGE, &none.json["site_key"]).await.problem(403),
        "origin_not_allowed"
    );
    let long = "x".repeat(3000);
    for key in ["", "site_", "site_x", &long] {
        let refused = enter(&kit, PAGE, &json!(key)).await;
        assert_eq!(refused.problem(401), "invalid_site_key", "{}", refused.text);
    }
    let refused = enter(&kit, PAGE, &gone.json["site_key"]).await;
    assert_eq!(refused.problem(403), "site_closed", "{}", refused.text);
    let root = kit.token(SUPERUSER).await;
    let suspend = json!({ "status": "suspended" });
    let suspended = kit.patch(&root, &format!("/tenants/{T1}"), suspend).await;
    assert_eq!(suspended.status, 200, "{}", suspended.text);
    assert_eq!(enter(&kit, PAGE, key).await.problem(403), "site_closed");
}
