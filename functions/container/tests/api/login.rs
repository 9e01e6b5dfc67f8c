//! Logging in: JSON and form, which tenant, one answer for every failure, and who one then is.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, PASSWORD, SUPERUSER, T2, U1, U2, V1, request};
use axum::body::Body;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

async fn form(kit: &Kit, fields: &str) -> Answer {
    let request = request("", "POST", "/login").header("content-type", FORM);
    kit.send(request, Body::from(fields.to_owned())).await
}

async fn from_page(kit: &Kit, origin: &str, body: Value) -> Answer {
    let request = request("", "POST", "/login")
        .header("content-type", "application/json")
        .header("origin", origin);
    kit.send(request, Body::from(body.to_string())).await
}

/// The slug of the tenant that was logged in to.
fn tenant(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["tenant"]["slug"].as_str().unwrap()
}

fn without_tenant(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// Gives the second tenant a user with the address of `U1`.
async fn share_address(kit: &Kit) {
    sqlx::query(
        "insert into parlance.users (tenant_id, id, email, password_hash)
         select $1, gen_random_uuid(), email, password_hash from parlance.users where id = $2",
    )
    .bind(T2)
    .bind(U1.id)
    .execute(&kit.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_login_is_json_or_the_form_of_oauth2() {
    let kit = Kit::new().await;
    let by_json = kit.login(U1).await;
    let fields = "grant_type=password&username=u1%40one.example&scope=&client_id=one&client_secret=\
                  &password=correct+horse+battery%20staple";
    let by_form = form(&kit, fields).await;
    for answer in [by_json, by_form] {
        assert_eq!(tenant(&answer), "one");
        assert_eq!(answer.json["token_type"], "bearer");
        assert_eq!(answer.json["expires_in"], 15 * 60);
        assert_eq!(answer.json["refresh_expires_in"], 14 * 24 * 3600);
        assert_eq!(answer.json["user"]["email"], U1.email);
        assert_eq!(answer.header("cache-control"), "no-store");
        let token = answer.json["access_token"].as_str().unwrap();
        let me = kit.get(token, "/login/me").await;
        assert_eq!(me.json["user"]["id"], U1.id.to_string());
    }
}

#[tokio::test]
async fn the_form_needs_what_the_json_needs() {
    let kit = Kit::new().await;
    for (fields, wrong) in [
        ("", "email"),
        ("username=u1%40one.example", "password"),
        ("username=u1%40one.example&password=", "password"),
        ("password=x", "email"),
        ("username=a&username=b&password=x", "username"),
        ("username=a&email=b&password=x", "email"),
        ("username=a%00&password=x", "username"),
        ("username=a&password=%00", "password"),
    ] {
        assert_eq!(form(&kit, fields).await.fields(), [wrong], "{fields}");
    }
    let bad_escape = form(&kit, "username=%ff%fe&password=%zz").await;
    assert_eq!(bad_escape.problem(401), "invalid_credentials");
}

#[tokio::test]
async fn the_slug_names_the_tenant() {
    let kit = Kit::new().await;
    share_address(&kit).await;
    for slug in ["one", "two"] {
        let body = json!({ "tenant": slug, "email": " U1@One.Example ", "password": PASSWORD });
        assert_eq!(tenant(&kit.post("", "/login", body).await), slug);
    }
}

#[tokio::test]
async fn an_account_needs_no_tenant_if_no_other_has_address_and_password() {
    let kit = Kit::new().await;
    let login = async |email| kit.post("", "/login", without_tenant(email)).await;
    assert_eq!(tenant(&login(U1.email).await), "one");
    let empty = json!({ "tenant": "", "email": V1.email, "password": PASSWORD });
    assert_eq!(tenant(&kit.post("", "/login", empty).await), "two");

    share_address(&kit).await;
    assert_eq!(login(U1.email).await.problem(401), "invalid_credentials");
    // An account that cannot be used makes no address ambiguous.
    sqlx::query("update parlance.tenants set status = 'suspended' where slug = 'one'")
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(tenant(&login(U1.email).await), "two");
}

#[tokio::test]
async fn the_page_decides_where_the_password_does_not() {
    let kit = Kit::new().await;
    share_address(&kit).await;
    let page = "https://two.example";
    let admin = kit.token(ADMIN2).await;
    let listed = json!({ "allowed_origins": [page] });
    let listed = kit.patch(&admin, "/tenants/current", listed).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    // The same password in both.
    let there = from_page(&kit, page, without_tenant(U1.email)).await;
    assert_eq!(tenant(&there), "two");
    // A tenant's word for it keeps nobody out.
    let other = from_page(&kit, page, without_tenant(U2.email)).await;
    assert_eq!(tenant(&other), "one");
}

#[tokio::test] // R5 R6
async fn every_failure_is_the_same_401_and_takes_the_same_hashes() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    sqlx::query("update parlance.users set is_active = false where id = $1")
        .bind(U2.id)
        .execute(&kit.pool)
        .await
        .unwrap();
    sqlx::query("update parlance.tenants set status = 'suspended' where slug = 'two'")
        .execute(&kit.pool)
        .await
        .unwrap();
    let invite = json!({ "email": "invited@one.example" });
    let invited = kit.post(&admin, "/admin/users/invite", invite).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let attempts = [
        json!({ "tenant": "one", "email": "invited@one.example", "password": PASSWORD }),
        json!({ "email": "invited@one.example", "password": "" }),
        json!({ "tenant": "one", "email": U1.email, "password": "correct horse battery stapler" }),
        json!({ "tenant": "one", "email": "nobody@one.example", "password": PASSWORD }),
        json!({ "tenant": "none", "email": U1.email, "password": PASSWORD }),
        json!({ "tenant": "one", "email": U2.email, "password": PASSWORD }),
        json!({ "tenant": "two", "email": V1.email, "password": "correct horse battery stapler" }),
        json!({ "tenant": "two", "email": "nobody@two.example", "password": PASSWORD }),
        json!({ "tenant": "one", "email": V1.email, "password": PASSWORD }),
        json!({ "email": V1.email, "password": "correct horse battery stapler" }),
        json!({ "email": "nobody@one.example", "password": PASSWORD }),
        json!({ "tenant": "one", "email": U1.email, "password": "" }),
        json!({ "tenant": "one", "email": U1.email, "password": "x".repeat(2000) }),
    ];
    let mut answers = Vec::new();
    for attempt in attempts {
        let request = request("", "POST", "/login")
            .header("content-type", "application/json")
            .header("x-request-id", "the-same-for-all");
        let hashed = kit.app.hasher.invocations();
        let answer = kit.send(request, Body::from(attempt.to_string())).await;
        // Without a tenant there might be two accounts.
        let tries = if attempt["tenant"].is_null() { 2 } else { 1 };
        assert_eq!(kit.app.hasher.invocations(), hashed + tries, "{attempt}");
        assert_eq!(answer.problem(401), "invalid_credentials", "{attempt}");
        answers.push((attempt, answer));
    }
    let (_, first) = &answers[0];
    for (attempt, answer) in &answers {
        assert_eq!(answer.text, first.text, "{attempt}");
        assert_eq!(answer.headers, first.headers, "{attempt}");
    }
}

#[tokio::test]
async fn who_has_the_right_password_is_told_that_the_tenant_is_suspended_and_nobody_else() {
    let kit = Kit::new().await;
    share_address(&kit).await;
    let suspend = async |slug: &str| {
        let sql = "update parlance.tenants set status = 'suspended' where slug = $1";
        let done = sqlx::query(sql).bind(slug).execute(&kit.pool).await;
        done.unwrap();
    };
    suspend("two").await;
    let login = async |body: Value| kit.post("", "/login", body).await;
    let right = json!({ "tenant": "two", "email": U1.email, "password": PASSWORD });
    assert_eq!(login(right.clone()).await.problem(403), "tenant_suspended");
    let mut wrong = right;
    wrong["password"] = json!("correct horse battery stapler");
    let wrong = login(wrong).await;
    assert_eq!(wrong.problem(401), "invalid_credentials");
    // Where another account can be meant, that one is.
    assert_eq!(tenant(&login(without_tenant(U1.email)).await), "one");
    suspend("one").await;
    let page = "https://one.example";
    let sessions = "select count(*) from parlance.login_sessions";
    let before: i64 = sqlx::query_scalar(sessions)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    for refused in [
        login(without_tenant(U2.email)).await,
        from_page(&kit, page, without_tenant(U2.email)).await,
    ] {
        assert_eq!(refused.problem(403), "tenant_suspended");
        assert!(!refused.text.contains("token"), "{}", refused.text);
    }
    // The same address and password in two: which one is meant, nobody can tell.
    let both = login(without_tenant(U1.email)).await;
    assert_eq!(both.problem(401), "invalid_credentials");
    let after: i64 = sqlx::query_scalar(sessions)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn me_is_who_the_token_belongs_to() {
    let kit = Kit::new().await;
    for (person, superuser) in [(U1, false), (ADMIN1, false), (SUPERUSER, true)] {
        let token = kit.token(person).await;
        let me = kit.get(&token, "/login/me").await.json;
        assert_eq!(me["user"]["id"], person.id.to_string());
        assert_eq!(me["user"]["role"], person.role);
        assert_eq!(me["user"]["is_superuser"], superuser);
        assert_eq!(me["tenant"]["slug"], person.tenant);
        let expires: chrono::DateTime<chrono::Utc> =
            me["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!((expires - kit.clock.now()).num_minutes(), 14);
    }
    let nobody = kit.get("", "/login/me").await;
    assert_eq!(nobody.problem(401), "invalid_token");
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
}
