//! Who a token is for is asked of the database, and nobody is more than the database says now.

use super::roles::{AT_HOME, MEMBERS, SUPERUSERS, THIS_FILE};
use crate::kit::{
    ADMIN1, JWT_SECRET_KEY, Person, SUPERUSER, T1, T2, U1, V1,
    api::{Ids, Operation, operations},
    listed::assert_listed,
    scene::{Scene, Stored},
};
use axum::http::StatusCode;
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use tenant_auth::{AccessToken, Algorithm, Keys};
use uuid::Uuid;

fn guarded() -> impl Iterator<Item = Operation> {
    operations().into_iter().filter(Operation::needs_login)
}

/// The login of an access token.
async fn login_of(scene: &Scene, who: Person) -> Uuid {
    let newest =
        "select id from parlance.login_sessions where user_id = $1 order by id desc limit 1";
    let newest = sqlx::query_scalar(newest).bind(who.id);
    newest.fetch_one(&scene.pool).await.unwrap()
}

/// A token signed now by the service's own key.
fn signed(scene: &Scene, user: Uuid, tenant: Uuid, login: Uuid) -> String {
    let keys = Keys::new(&JWT_SECRET_KEY.into(), Algorithm::default()).unwrap();
    keys.sign(&AccessToken {
        user_id: user,
        tenant_id: tenant,
        session_id: login,
        generation: 0,
        issued_at: scene.clock.now().timestamp(),
        lifetime: Duration::from_secs(600),
    })
}

/// Asserts that the token is somebody's.
async fn assert_somebody(scene: &Scene, token: &str) {
    let me = scene.get(token, "/login/me").await;
    assert_eq!(me.status, 200, "{}", me.text);
}

/// Asserts that the token is nobody's, at every operation.
async fn assert_nobody(scene: &Scene, token: &str) {
    for operation in guarded() {
        for whose in [U1, V1] {
            let path = operation.path_of(&scene.ids_of(whose));
            let body = operation.body("");
            let answer = scene.ask(token, &operation.method, &path, &body).await;
            assert_eq!(answer.problem(401), "invalid_token", "{}", operation.name());
        }
    }
}

#[tokio::test] // R13
async fn a_token_of_one_tenant_is_no_token_of_another() {
    let scene = Scene::new().await;
    let (u1, v1) = (login_of(&scene, U1).await, login_of(&scene, V1).await);
    // Good but for what is changed below.
    assert_somebody(&scene, &signed(&scene, U1.id, T1, u1)).await;
    let before = Stored::all(&scene.pool).await;
    for (user, tenant, login) in [
        (U1.id, T2, u1),
        (U1.id, T2, v1),
        (V1.id, T2, u1),
        (V1.id, T1, u1),
        (U1.id, T1, v1),
        (ADMIN1.id, T1, u1),
        (U1.id, SUPERUSER.tenant_id, u1),
        (U1.id, Uuid::now_v7(), u1),
    ] {
        assert_nobody(&scene, &signed(&scene, user, tenant, login)).await;
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R13
async fn a_user_that_moved_to_another_tenant_takes_no_token_along() {
    let scene = Scene::new().await;
    // A new login, which the service cannot remember yet.
    let token = scene.token(U1).await;
    let login = login_of(&scene, U1).await;
    let [here, there] = [T1, T2].map(|tenant| signed(&scene, U1.id, tenant, login));
    let mut tx = scene.pool.begin().await.unwrap();
    let hash: String =
        sqlx::query_scalar("delete from parlance.users where id = $1 returning password_hash")
            .bind(U1.id)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    sqlx::query(
        "insert into parlance.users (tenant_id, id, email, password_hash) values ($1, $2, $3, $4)",
    )
    .bind(T2)
    .bind(U1.id)
    .bind(U1.email)
    .bind(hash)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for token in [&token, &here, &there] {
        assert_nobody(&scene, token).await;
    }
    // Even if the login came along, it would be one of the new tenant.
    sqlx::query(
        "insert into parlance.login_sessions (tenant_id, id, user_id, refreshed_at, expires_at, created_at)
         values ($1, $2, $3, now(), now() + interval '1 day', now())",
    )
    .bind(T2)
    .bind(login)
    .bind(U1.id)
    .execute(&scene.pool)
    .await
    .unwrap();
    assert_somebody(&scene, &there).await;
    for token in [&token, &here] {
        assert_nobody(&scene, token).await;
    }
}

/// The answer to every operation that needs a role, with the caller's own ids.
async fn try_roles(scene: &Scene, who: Person, ids: Ids) -> Vec<(String, StatusCode)> {
    let mut answers = Vec::new();
    for operation in guarded().filter(|o| !MEMBERS.contains(&&*o.name())) {
        let path = operation.path_of(&ids);
        let token = scene.token_of(who);
        let answer = scene
            .ask(token, &operation.method, &path, &operation.body(""))
            .await;
        answers.push((operation.name(), answer.status));
    }
    answers
}

#[tokio::test] // R29
async fn a_member_may_chat_and_nothing_else() {
    let scene = Scene::new().await;
    let mine = scene.ids_of(U1);
    let before = Stored::all(&scene.pool).await;
    for ids in [mine, Ids { tenant: T2, ..mine }, scene.ids_of(V1)] {
        for (name, status) in try_roles(&scene, U1, ids).await {
            assert_eq!(
                status, 403,
                "{name}: if a member may call it, add it to MEMBERS in {THIS_FILE}; if not, make it ask for TenantAdmin"
            );
        }
    }
    assert_eq!(Stored::all(&scene.pool).await, before);

    let mut may = BTreeSet::new();
    // The conversation goes last, and then all of them.
    let mut operations: Vec<_> = guarded().collect();
    operations.sort_by_key(|operation| match &*operation.name() {
        "DELETE /chat/sessions" => 2,
        // After which the token is nobody's.
        "DELETE /login/sessions/{id}" => 3,
        name => u8::from(name.starts_with("DELETE")),
    });
    for operation in operations {
        let body = operation.body("");
        let path = operation.path_of(&mine);
        let answer = scene
            .ask(scene.token_of(U1), &operation.method, &path, &body)
            .await;
        if answer.status.is_success() {
            may.insert(operation.name());
        }
    }
    let list = format!("MEMBERS in {THIS_FILE} is what a member may do.");
    assert_listed(&may, MEMBERS, &list);
}

#[tokio::test] // R29
async fn a_demotion_counts_at_once() {
    let scene = Scene::new().await;
    let set = |sql: &'static str, who: Person| {
        let pool = scene.pool.clone();
        async move { sqlx::query(sql).bind(who.id).execute(&pool).await.unwrap() }
    };
    let (ours, other) = (scene.ids_of(SUPERUSER), scene.ids_of(V1));

    // Their tokens were used a moment ago, with all rights.
    let token = scene.token_of(SUPERUSER);
    assert_eq!(scene.get(token, "/tenants").await.status, 200);
    let of_another = format!("/tenants/{T2}");
    assert_eq!(scene.get(token, &of_another).await.status, 200);
    set(
        "update parlance.users set is_superuser = false where id = $1",
        SUPERUSER,
    )
    .await;
    let theirs = Stored::of(&scene.pool, T2).await;
    for (name, status) in try_roles(&scene, SUPERUSER, other).await {
        match &*name {
            name if SUPERUSERS.contains(&name) => assert_eq!(status, 403, "{name}"),
            name if AT_HOME.contains(&name) => assert!(status.is_success(), "{name}: {status}"),
            name => assert_eq!(
                status, 404,
                "{name}: if it names nothing of a tenant, add it to MEMBERS or AT_HOME in {THIS_FILE}; if only superusers \
                 may call it, to SUPERUSERS"
            ),
        }
    }
    assert_eq!(Stored::of(&scene.pool, T2).await, theirs);
    set(
        "update parlance.users set role = 'member' where id = $1",
        SUPERUSER,
    )
    .await;
    for (name, status) in try_roles(&scene, SUPERUSER, ours).await {
        assert_eq!(status, 403, "{name}");
    }

    assert_eq!(
        scene.get(scene.token_of(ADMIN1), "/documents").await.status,
        200
    );
    set(
        "update parlance.users set role = 'member' where id = $1",
        ADMIN1,
    )
    .await;
    for (name, status) in try_roles(&scene, ADMIN1, scene.ids_of(ADMIN1)).await {
        assert_eq!(status, 403, "{name}");
    }
}

#[tokio::test] // R29
async fn a_tenants_administrator_is_nothing_elsewhere() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let token = scene.token_of(ADMIN1);
    for operation in operations() {
        if SUPERUSERS.contains(&&*operation.name()) {
            let body = operation.body("");
            let answer = scene
                .ask(token, &operation.method, &operation.path, &body)
                .await;
            assert_eq!(answer.problem(403), "forbidden", "{}", operation.name());
        }
    }
    for tenant in ["current".to_owned(), T1.to_string()] {
        let body = json!({ "status": "suspended", "name": "Renamed" });
        let path = format!("/tenants/{tenant}");
        let answer = scene.patch(token, &path, body).await;
        assert_eq!(answer.problem(403), "forbidden");
    }
    for tenant in [T2, SUPERUSER.tenant_id, Uuid::now_v7()] {
        let body = json!({ "status": "suspended", "name": "Renamed" });
        let answer = scene
            .patch(token, &format!("/tenants/{tenant}"), body)
            .await;
        assert_eq!(answer.problem(404), "not_found");
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
}
