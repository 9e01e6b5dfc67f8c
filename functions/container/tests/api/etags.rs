//! Two who change one thing: the second is told of the first, if it says what it has seen.

use crate::kit::{ADMIN1, Answer, Kit, SUPERUSER, T1, request};
use axum::body::Body;
use serde_json::{Value, json};

/// A change of what was seen as `tag`.
async fn change(kit: &Kit, token: &str, path: &str, tag: &str, body: Value) -> Answer {
    let asked = request(token, "PATCH", path)
        .header("content-type", "application/json")
        .header("if-match", tag);
    kit.send(asked, Body::from(body.to_string())).await
}

/// Asserts that of two changes of what both have seen, the second is refused and changes nothing.
async fn assert_told(kit: &Kit, token: &str, path: &str, [first, second]: [Value; 2]) {
    let seen = kit.get(token, path).await;
    let tag = seen.header("etag").to_owned();
    let changed = change(kit, token, path, &tag, first).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let next = changed.header("etag").to_owned();
    assert_ne!(next, tag, "{path}");
    let refused = change(kit, token, path, &tag, second.clone()).await;
    assert_eq!(refused.problem(412), "precondition_failed", "{path}");
    let shown = kit.get(token, path).await;
    assert_eq!(shown.header("etag"), next, "{path}");
    assert_eq!(shown.json, changed.json, "{path}");
    // As what it is now, and as whatever it is.
    for tag in [&*next, "*"] {
        let changed = change(kit, token, path, tag, second.clone()).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    // Whoever says nothing changes what there is.
    let changed = kit.patch(token, path, second).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

#[tokio::test]
async fn nobody_takes_away_what_another_has_just_set() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let settings = [
        json!({ "system_prompt": "Be kind." }),
        json!({ "system_prompt": "Be brief." }),
    ];
    assert_told(&kit, &admin, "/tenants/current", settings).await;
    let site = json!({ "name": "A shop" });
    let site = kit.post(&admin, "/tenants/current/sites", site).await.json;
    let site = format!("/tenants/current/sites/{}", site["id"].as_str().unwrap());
    let names = [json!({ "name": "One" }), json!({ "name": "Two" })];
    assert_told(&kit, &admin, &site, names).await;
    let users = kit.get(&admin, "/admin/users?role=member").await.json;
    let user = format!("/admin/users/{}", users["items"][0]["id"].as_str().unwrap());
    let names = [json!({ "full_name": "One" }), json!({ "full_name": "Two" })];
    assert_told(&kit, &admin, &user, names).await;
    let superuser = kit.token(SUPERUSER).await;
    let states = [
        json!({ "status": "suspended" }),
        json!({ "status": "active" }),
    ];
    assert_told(&kit, &superuser, &format!("/tenants/{T1}"), states).await;
}

#[tokio::test]
async fn a_login_or_a_warning_is_no_change() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let me = kit.get(&admin, "/login/me").await.json;
    let path = format!("/admin/users/{}", me["user"]["id"].as_str().unwrap());
    let before = kit.get(&admin, &path).await;
    kit.token(ADMIN1).await;
    let after = kit.get(&admin, &path).await;
    assert_eq!(before.header("etag"), after.header("etag"));
    let inside = kit.get(&admin, "/tenants/current").await;
    let superuser = kit.token(SUPERUSER).await;
    let outside = kit.get(&superuser, &format!("/tenants/{T1}")).await;
    assert_eq!(inside.header("etag"), outside.header("etag"));
}
