//! Many at once: what concerns one does not hold up the others.

use crate::{
    kit::{ADMIN1, Kit, U1, U2, database::connect_to, request},
    user_changes::until_waiting,
};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{Executor, postgres::PgListener};

#[tokio::test] // R79
async fn who_asks_often_reads_its_account_once() {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", "4")]).await;
    let token = kit.token(ADMIN1).await;
    let mut lock = connect_to(&kit.database.url()).await;
    lock.execute("begin; lock table parlance.users in access exclusive mode")
        .await
        .unwrap();
    // Each is read anew, and none can be.
    let crowd = join_all((0..20).map(|_| kit.get(&token, "/admin/users")));
    let other = async {
        until_waiting(&kit, 1).await;
        let asked = request("", "OPTIONS", "/chat")
            .header("origin", "https://other.example")
            .header("access-control-request-method", "POST");
        let answer = kit.send(asked, Body::empty()).await;
        lock.execute("rollback").await.unwrap();
        answer
    };
    let (crowd, other) = tokio::join!(crowd, other);
    assert_eq!(other.status, 204, "{}", other.text);
    for answer in crowd {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test] // R4
async fn another_name_wakes_nobody() {
    let kit = Kit::new().await;
    let (admin, user) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let mut told = PgListener::connect(&kit.database.url()).await.unwrap();
    told.listen("parlance").await.unwrap();
    let name = json!({ "full_name": "Renamed" });
    assert_eq!(
        kit.patch(&user, "/login/me", name.clone()).await.status,
        200
    );
    let path = |id| format!("/admin/users/{id}");
    assert_eq!(kit.patch(&admin, &path(U1.id), name).await.status, 200);
    let role = json!({ "role": "admin" });
    assert_eq!(kit.patch(&admin, &path(U2.id), role).await.status, 200);
    // Notifications come in the order of what they are about.
    let first = told.recv().await.unwrap();
    assert_eq!(first.payload(), format!("user {}", U2.id));
}

#[tokio::test]
async fn a_first_key_can_be_set_by_many_at_once() {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", "8")]).await;
    let token = kit.token(ADMIN1).await;
    let path = "/tenants/current/secrets/deepseek";
    let set = (0..8).map(|n| {
        kit.put(
            &token,
            path,
            json!({ "api_key": format!("sk-key-number-{n}") }),
        )
    });
    for answer in join_all(set).await {
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    let keys = kit.get(&token, "/tenants/current/secrets").await;
    assert_eq!(keys.json.as_array().unwrap().len(), 1);
    assert_eq!(keys.json[0]["readable"], true);
}
