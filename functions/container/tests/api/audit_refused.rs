//! What was tried and not done is written down, too: logins that failed, callers without the right, keys that are refused.

use crate::kit::{
    ADMIN1, Kit, PASSWORD, T1, T2, U1, U2, V1,
    database::Noted,
    provider::{Provider, Reply},
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use uuid::Uuid;

/// The failed logins of a tenant.
async fn failed(kit: &Kit, tenant: Uuid) -> Vec<Noted> {
    kit.audited(tenant, "login").await
}

#[tokio::test] // R87 R5
async fn a_failed_login_is_written_where_it_was_tried() {
    let kit = Kit::new().await;
    sqlx::query("update parlance.users set is_active = false where id = $1")
        .bind(U2.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    let wrong = "canary-the-password-of-somewhere-else";
    for (tenant, email) in [
        (json!("one"), U1.email),
        (json!("one"), U2.email),
        (json!("one"), wrong),
        (json!("one"), V1.email),
        (Value::Null, V1.email),
        (Value::Null, "nobody@nowhere.example"),
        (json!("canary-tenant"), U1.email),
    ] {
        let login = json!({ "tenant": tenant, "email": email, "password": wrong });
        let refused = kit.post("", "/login", login).await;
        assert_eq!(refused.problem(401), "invalid_credentials");
    }
    // They are written one beside the other, in no order.
    let lines = async |tenant| {
        let rows = failed(&kit, tenant).await;
        assert!(rows.iter().all(|row| row.actor_id.is_none()
            && row.actor_tenant_id.is_none()
            && row.detail.is_none()
            && row.request_id.is_some()));
        let mut lines: Vec<_> = rows.iter().map(Noted::line).collect();
        lines.sort();
        lines
    };
    let line = |target: String| format!("login {target} failure");
    let unknown = line("unknown".into());
    let [u1, u2, v1] = [U1, U2, V1].map(|who| line(who.id.to_string()));
    assert_eq!(lines(T1).await, [u1, u2, unknown.clone(), unknown]);
    assert_eq!(lines(T2).await, [v1]);
    let all: i64 = sqlx::query_scalar("select count(*) from parlance.audit_log")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(all, 5, "who names no tenant and no account leaves no row");
}

#[tokio::test] // R87
async fn a_login_that_is_tried_too_often_fills_no_table() {
    let kit = Kit::with([("LOGINS_PER_MINUTE_BY_EMAIL", "2")]).await;
    let login = json!({ "tenant": "one", "email": U1.email, "password": "wrong" });
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(kit.post("", "/login", login.clone()).await.status.as_u16());
    }
    let tried = answers.iter().filter(|status| **status == 401).count();
    assert!(answers.contains(&429), "{answers:?}");
    assert_eq!(failed(&kit, T1).await.len(), tried);
}

#[tokio::test] // R5
async fn a_failed_login_is_answered_whether_or_not_it_can_be_written() {
    let kit = Kit::new().await;
    kit.break_audit("login").await;
    let login = json!({ "tenant": "one", "email": U1.email, "password": "wrong" });
    let refused = kit.post("", "/login", login).await;
    assert_eq!(refused.problem(401), "invalid_credentials");
    assert_eq!(failed(&kit, T1).await, []);
}

#[tokio::test] // R87
async fn a_refused_caller_is_written_down_once_for_each_route() {
    let kit = Kit::new().await;
    let (u1, u2) = (kit.token(U1).await, kit.token(U2).await);
    for _ in 0..3 {
        for path in ["/admin/users", "/admin/users?limit=5", "/tenants"] {
            assert_eq!(kit.get(&u1, path).await.problem(403), "forbidden");
        }
    }
    let one = format!("/admin/users/{}", ADMIN1.id);
    assert_eq!(kit.get(&u2, &one).await.problem(403), "forbidden");
    // A role that is too small for a part of what is asked.
    let admin = kit.token(ADMIN1).await;
    let status = json!({ "status": "suspended" });
    let refused = kit.patch(&admin, "/tenants/current", status).await;
    assert_eq!(refused.problem(403), "forbidden");
    // Nobody is nobody, and who may is let in.
    assert_eq!(
        kit.get("", "/admin/users").await.problem(401),
        "invalid_token"
    );
    assert_eq!(kit.get(&admin, "/admin/users").await.status, 200);

    let rows = kit.audited(T1, "access.denied").await;
    let lines: Vec<_> = rows
        .iter()
        .map(|row| (row.actor_id.unwrap(), &*row.target, &*row.outcome))
        .collect();
    let expected = [
        (U1.id, "GET /admin/users", "denied"),
        (U1.id, "GET /tenants", "denied"),
        (U2.id, "GET /admin/users/{id}", "denied"),
        (ADMIN1.id, "PATCH /tenants/{tenant_id}", "denied"),
    ];
    assert_eq!(lines, expected);
    assert!(
        rows.iter()
            .all(|row| row.detail.as_deref() == Some("forbidden"))
    );
}

#[tokio::test] // R87
async fn a_page_of_another_tenant_is_written_down() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    kit.give_origin(T2, "https://two.example").await;
    let asked = request(&token, "GET", "/login/me").header("origin", "https://two.example");
    let refused = kit.send(asked, Body::empty()).await;
    assert_eq!(refused.problem(403), "origin_not_allowed");
    let rows = kit.audited(T1, "access.denied").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].line(), "access.denied GET /login/me denied");
    assert_eq!(rows[0].detail.as_deref(), Some("origin_not_allowed"));
}

#[tokio::test] // R87
async fn a_refusal_that_cannot_be_written_down_is_a_failure_of_ours() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    kit.break_audit("access.denied").await;
    for _ in 0..2 {
        let refused = kit.get(&token, "/admin/users").await;
        assert_eq!(refused.problem(500), "internal");
    }
}

#[tokio::test] // R48 R87
async fn a_key_that_cannot_be_opened_is_written_down_once() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let key = json!({ "api_key": "sk-canary-0123456789" });
    kit.put(&admin, "/tenants/current/secrets/openai", key)
        .await;
    sqlx::query("update parlance.tenant_secrets set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))")
        .execute(&kit.pool)
        .await
        .unwrap();
    let token = kit.token(U1).await;
    for _ in 0..2 {
        let question = json!({ "message": "Hello?" });
        let refused = kit.post(&token, "/chat", question).await;
        assert_eq!(refused.problem(503), "provider_key_unavailable");
    }
    let rows = kit.audited(T1, "secret.unreadable").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].line(), "secret.unreadable openai failure");
    assert_eq!(rows[0].actor_id, Some(U1.id));
}

#[tokio::test] // R87
async fn a_tenants_own_key_that_its_provider_refuses_is_written_down_once() {
    let provider = Provider::start().await;
    let deployment = ("OPENAI_API_KEY", "sk-canary-deployment");
    let kit = provider.kit([deployment]).await;
    let admin = kit.token(ADMIN1).await;
    let key = json!({ "api_key": "sk-canary-0123456789" });
    kit.put(&admin, "/tenants/current/secrets/openai", key)
        .await;
    // The second tenant has none, and is answered with the deployment's.
    let (u1, v1) = (kit.token(U1).await, kit.token(V1).await);
    for token in [&u1, &u1, &v1] {
        let refusal = json!({ "error": { "message": "sk-canary-0123456789 is no key" } });
        provider.reply(Reply::Status(401, refusal));
        let question = json!({ "message": "Hello?" });
        let refused = kit.post(token, "/chat", question).await;
        assert_eq!(refused.problem(502), "provider_auth_failed");
    }
    let rows = kit.audited(T1, "secret.rejected").await;
    assert_eq!(rows.len(), 1, "once an hour is enough");
    assert_eq!(rows[0].line(), "secret.rejected openai failure");
    assert_eq!(kit.audited(T2, "secret.rejected").await, []);
}

#[tokio::test] // R45 R87
async fn no_row_holds_a_secret() {
    let scene = crate::kit::scene::Scene::new().await;
    let login = json!({ "tenant": "one", "email": PASSWORD, "password": PASSWORD });
    scene.post("", "/login", login).await;
    for operation in crate::kit::api::operations() {
        let path = operation.path_of(&scene.ids_of(ADMIN1));
        let body = operation.body("canary-refresh-token");
        for who in [U1, ADMIN1] {
            let token = scene.token_of(who);
            scene.ask(token, &operation.method, &path, &body).await;
        }
    }
    scene.settled().await;
    let rows: Vec<String> = sqlx::query_scalar("select t::text from parlance.audit_log t")
        .fetch_all(&scene.pool)
        .await
        .unwrap();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        for secret in [
            "canary",
            PASSWORD,
            "sk-",
            "pc-key",
            "$argon2",
            "green bicycles",
            "eyJ",
            "@",
        ] {
            assert!(!row.contains(secret), "{secret} in {row}");
        }
    }
}
