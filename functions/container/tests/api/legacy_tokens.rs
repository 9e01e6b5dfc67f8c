//! Tokens of the FastAPI service before this one: good for the length of a migration, and for what can be checked.

use crate::kit::{ADMIN1, JWT_SECRET_KEY, Kit, PASSWORD, T1, T2, U1, V1, request};
use axum::body::Body;
use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use uuid::Uuid;

/// A token as python-jose and PyJWT make them.
fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(JWT_SECRET_KEY.as_bytes());
    encode(&Header::default(), claims, &key).unwrap()
}

fn old(kit: &Kit, subject: impl ToString, tenant: Uuid) -> String {
    let exp = (kit.clock.now() + TimeDelta::minutes(30)).timestamp();
    signed(&json!({ "sub": subject.to_string(), "tenant_id": tenant, "exp": exp }))
}

async fn accepting() -> Kit {
    Kit::with([("LEGACY_TOKENS", "accept")]).await
}

#[tokio::test]
async fn an_old_token_is_good_only_while_it_is_asked_for() {
    let kit = accepting().await;
    for subject in [
        U1.id.to_string(),
        U1.email.to_owned(),
        "U1@One.Example".to_owned(),
    ] {
        let token = old(&kit, subject, T1);
        let me = kit.get(&token, "/login/me").await;
        assert_eq!(me.status, 200, "{}", me.text);
        assert_eq!(me.json["user"]["id"], U1.id.to_string());
        assert_eq!(me.json["tenant"]["id"], T1.to_string());
        let asked = kit
            .post(&token, "/chat", json!({ "message": "Hello?" }))
            .await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        let logins = kit.get(&token, "/login/sessions").await;
        assert_eq!(logins.json["items"], json!([]));
    }
    let token = old(&kit, U1.id, T1);
    for vars in [
        vec![],
        vec![("LEGACY_TOKENS".to_owned(), "refuse".to_owned())],
    ] {
        let without = Kit::on(kit.database.clone(), vars).await;
        let refused = without.get(&token, "/login/me").await;
        assert_eq!(refused.problem(401), "invalid_token");
    }
    // Tokens of its own are no less good.
    assert_eq!(kit.get(&kit.token(U1).await, "/login/me").await.status, 200);
}

#[tokio::test] // R13
async fn an_old_token_names_somebody_of_its_tenant() {
    let kit = accepting().await;
    for (subject, tenant) in [
        (U1.id.to_string(), T2),
        (U1.email.to_owned(), T2),
        (V1.id.to_string(), T1),
        (U1.id.to_string(), Uuid::now_v7()),
        (Uuid::now_v7().to_string(), T1),
        ("1".to_owned(), T1),
        (String::new(), T1),
        ("%".to_owned(), T1),
    ] {
        let refused = kit.get(&old(&kit, &subject, tenant), "/login/me").await;
        assert_eq!(refused.problem(401), "invalid_token", "{subject} {tenant}");
    }
    let token = old(&kit, U1.id, T1);
    kit.clock.advance(TimeDelta::minutes(31));
    let expired = kit.get(&token, "/login/me").await;
    assert_eq!(expired.problem(401), "token_expired");
}

#[tokio::test] // R4 R29
async fn an_old_token_says_nothing_of_roles_and_outlives_nothing() {
    let kit = accepting().await;
    let exp = (kit.clock.now() + TimeDelta::minutes(30)).timestamp();
    let claims = json!({
        "sub": U1.email, "tenant_id": T1, "exp": exp, "role": "admin", "is_superuser": true
    });
    let token = signed(&claims);
    for path in ["/documents", "/admin/users", "/tenants"] {
        assert_eq!(kit.get(&token, path).await.problem(403), "forbidden");
    }
    let admin = old(&kit, ADMIN1.email, T1);
    assert_eq!(kit.get(&admin, "/documents").await.status, 200);
    sqlx::query("update parlance.users set is_active = false where id = $1")
        .bind(ADMIN1.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(
        kit.get(&admin, "/documents").await.problem(401),
        "invalid_token"
    );
    sqlx::query("update parlance.tenants set status = 'suspended' where id = $1")
        .bind(T1)
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(
        kit.get(&token, "/documents").await.problem(401),
        "invalid_token"
    );
}

#[tokio::test] // R9
async fn another_password_ends_old_tokens() {
    let kit = accepting().await;
    let token = old(&kit, U1.id, T1);
    let login = kit.token(U1).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "seven green bicycles" });
    assert_eq!(
        kit.post(&token, "/login/password", change).await.status,
        204
    );
    for ended in [&token, &login] {
        let refused = kit.get(ended, "/login/me").await;
        assert_eq!(refused.problem(401), "invalid_token");
    }
}

#[tokio::test]
async fn frontends_of_before_log_in_where_they_did_while_they_may() {
    let log_in = async |kit: &Kit, method: &str| {
        let request = request("", method, "/auth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://localhost:3000");
        let fields = format!(
            "username={}&password={}",
            U1.email,
            PASSWORD.replace(' ', "+")
        );
        kit.send(request, Body::from(fields)).await
    };
    let everybodys = ("BACKEND_CORS_ORIGINS", "http://localhost:3000");
    let kit = Kit::with([("LEGACY_ROUTES", "on"), everybodys]).await;
    let answer = log_in(&kit, "POST").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["token_type"], "bearer");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "http://localhost:3000"
    );
    let token = answer.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(token, "/login/me").await.status, 200);
    assert_eq!(log_in(&kit, "PUT").await.status, 405);
    let kit = Kit::with([everybodys]).await;
    assert_eq!(log_in(&kit, "POST").await.status, 404);
}
