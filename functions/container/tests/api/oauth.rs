//! Clients of OAuth 2 (RFC 6749): what they send is taken, and what they are told has their names.

mod libraries;

use crate::{
    kit::{Answer, Kit, PASSWORD, U1, request},
    problems::assert_problem,
};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";
const GOOD: &str =
    "grant_type=password&username=u1%40one.example&password=correct+horse+battery+staple";

async fn form(kit: &Kit, path: &str, fields: &str) -> Answer {
    let asked = request("", "POST", path).header("content-type", FORM);
    kit.send(asked, Body::from(fields.to_owned())).await
}

/// The problem's code and the name that OAuth 2 has for it.
fn told(answer: &Answer) -> (u16, String, &str) {
    let code = assert_problem(answer);
    let description = answer.json["error_description"].as_str().unwrap();
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(description.starts_with(detail), "{description}");
    let error = answer.json["error"].as_str().unwrap();
    (answer.status.as_u16(), code, error)
}

#[tokio::test]
async fn what_a_form_has_besides_is_ignored() {
    let kit = Kit::new().await;
    for more in [
        "audience=x",
        "remember_me=on&remember_me=on",
        "scope=&x",
        "client_secret=y",
    ] {
        let answer = form(&kit, "/login", &format!("{GOOD}&client_id=one&{more}")).await;
        assert_eq!(answer.status, 200, "{more}: {}", answer.text);
    }
    let strict = json!({ "email": U1.email, "password": PASSWORD, "audience": "x" });
    assert_eq!(kit.post("", "/login", strict).await.fields(), ["audience"]);
}

#[tokio::test]
async fn a_page_may_send_its_form_as_multipart() {
    let kit = Kit::new().await;
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = [
        ("username", U1.email),
        ("password", PASSWORD),
        ("client_id", "one"),
        ("more", "x"),
    ];
    let body: String = parts
        .iter()
        .map(|(name, value)| part(name, value))
        .collect();
    let send = async |body: String| {
        let asked =
            request("", "POST", "/login").header("content-type", "multipart/form-data; boundary=b");
        kit.send(asked, Body::from(body)).await
    };
    let answer = send(format!("{body}--b--\r\n")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let file = "--b\r\ncontent-disposition: form-data; name=\"more\"; filename=\"a.txt\"\r\n\r\nx\r\n--b--\r\n";
    let unreadable = (400, "malformed_request".to_owned(), "invalid_request");
    for broken in [
        body.clone(),
        String::new(),
        "--b".into(),
        format!("{body}{file}"),
    ] {
        let answer = send(broken.clone()).await;
        assert_eq!(told(&answer), unreadable, "{broken}");
    }
    let twice = part("username", U1.email);
    let answer = send(format!("{body}{twice}--b--\r\n")).await;
    let refused = (422, "invalid_request".to_owned(), "invalid_request");
    assert_eq!(told(&answer), refused);
    let long = part("more", &"x".repeat(4096));
    let answer = send(format!("{body}{long}--b--\r\n")).await;
    let too_large = (413, "too_large".to_owned(), "invalid_request");
    assert_eq!(told(&answer), too_large);
}

#[tokio::test]
async fn a_client_may_name_itself_by_basic() {
    let kit = Kit::new().await;
    for (client, fields, status) in [
        ("one:secret", GOOD.to_owned(), 200),
        ("one:", GOOD.to_owned(), 200),
        ("two:secret", GOOD.to_owned(), 401),
        ("one:secret", format!("{GOOD}&client_id=one"), 200),
        // Whose tenant is meant must not depend on who reads it.
        ("two:secret", format!("{GOOD}&client_id=one"), 422),
        (":", GOOD.to_owned(), 200),
    ] {
        let basic = format!("Basic {}", STANDARD.encode(client));
        let asked = request("", "POST", "/login")
            .header("content-type", FORM)
            .header("authorization", basic);
        let answer = kit.send(asked, Body::from(fields)).await;
        assert_eq!(answer.status, status, "{client}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_refused_form_has_the_names_of_oauth() {
    let kit = Kit::new().await;
    let wrong = "username=u1%40one.example&password=wrong";
    for (path, fields, expected) in [
        (
            "/login",
            wrong,
            (401, "invalid_credentials", "invalid_grant"),
        ),
        (
            "/login",
            "username=a",
            (422, "invalid_request", "invalid_request"),
        ),
        (
            "/login",
            "username=a&username=b&password=c",
            (422, "invalid_request", "invalid_request"),
        ),
        (
            "/login",
            "grant_type=client_credentials",
            (400, "unsupported_grant_type", "unsupported_grant_type"),
        ),
        (
            "/login",
            "grant_type=authorization_code&code=x",
            (400, "unsupported_grant_type", "unsupported_grant_type"),
        ),
        (
            "/login",
            "grant_type=refresh_token&refresh_token=x",
            (401, "invalid_refresh_token", "invalid_grant"),
        ),
        (
            "/login",
            "grant_type=refresh_token",
            (422, "invalid_request", "invalid_request"),
        ),
        (
            "/login/refresh",
            "refresh_token=x",
            (401, "invalid_refresh_token", "invalid_grant"),
        ),
        (
            "/login/refresh",
            "grant_type=password&refresh_token=x",
            (400, "unsupported_grant_type", "unsupported_grant_type"),
        ),
        (
            "/login/refresh",
            "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x",
            (422, "invalid_request", "invalid_request"),
        ),
        (
            "/login/logout",
            "token_type_hint=refresh_token",
            (422, "invalid_request", "invalid_request"),
        ),
    ] {
        let answer = form(&kit, path, fields).await;
        let (status, code, error) = expected;
        assert_eq!(
            told(&answer),
            (status, code.to_owned(), error),
            "{path} {fields}"
        );
    }
    let by_json = json!({ "email": U1.email, "password": "wrong" });
    let by_json = kit.post("", "/login", by_json).await;
    assert_eq!(by_json.problem(401), "invalid_credentials");
    assert!(by_json.json["error"].is_null(), "{}", by_json.text);
    let grant =
        json!({ "email": U1.email, "password": PASSWORD, "grant_type": "client_credentials" });
    assert_eq!(
        kit.post("", "/login", grant).await.problem(400),
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn a_login_is_renewed_with_the_form_at_either_address() {
    let kit = Kit::new().await;
    let mut refresh = kit.login(U1).await.json["refresh_token"].clone();
    for (path, grant) in [
        ("/login", "grant_type=refresh_token&"),
        ("/login/refresh", "grant_type=refresh_token&"),
        ("/login/refresh", ""),
    ] {
        let token = refresh.as_str().unwrap();
        let answer = form(
            &kit,
            path,
            &format!("{grant}refresh_token={token}&client_id=one"),
        )
        .await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        refresh = answer.json["refresh_token"].clone();
    }
}

#[tokio::test]
async fn a_login_is_ended_with_a_form() {
    let kit = Kit::new().await;
    for field in ["refresh_token", "token_type_hint=refresh_token&token"] {
        let login = kit.login(U1).await;
        let token = login.json["refresh_token"].as_str().unwrap();
        for _ in 0..2 {
            let ended = form(&kit, "/login/logout", &format!("{field}={token}&x=y")).await;
            assert_eq!(ended.status, 204, "{}", ended.text);
        }
        let used = form(&kit, "/login/refresh", &format!("refresh_token={token}")).await;
        assert_eq!(
            told(&used),
            (401, "session_expired".into(), "invalid_grant")
        );
    }
}

#[tokio::test]
async fn a_challenge_blames_a_token_only_where_there_was_one() {
    let kit = Kit::new().await;
    let blamed = r#"Bearer error="invalid_token""#;
    for (authorization, challenge) in [
        (None, "Bearer"),
        (Some("Basic b25lOg=="), "Bearer"),
        (Some("Bearer forged"), blamed),
    ] {
        let mut asked = request("", "GET", "/login/me");
        if let Some(value) = authorization {
            asked = asked.header("authorization", value);
        }
        let answer = kit.send(asked, Body::empty()).await;
        assert_eq!(answer.problem(401), "invalid_token");
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    // A wrong password is none of a token's faults, also where an old one is sent along.
    let asked = request("forged", "POST", "/login").header("content-type", FORM);
    let wrong = Body::from("username=u1%40one.example&password=wrong");
    let answer = kit.send(asked, wrong).await;
    assert_eq!(answer.problem(401), "invalid_credentials");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}
