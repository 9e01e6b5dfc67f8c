//! Where tokens are not: in URLs, in the database, in caches; and that one is told from another that is nearly alike.

use crate::kit::{
    Answer, Kit, PASSWORD, U1, U2,
    api::operations,
    request,
    scene::{Scene, Stored},
};
use axum::body::Body;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

fn token(answer: &Answer, which: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json[which].as_str().unwrap().to_owned()
}

#[tokio::test] // R19
async fn a_token_is_read_from_one_header_only() {
    let scene = Scene::new().await;
    let (good, ids) = (scene.token_of(U1), scene.ids_of(U1));
    for operation in operations().iter().filter(|o| !o.is_public()) {
        let path = operation.path_of(&ids);
        for name in ["access_token", "token", "authorization", "bearer"] {
            let request = request("", &operation.method, &format!("{path}?{name}={good}"))
                .header("content-type", "application/json");
            let body = Body::from(operation.body("").to_string());
            let answer = scene.send(request, body).await;
            assert_eq!(answer.problem(401), "invalid_token", "{name} {path}");
        }
    }
    for (name, value) in [
        ("cookie", format!("access_token={good}; __Host-rt={good}")),
        ("x-api-key", good.to_owned()),
        ("proxy-authorization", format!("Bearer {good}")),
    ] {
        let request = request("", "GET", "/login/me").header(name, value);
        let answer = scene.send(request, Body::empty()).await;
        assert_eq!(answer.problem(401), "invalid_token", "{name}");
    }
    let refresh = token(&scene.login(U1).await, "refresh_token");
    let in_url = format!("/login/refresh?refresh_token={refresh}");
    assert_eq!(
        scene.post("", &in_url, json!({})).await.fields(),
        ["refresh_token"]
    );
}

#[tokio::test] // R19
async fn nothing_that_was_presented_is_stored() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let body = json!({ "refresh_token": login.json["refresh_token"] });
    let renewed = kit.post("", "/login/refresh", body.clone()).await;
    let mut presented = vec![PASSWORD.to_owned()];
    for answer in [&login, &renewed] {
        assert_eq!(answer.header("cache-control"), "no-store");
        let access = token(answer, "access_token");
        assert_eq!(kit.get(&access, "/chat/sessions").await.status, 200);
        let refresh = token(answer, "refresh_token");
        let (_, signature) = access.rsplit_once('.').unwrap();
        for secret in [signature, &refresh] {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(secret).unwrap();
            // The end of either is the code that only we can make; as `bytea` it would be shown in hexadecimal digits.
            let code = &bytes[bytes.len() - 16..];
            presented.push(code.iter().map(|byte| format!("{byte:02x}")).collect());
            presented.push(secret[secret.len() - 20..].to_owned());
        }
        presented.extend([access, refresh]);
    }
    assert_eq!(kit.post("", "/login/logout", body).await.status, 204);
    let stored = Stored::all(&kit.pool).await;
    assert!(stored.contains(&U1.id.to_string()));
    for secret in presented {
        assert!(!stored.contains(&secret), "{secret}");
    }
}

#[tokio::test] // R19
async fn tokens_that_begin_alike_are_different_people() {
    let kit = Kit::new().await;
    let (mine, theirs) = (kit.token(U1).await, kit.token(U2).await);
    let alike = mine.bytes().zip(theirs.bytes());
    let alike = alike.take_while(|(a, b)| a == b).count();
    assert!(alike >= 100, "only {alike} characters are alike");
    for _ in 0..2 {
        for (token, who) in [(&mine, U1), (&theirs, U2)] {
            let me = kit.get(token, "/login/me").await;
            assert_eq!(me.json["user"]["id"], who.id.to_string());
        }
    }
    let mixed = format!(
        "{}{}",
        &mine[..mine.len() - 43],
        &theirs[theirs.len() - 43..]
    );
    let refused = kit.get(&mixed, "/login/me").await;
    assert_eq!(refused.problem(401), "invalid_token");
}
