//! A key is seen once, by who made it; and never in a page.

use super::{ask, make};
use crate::kit::{
    ADMIN1, Kit, T1, program::Program, raw::Raw, request, scene::Stored, wait::wait_for,
};
use axum::body::Body;
use serde_json::json;

/// The parts of a key that are nobody else's: what follows its prefix, the version and the ids, of which its tenant's is in
/// every key of it.
fn secret(key: &str) -> &str {
    &key[58..96]
}

#[tokio::test] // R19 R50
async fn no_key_is_stored_or_shown_again() {
    let kit = Kit::new().await;
    let made = make(&kit, ADMIN1, &["chat", "documents"]).await;
    assert_eq!(ask(&kit, &made.key).await.status, 200);
    assert_eq!(kit.get(&made.key, "/documents").await.status, 200);
    assert_eq!(kit.get(&made.key, "/admin/users").await.status, 403);
    let stored = Stored::all(&kit.pool).await;
    assert!(stored.contains(&made.id.to_string()));
    for part in [&*made.key, secret(&made.key), &made.key[8..]] {
        assert!(!stored.contains(part), "{part}");
    }
    let hash: Vec<u8> = sqlx::query_scalar("select key_hash from parlance.api_keys")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = kit.token(ADMIN1).await;
    for path in [
        "/admin/api-keys".to_owned(),
        format!("/admin/api-keys/{}", made.id),
        "/admin/audit".to_owned(),
        "/admin/audit?format=csv".to_owned(),
        "/admin/users".to_owned(),
    ] {
        let shown = kit.get(&token, &path).await.text;
        for part in [secret(&made.key), &hash] {
            assert!(!shown.contains(part), "{path}: {shown}");
        }
    }
}

#[tokio::test] // R19 R45 R88
async fn no_log_line_and_no_refusal_holds_a_key() {
    let kit = Kit::new().await;
    let trace = [("RUST_LOG".to_owned(), "trace".to_owned())];
    let (program, log) = Program::serve_logging(&kit, &trace).await;
    let made = make(&kit, ADMIN1, &["documents"]).await;
    let (admin, key) = (kit.token(ADMIN1).await, &made.key);
    let mut raw = Raw::connect(program.address()).await;
    let broken = format!("{}A", &key[..99]);
    let body = json!({ "name": key, "scopes": [key], "key": key }).to_string();
    let mut seen = String::new();
    for (token, line, body) in [
        (key, "GET /documents".to_owned(), ""),
        (key, "GET /admin/users".to_owned(), ""),
        (key, "GET /chat/sessions".to_owned(), ""),
        (key, format!("GET /documents/{key}"), ""),
        (key, format!("GET /documents?cursor={key}"), ""),
        (key, format!("GET /login/me?api_key={key}"), ""),
        (&broken, "GET /documents".to_owned(), ""),
        (&admin, "POST /admin/api-keys".to_owned(), &*body),
        (&admin, format!("DELETE /admin/api-keys/{key}"), ""),
    ] {
        let asked = format!(
            "{line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nx-request-id: {key}\r\nuser-agent: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        raw.try_send(&asked).await.unwrap();
        let answer = raw.try_answer().await.expect("it is answered");
        seen += &format!("{answer:?}");
    }
    program.terminate().await;
    program.ended().await;
    let log = wait_for("the end of the log", log).await.unwrap();
    assert!(log.contains("\"status\":403"), "{log:.2000}");
    for (what, text) in [("the log", &log), ("an answer", &seen)] {
        let line = text.lines().find(|line| line.contains(secret(key)));
        assert!(line.is_none(), "{what}: {line:?}");
    }
}

#[tokio::test]
async fn a_key_in_a_browser_page_is_refused_and_written_down() {
    let page = "https://good.example";
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", page)]).await;
    let made = make(&kit, ADMIN1, &["chat", "documents"]).await;
    for origin in [
        page,
        "https://elsewhere.example",
        "null",
        "capacitor://localhost",
    ] {
        for path in ["/chat/sessions", "/documents", "/login/me"] {
            let asked = request(&made.key, "GET", path).header("origin", origin);
            let refused = kit.send(asked, Body::empty()).await;
            assert_eq!(refused.problem(403), "api_key_in_page", "{origin} {path}");
            let detail = refused.json["detail"].as_str().unwrap();
            assert!(detail.contains("POST /login"), "{detail}");
            // Whoever writes the page reads why.
            let readable = refused.header("access-control-allow-origin");
            assert_eq!(readable, if origin == page { page } else { "" });
        }
    }
    let denied = kit.audited(T1, "access.denied").await;
    assert_eq!(denied[0].detail.as_deref(), Some("api_key_in_page"));
    assert_eq!(denied[0].actor_id, Some(made.user));
    // What is no key learns nothing of that.
    let asked = request(&format!("{}A", made.key), "GET", "/documents").header("origin", page);
    let refused = kit.send(asked, Body::empty()).await;
    assert_eq!(refused.problem(401), "invalid_token");
}
