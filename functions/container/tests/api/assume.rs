//! Superusers inside a tenant: with a reason, for minutes, written down, and never in a user's name.

use crate::kit::{ADMIN1, Answer, Kit, PASSWORD, SUPERUSER, T1, T2, U1, V1, scene::Scene};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

async fn assume(kit: &Kit, token: &str, tenant: Uuid, body: Value) -> Answer {
    let path = format!("/admin/tenants/{tenant}/assume");
    kit.post(token, &path, body).await
}

fn why() -> Value {
    json!({ "reason": "They asked for help" })
}

#[tokio::test] // R30
async fn a_superusers_own_token_opens_no_tenant() {
    let scene = Scene::new().await;
    let token = scene.token_of(SUPERUSER);
    let theirs = scene.ids_of(U1);
    for path in [
        format!("/chat/sessions/{}", theirs.session),
        format!("/chat/sessions/{}/messages", theirs.session),
        format!("/documents/{}", theirs.document),
        format!("/admin/users/{}", theirs.user),
    ] {
        assert_eq!(
            scene.get(token, &path).await.problem(404),
            "not_found",
            "{path}"
        );
    }
    let tenant = format!("/tenants/{T1}");
    let secrets = format!("{tenant}/secrets");
    let key = json!({ "api_key": "sk-canary-0123456789" });
    let refused = [
        scene.get(token, &secrets).await,
        scene.put(token, &format!("{secrets}/openai"), key).await,
        scene.delete(token, &format!("{secrets}/pinecone")).await,
        scene
            .patch(token, &tenant, json!({ "system_prompt": "Obey." }))
            .await,
        // Not half of it either.
        scene
            .patch(
                token,
                &tenant,
                json!({ "name": "Mine", "status": "suspended" }),
            )
            .await,
    ];
    for answer in refused {
        assert_eq!(answer.problem(403), "assume_required");
    }
    // Which tenants there are, and whether their people may come in, is a superuser's own affair.
    assert_eq!(scene.get(token, &tenant).await.json["status"], "active");
    let suspended = scene
        .patch(token, &tenant, json!({ "status": "suspended" }))
        .await;
    assert_eq!(suspended.json["status"], "suspended", "{}", suspended.text);
    let none = format!("/tenants/{}", Uuid::now_v7());
    let gone = scene
        .patch(token, &none, json!({ "status": "active" }))
        .await;
    assert_eq!(gone.problem(404), "not_found");
}

#[tokio::test] // R30
async fn who_has_assumed_a_tenant_sees_and_manages_it_and_no_other() {
    let scene = Scene::new().await;
    let (ours, theirs) = (scene.ids_of(U1), scene.ids_of(V1));
    let inside = scene.assume(scene.token_of(SUPERUSER), T1).await;
    let me = scene.get(&inside, "/login/me").await;
    assert_eq!(me.json["has_assumed"], true);
    assert_eq!(
        (me.id_at("/user/id"), me.id_at("/tenant/id")),
        (SUPERUSER.id, T1)
    );
    let all = scene.get(&inside, "/chat/sessions").await;
    let whose: Vec<_> = all.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["user_id"])
        .collect();
    assert!(
        whose.len() >= 3 && whose.contains(&&json!(U1.id)),
        "{}",
        all.text
    );
    for path in ["/chat/sessions/{}", "/chat/sessions/{}/messages"] {
        let of = |session: Uuid| path.replace("{}", &session.to_string());
        let read = scene.get(&inside, &of(ours.session)).await;
        assert_eq!(read.status, 200, "{}", read.text);
        let other = scene.get(&inside, &of(theirs.session)).await;
        assert_eq!(other.problem(404), "not_found");
    }
    let user = json!({ "email": "new@one.example", "password": "tomato bicycle harbour" });
    assert_eq!(scene.post(&inside, "/admin/users", user).await.status, 201);
    let prompt = json!({ "system_prompt": "Be kind." });
    assert_eq!(
        scene
            .patch(&inside, "/tenants/current", prompt)
            .await
            .status,
        200
    );
    let search = json!({ "query": T1.to_string() });
    assert_eq!(
        scene
            .post(&inside, "/documents/search", search)
            .await
            .status,
        200
    );
    // It is a token for one tenant: neither another one nor the list of them.
    let elsewhere = format!("/tenants/{T2}");
    assert_eq!(
        scene.get(&inside, &elsewhere).await.problem(404),
        "not_found"
    );
    assert_eq!(
        scene.get(&inside, "/tenants").await.problem(403),
        "forbidden"
    );
    let again = assume(&scene, &inside, T2, why()).await;
    assert_eq!(again.problem(403), "forbidden");
    let status = json!({ "status": "suspended" });
    let own = scene.patch(&inside, "/tenants/current", status).await;
    assert_eq!(own.problem(403), "forbidden");
}

#[tokio::test] // R30
async fn nothing_is_done_in_a_users_name() {
    let scene = Scene::new().await;
    let inside = scene.assume(scene.token_of(SUPERUSER), T1).await;
    let session = format!("/chat/sessions/{}", scene.ids_of(U1).session);
    let login = format!("/login/sessions/{}", scene.ids_of(U1).login);
    let change = json!({ "current_password": PASSWORD, "new_password": "seven green bicycles" });
    let refused = [
        scene
            .post(&inside, "/chat", json!({ "message": "Hello?" }))
            .await,
        scene
            .patch(&inside, &session, json!({ "title": "Mine" }))
            .await,
        scene.delete(&inside, &session).await,
        scene.get(&inside, "/login/sessions").await,
        scene.delete(&inside, &login).await,
        scene.post(&inside, "/login/password", change).await,
    ];
    for answer in refused {
        assert_eq!(answer.problem(403), "tenant_assumed");
    }
}

#[tokio::test] // R30 R87
async fn nobody_gets_in_unseen() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    kit.assume(&token, T1).await;
    let row: (Uuid, Uuid, String, Uuid) = sqlx::query_as(
        "select l.actor_tenant_id, l.actor_id, a.reason, a.actor_id
         from parlance.audit_log l join parlance.assumptions a using (tenant_id)
         where tenant_id = $1 and action = 'tenant.assume'",
    )
    .bind(T1)
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    let expected = (
        SUPERUSER.tenant_id,
        SUPERUSER.id,
        "A test".to_owned(),
        SUPERUSER.id,
    );
    assert_eq!(row, expected);
    for sql in [
        "create function parlance.refuse() returns trigger language plpgsql
           as $$ begin raise exception 'refused'; end $$",
        "create trigger refuse before insert on parlance.audit_log
           for each row execute function parlance.refuse()",
        "grant execute on function parlance.refuse to public",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    assert_eq!(
        assume(&kit, &token, T1, why()).await.problem(500),
        "internal"
    );
    let stays = sqlx::query_scalar("select count(*) from parlance.assumptions");
    let stays: i64 = stays.fetch_one(&kit.pool).await.unwrap();
    assert_eq!(stays, 1);
}

#[tokio::test] // R30
async fn a_stay_needs_a_reason_and_is_short() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    for (body, field) in [
        (json!({}), "reason"),
        (json!({ "reason": "  " }), "reason"),
        (json!({ "reason": "x".repeat(501) }), "reason"),
        (json!({ "reason": "x", "minutes": 0 }), "minutes"),
        (json!({ "reason": "x", "minutes": 16 }), "minutes"),
        (json!({ "reason": "x", "user_id": U1.id }), "user_id"),
    ] {
        assert_eq!(assume(&kit, &token, T1, body).await.fields(), [field]);
    }
    let none = assume(&kit, &token, Uuid::now_v7(), why()).await;
    assert_eq!(none.problem(404), "not_found");
    let admin = kit.token(ADMIN1).await;
    for tenant in [T1, T2] {
        let refused = assume(&kit, &admin, tenant, why()).await;
        assert_eq!(refused.problem(403), "forbidden");
    }
    let stay = assume(&kit, &token, T1, why()).await;
    assert_eq!(stay.json["expires_in"], 900);
    assert!(stay.json.get("refresh_token").is_none());
    let short = assume(&kit, &token, T1, json!({ "reason": "x", "minutes": 5 })).await;
    let inside = short.json["access_token"].as_str().unwrap();
    kit.clock
        .advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    assert_eq!(kit.get(inside, "/documents").await.status, 200);
    kit.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        kit.get(inside, "/documents").await.problem(401),
        "token_expired"
    );
}

#[tokio::test] // R30 R29
async fn a_stay_ends_with_what_it_came_from() {
    for sql in [
        "update parlance.users set is_superuser = false where id = $1",
        "update parlance.users set is_active = false where id = $1",
        "update parlance.login_sessions set revoked_at = now() where user_id = $1",
        "update parlance.tenants set status = 'suspended'
         where id = (select tenant_id from parlance.users where id = $1)",
        "delete from parlance.assumptions where actor_id = $1",
    ] {
        let kit = Kit::new().await;
        let inside = kit.assume(&kit.token(SUPERUSER).await, T1).await;
        assert_eq!(kit.get(&inside, "/documents").await.status, 200);
        let done = sqlx::query(sql).bind(SUPERUSER.id).execute(&kit.pool).await;
        assert!(done.unwrap().rows_affected() > 0, "{sql}");
        let refused = kit.get(&inside, "/documents").await;
        assert_eq!(refused.problem(401), "invalid_token", "{sql}");
    }
    // The tenant's own suspension ends no stay: somebody must be able to look after it.
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let suspend = json!({ "status": "suspended" });
    kit.patch(&token, &format!("/tenants/{T1}"), suspend).await;
    let inside = kit.assume(&token, T1).await;
    assert_eq!(kit.get(&inside, "/documents").await.status, 200);
}
