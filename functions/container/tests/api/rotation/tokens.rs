//! Tokens that were made with one secret, where another one is in its place.

use super::{Deployment, NEXT, OLD};
use crate::kit::{ADMIN1, Kit, U1, request};
use axum::{body::Body, http::header};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_with_either_secret_is_known_again_by_both() {
    let deployment = Deployment::new("rotated_tokens").await;
    let before = deployment.with(OLD, NEXT).await;
    let after = deployment.with(NEXT, OLD).await;
    deployment.ok(&["migrate"], NEXT, OLD).await;
    let alone = deployment.with(NEXT, "").await;
    for text in ["Some text.", "Other text."] {
        before.add_document(ADMIN1, "A title", text).await;
    }
    let page = before
        .get(&before.token(ADMIN1).await, "/documents?limit=1")
        .await;
    let cursor = page.json["next_cursor"]
        .as_str()
        .expect("there are more")
        .to_owned();
    let refresh = before.login(U1).await.json["refresh_token"].clone();
    let invited = json!({ "email": "new@t1.example" });
    let invited = before
        .post(&before.token(ADMIN1).await, "/admin/users/invite", invited)
        .await;
    let user = json!({ "email": "made@t1.example", "password": "four unrelated words here", "full_name": "Made" });
    let made = async |kit: &Kit| {
        let asked = request(&kit.token(ADMIN1).await, "POST", "/admin/users")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "the same");
        kit.send(asked, Body::from(user.to_string())).await
    };
    let first = made(&before).await;
    assert_eq!(first.status, 201, "{}", first.text);

    let list = format!("/documents?limit=1&cursor={cursor}");
    let renew = json!({ "refresh_token": refresh });
    let accept =
        json!({ "token": invited.json["token"], "password": "four other unrelated words" });
    assert_eq!(
        alone.get(&alone.token(ADMIN1).await, &list).await.fields(),
        ["cursor"]
    );
    assert_eq!(
        alone
            .post("", "/login/refresh", renew.clone())
            .await
            .problem(401),
        "invalid_refresh_token"
    );
    assert_eq!(
        alone
            .post("", "/login/invitation", accept.clone())
            .await
            .status,
        401
    );
    assert_eq!(made(&alone).await.problem(422), "idempotency_key_reused");

    assert_eq!(
        after.get(&after.token(ADMIN1).await, &list).await.status,
        200
    );
    assert_eq!(after.post("", "/login/refresh", renew).await.status, 200);
    assert_eq!(
        after.post("", "/login/invitation", accept).await.status,
        204
    );
    let repeated = made(&after).await;
    assert_eq!(
        (repeated.status.as_u16(), repeated.id("id")),
        (201, first.id("id")),
        "{}",
        repeated.text
    );
}
