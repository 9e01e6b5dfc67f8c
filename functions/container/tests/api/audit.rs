//! Who did what to what is written down, in the tenant that it concerns, or it is not done.

use crate::kit::{
    ADMIN1, Answer, Kit, PASSWORD, SUPERUSER, T1, T2, U1, database::connect_to, program::Program,
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

const LONG: &str = "a password that is long enough";

/// The log of a tenant but for logins, one line a row.
async fn deeds(kit: &Kit, tenant: Uuid) -> Vec<String> {
    let rows = kit.audit(tenant).await.into_iter();
    let rows = rows.filter(|row| row.action != "login");
    rows.map(|row| row.line()).collect()
}

async fn refresh(kit: &Kit, login: &Answer, way: &str) -> Answer {
    let token = json!({ "refresh_token": login.json["refresh_token"] });
    kit.post("", way, token).await
}

/// After this, the refresh token before is used up.
async fn use_token(kit: &Kit, renewed: &Answer) {
    if let Some(token) = renewed.json["access_token"].as_str() {
        assert_eq!(kit.get(token, "/login/me").await.status, 200);
    }
}

#[tokio::test] // R87
async fn an_administrators_deeds_are_written_down() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let user = json!({ "email": "new@one.example", "password": LONG });
    let user = kit.post(&token, "/admin/users", user).await.id("id");
    let key = json!({ "api_key": "sk-canary-0123456789" });
    let openai = "/tenants/current/secrets/openai";
    assert_eq!(kit.put(&token, openai, key).await.status, 204);
    assert_eq!(kit.delete(&token, openai).await.status, 204);
    let settings = json!({ "system_prompt": "Be kind.", "retrieval": { "top_k": 3 } });
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let document = kit.add_document(ADMIN1, "Title", "Text.").await;
    let gone = kit.delete(&token, &format!("/documents/{document}")).await;
    assert_eq!(gone.status, 204);

    let expected = [
        format!("user.create {user} success"),
        "secret.set openai success".into(),
        "secret.delete openai success".into(),
        format!("tenant.update {T1} success"),
        format!("document.create {document} success"),
        format!("document.delete {document} success"),
    ];
    assert_eq!(deeds(&kit, T1).await, expected);
    assert_eq!(kit.audit(T2).await, []);
    let rows = kit.audit(T1).await;
    assert!(rows.iter().all(|row| row.actor_id == Some(ADMIN1.id)
        && row.actor_tenant_id == Some(T1)
        && row.request_id.is_some()));
    // Names of fields, roles and short settings, never what people write.
    let details: Vec<_> = rows.iter().filter_map(|row| row.detail.clone()).collect();
    assert_eq!(
        details,
        ["member", "system_prompt, retrieval.top_k: 5 -> 3"]
    );
}

#[tokio::test] // R87
async fn a_superuser_who_does_something_to_a_tenant_leaves_a_trace_in_it() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}");
    let status = json!({ "status": "suspended" });
    let suspended = kit.patch(&token, &path, status).await;
    assert_eq!(suspended.status, 200, "{}", suspended.text);
    let inside = kit.assume(&token, T1).await;
    let prompt = json!({ "system_prompt": "Be kind." });
    assert_eq!(kit.patch(&inside, &path, prompt).await.status, 200);
    let expected = ["tenant.suspend", "tenant.assume", "tenant.update"];
    let expected = expected.map(|deed| format!("{deed} {T1} success"));
    assert_eq!(deeds(&kit, T1).await, expected);
    let rows = kit.audit(T1).await;
    assert!(rows.iter().all(|row| row.actor_id == Some(SUPERUSER.id)
        && row.actor_tenant_id == Some(SUPERUSER.tenant_id)));
    assert_eq!(rows[1].detail.as_deref(), Some("A test"));
}

#[tokio::test] // R87 R17
async fn logins_and_their_ends_are_written_down_once() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    let token = login.json["access_token"].as_str().unwrap();
    let id = |answer: &Answer| answer.id_at("/items/0/id");
    let first = id(&kit.get(token, "/login/sessions").await);
    let stolen = kit.login(U1).await;
    let second = id(&kit.get(token, "/login/sessions").await);
    let third = {
        kit.login(U1).await;
        id(&kit.get(token, "/login/sessions").await)
    };
    for _ in 0..2 {
        let renewed = refresh(&kit, &stolen, "/login/refresh").await;
        use_token(&kit, &renewed).await;
        kit.clock.advance(chrono::TimeDelta::seconds(11));
        let ended = kit.delete(token, &format!("/login/sessions/{third}")).await;
        assert_eq!(ended.status, 204);
    }
    let reused = refresh(&kit, &stolen, "/login/refresh").await;
    assert_eq!(reused.problem(401), "session_expired");
    let change = json!({ "current_password": PASSWORD, "new_password": LONG });
    let changed = kit.post(token, "/login/password", change).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    for _ in 0..2 {
        let out = refresh(&kit, &login, "/login/logout").await;
        assert_eq!(out.status, 204);
    }
    let none = json!({ "refresh_token": "x" });
    assert_eq!(kit.post("", "/login/logout", none).await.status, 204);

    let expected = [
        format!("login {} success", U1.id),
        format!("login {} success", U1.id),
        format!("login {} success", U1.id),
        format!("login.end {third} success"),
        format!("login.reuse {second} failure"),
        format!("password.change {} success", U1.id),
        format!("logout {first} success"),
    ];
    let rows = kit.audit(T1).await;
    let lines: Vec<_> = rows.iter().map(|row| row.line()).collect();
    assert_eq!(lines, expected);
    assert!(rows.iter().all(|row| row.actor_id == Some(U1.id)));
}

/// What must be as it was when its note is refused: as many texts as the query has rows.
async fn state(kit: &Kit) -> Vec<String> {
    let mut all = Vec::new();
    for table in [
        "users",
        "tenants",
        "tenant_secrets",
        "login_sessions",
        "documents",
        "assumptions",
    ] {
        let sql = format!("select t::text from parlance.{table} t order by 1");
        let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
        all.extend(rows.fetch_all(&kit.pool).await.unwrap());
    }
    all
}

#[tokio::test] // R87
async fn what_cannot_be_written_down_is_not_done() {
    let kit = Kit::new().await;
    let login = kit.login(ADMIN1).await;
    let admin = login.json["access_token"].as_str().unwrap();
    let root = kit.token(SUPERUSER).await;
    kit.login(ADMIN1).await;
    let other = kit.get(admin, "/login/sessions").await.id_at("/items/0/id");
    let document = kit.add_document(ADMIN1, "Title", "Text.").await;
    let key = json!({ "api_key": "sk-canary-0123456789" });
    kit.put(admin, "/tenants/current/secrets/deepseek", key.clone())
        .await;
    let used = refresh(&kit, &login, "/login/refresh").await;
    use_token(&kit, &used).await;
    let refreshed = json!({ "refresh_token": used.json["refresh_token"] });
    let before = state(&kit).await;
    let change = json!({ "current_password": PASSWORD, "new_password": LONG });
    let user = json!({ "email": "new@one.example", "password": LONG });
    let in_one = json!({ "tenant": "one", "email": U1.email, "password": PASSWORD });
    let none = Value::Null;
    let one = format!("/tenants/{T1}");
    for (action, token, method, path, body) in [
        ("login", "", "POST", "/login", in_one),
        ("logout", "", "POST", "/login/logout", refreshed),
        (
            "login.end",
            admin,
            "DELETE",
            &*format!("/login/sessions/{other}"),
            none.clone(),
        ),
        ("password.change", admin, "POST", "/login/password", change),
        ("user.create", admin, "POST", "/admin/users", user),
        (
            "secret.set",
            admin,
            "PUT",
            "/tenants/current/secrets/openai",
            key,
        ),
        (
            "secret.delete",
            admin,
            "DELETE",
            "/tenants/current/secrets/deepseek",
            none.clone(),
        ),
        (
            "tenant.update",
            admin,
            "PATCH",
            "/tenants/current",
            json!({ "name": "Renamed" }),
        ),
        (
            "document.create",
            admin,
            "POST",
            "/documents",
            json!({ "title": "x", "text": "x" }),
        ),
        (
            "document.delete",
            admin,
            "DELETE",
            &*format!("/documents/{document}"),
            none,
        ),
        (
            "tenant.create",
            &*root,
            "POST",
            "/tenants",
            json!({ "slug": "x", "name": "x" }),
        ),
        (
            "tenant.suspend",
            &*root,
            "PATCH",
            &*one,
            json!({ "status": "suspended" }),
        ),
        (
            "tenant.assume",
            &*root,
            "POST",
            &*format!("/admin/tenants/{T1}/assume"),
            json!({ "reason": "x" }),
        ),
    ] {
        kit.break_audit(action).await;
        let refused = kit.json(token, method, path, body).await;
        assert_eq!(refused.problem(500), "internal", "{action}");
        assert_eq!(state(&kit).await, before, "{action}");
    }
    kit.break_audit("login.reuse").await;
    kit.clock.advance(chrono::TimeDelta::seconds(11));
    let reused = refresh(&kit, &login, "/login/refresh").await;
    assert_eq!(reused.problem(500), "internal");
    assert_eq!(state(&kit).await, before, "login.reuse");
}

#[tokio::test] // R87
async fn the_release_before_can_go_on_writing() {
    let kit = Kit::new().await;
    let mut old = connect_to(&kit.database.url_as("app")).await;
    let sql = format!(
        "begin; select set_config('app.tenant_id', '{T1}', true);
         insert into parlance.audit_log (id, actor_tenant_id, actor_id, action, target, request_id, client_ip)
         values (gen_random_uuid(), '{T1}', '{}', 'user.create', 'x', 'y', '192.0.2.1');
         commit",
        ADMIN1.id
    );
    old.execute(AssertSqlSafe(sql)).await.unwrap();
    assert_eq!(deeds(&kit, T1).await, ["user.create x success"]);
}

#[tokio::test] // R87
async fn a_start_tells_which_settings_are_set_and_no_value() {
    let kit = Kit::new().await;
    let vars = [("OPENAI_API_KEY".to_owned(), "sk-canary-0123".to_owned())];
    let (program, log) = Program::serve_logging(&kit, &vars).await;
    let live = request("", "GET", "/health").body(Body::empty()).unwrap();
    assert_eq!(program.send(live).await.status(), 200);
    program.kill().await;
    let log = log.await.unwrap();
    let line = log.lines().find(|l| l.contains("read the configuration"));
    let line: Value = serde_json::from_str(line.expect("it is logged")).unwrap();
    let set: Vec<&str> = line["settings"].as_str().unwrap().split(' ').collect();
    for name in [
        "DATABASE_URL",
        "JWT_SECRET_KEY",
        "OPENAI_API_KEY",
        "PORT",
        "SECRET_KEY",
    ] {
        assert!(set.contains(&name), "{name}: {set:?}");
    }
    assert!(!set.contains(&"DEEPSEEK_API_KEY"));
    assert!(!log.contains("canary"), "{log}");
}
