//! What every answer has in its head: how browsers must treat it, and the id under which the log knows it.

use crate::{
    kit::{
        Kit, METRICS_TOKEN, SUPERUSER,
        api::operations,
        headers::assert_safe,
        request,
        scene::{Scene, Stored},
    },
    problems::assert_problem,
};
use axum::body::Body;
use serde_json::json;
use uuid::Uuid;

#[tokio::test] // R70
async fn good_answers_have_the_same_headers() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    for path in [
        "/health",
        "/ready",
        "/openapi.json",
        "/login/me",
        "/tenants",
        "/chat/sessions",
        "/admin/users",
    ] {
        let answer = kit.get(&token, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_safe(&answer.headers);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
    let gone = kit
        .post("", "/login/logout", json!({ "refresh_token": "x" }))
        .await;
    assert_eq!(gone.status, 204);
    assert_safe(&gone.headers);
    let docs = kit.get("", "/docs").await;
    let policy = docs.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    // What runs in the page is named by its hash: nothing is loaded, and nothing in the text can become a script.
    assert_eq!(docs.text.matches("<script>").count(), 1);
    for from_elsewhere in ["src=", "onclick=", "style=", "http:", "https:"] {
        assert!(!docs.text.contains(from_elsewhere), "{from_elsewhere}");
    }
    let slash = kit.get("", "/docs/").await;
    assert_eq!(
        (slash.status.as_u16(), slash.header("location")),
        (308, "../docs")
    );
}

#[tokio::test] // R69 R70
async fn no_operation_sets_a_cookie_or_lets_one_be_sent() {
    const PAGE: &str = "https://page.example";
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", &format!(r#"["{PAGE}"]"#))]).await;
    let scene = Scene::on(kit).await;
    let ids = scene.ids_of(SUPERUSER);
    let mut answered = 0;
    for operation in operations() {
        let path = operation.path_of(&ids);
        for method in [&*operation.method, "OPTIONS"] {
            let request = request(scene.token_of(SUPERUSER), method, &path)
                .header("origin", PAGE)
                .header("access-control-request-method", &operation.method)
                .header("content-type", "application/json");
            let body = Body::from(operation.body("x").to_string());
            let answer = scene.send(request, body).await;
            assert_safe(&answer.headers);
            assert_eq!(answer.header("set-cookie"), "");
            // The page is one that may read the answer.
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, PAGE, "{method} {path}");
            answered += u32::from(answer.status.is_success());
        }
    }
    assert!(answered > 20, "{answered} good answers");
}

#[tokio::test] // R69
async fn a_get_changes_nothing() {
    let scene = Scene::new().await;
    let (token, ids) = (scene.token_of(SUPERUSER), scene.ids_of(SUPERUSER));
    let before = Stored::all(&scene.pool).await;
    for operation in operations().iter().filter(|o| o.method == "GET") {
        let token = match &*operation.path {
            "/metrics" => METRICS_TOKEN,
            _ => token,
        };
        let answer = scene.get(token, &operation.path_of(&ids)).await;
        // Nothing is being answered in the conversation.
        let good = match &*operation.path {
            "/chat/ui/{id}/stream" => 204,
            // The tenant shares none.
            "/admin/conversations/{id}/messages" => 404,
            _ => 200,
        };
        assert_eq!(answer.status, good, "{}: {}", operation.path, answer.text);
        let now = Stored::all(&scene.pool).await;
        assert_eq!(now, before, "{}", operation.path);
    }
}

#[tokio::test] // R88
async fn a_sane_request_id_is_kept_and_another_replaced() {
    let kit = Kit::new().await;
    let answer_to = async |id: &[u8]| {
        let request = request("", "GET", "/login/me").header("x-request-id", id);
        let answer = kit.send(request, Body::empty()).await;
        // Which the problem names too, as its instance.
        assert_eq!(assert_problem(&answer), "invalid_token");
        answer.header("x-request-id").to_owned()
    };
    for sane in [
        "12345678",
        "0190a0b0-0000-7000-8000-00000000000a",
        &"a".repeat(64),
    ] {
        assert_eq!(answer_to(sane.as_bytes()).await, sane);
    }
    let (long, longer) = ("a".repeat(65), "a".repeat(1024));
    for insane in [
        &b""[..],
        b"1234567",
        long.as_bytes(),
        longer.as_bytes(),
        b"abcdefgh%0d%0aset-cookie:a=1",
        b"abcdefgh\tijkl",
        b"a b c d e f",
        b"\"}{\"level\":1",
        b"../../etc",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"${jndi:ldap}",
    ] {
        let replaced = answer_to(insane).await;
        let id = Uuid::try_parse(&replaced).expect("a new id is a UUID");
        assert_eq!(id.get_version_num(), 7);
    }
}

#[tokio::test]
async fn the_docs_can_be_switched_off() {
    let kit = Kit::with([("DOCS", "off")]).await;
    for path in ["/docs", "/openapi.json"] {
        assert_eq!(assert_problem(&kit.get("", path).await), "not_found");
    }
    assert_eq!(kit.get("", "/health").await.status, 200);
}
