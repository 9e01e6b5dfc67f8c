//! Visitors of a tenant's web pages: without an account, by the site's key, from its pages alone.

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, SUPERUSER, T1, U1, api::operations, listed::assert_listed,
    provider::Provider, request, scene::Scene, wait::wait_until,
};
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::types::Uuid;

const PAGE: &str = "https://shop.example";
const OTHER: &str = "https://blog.example";

/// What a visitor may ask. Whatever is added here is open to whoever finds a tenant's page.
const VISITORS: &[&str] = &[
    "DELETE /chat/sessions",
    "DELETE /chat/sessions/{id}",
    "GET /chat/export",
    "GET /chat/messages/{id}",
    "GET /chat/messages/{id}/stream",
    "GET /chat/search",
    "GET /chat/sessions",
    "GET /chat/sessions/{id}",
    "GET /chat/sessions/{id}/export",
    "GET /chat/sessions/{id}/messages",
    "GET /chat/ui/{id}",
    "GET /chat/ui/{id}/stream",
    "GET /login/me",
    "PATCH /chat/sessions/{id}",
    "POST /chat",
    "POST /chat/messages/{id}/stop",
    "POST /chat/ui",
    "POST /chat/ui/{id}/stop",
    "PUT /chat/messages/{id}/feedback",
];

/// A site of the first tenant, on one page.
async fn site(kit: &Kit, more: Value) -> Value {
    let admin = kit.token(ADMIN1).await;
    let allowed = json!({ "allowed_origins": [PAGE, OTHER] });
    let set = kit.patch(&admin, "/tenants/current", allowed).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let mut site = json!({ "name": "The shop", "origins": [PAGE] });
    site.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = kit.post(&admin, "/tenants/current/sites", site).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json
}

async fn edit(kit: &Kit, site: &Value, change: Value) {
    let admin = kit.token(ADMIN1).await;
    let path = format!("/tenants/current/sites/{}", site["id"].as_str().unwrap());
    let changed = kit.patch(&admin, &path, change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// As a page does.
async fn from(
    kit: &Kit,
    page: &str,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let mut asked = request(token, method, path);
    if !page.is_empty() {
        asked = asked.header("origin", page);
    }
    if body.is_null() {
        return kit.send(asked, Body::empty()).await;
    }
    let asked = asked.header("content-type", "application/json");
    kit.send(asked, Body::from(body.to_string())).await
}

async fn enter(kit: &Kit, page: &str, key: &Value) -> Answer {
    let body = json!({ "site_key": key });
    from(kit, page, "", "POST", "/login/visitor", &body).await
}

async fn visitor(kit: &Kit, site: &Value) -> String {
    let entered = enter(kit, PAGE, &site["site_key"]).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    entered.json["access_token"].as_str().unwrap().to_owned()
}

async fn ask(kit: &Kit, token: &str, more: Value) -> Answer {
    let mut question = json!({ "message": "How long does a refund take?" });
    question
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    from(kit, PAGE, token, "POST", "/chat", &question).await
}

#[tokio::test]
async fn a_visitor_asks_and_reads_what_was_asked() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let entered = enter(&kit, PAGE, &site["site_key"]).await;
    assert_eq!(entered.header("access-control-allow-origin"), PAGE);
    let user = &entered.json["user"];
    assert_eq!(
        (&user["role"], &user["email"]),
        (&json!("visitor"), &json!(""))
    );
    let token = entered.json["access_token"].as_str().unwrap();
    let answer = ask(&kit, token, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let again = json!({ "session_id": answer.json["session_id"] });
    assert_eq!(ask(&kit, token, again).await.status, 200);
    let list = from(&kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
    assert_eq!(
        list.json["items"].as_array().unwrap().len(),
        1,
        "{}",
        list.text
    );

    // Another visitor of the same page finds nothing of it.
    let other = visitor(&kit, &site).await;
    let list = from(&kit, PAGE, &other, "GET", "/chat/sessions", &Value::Null).await;
    assert_eq!(list.json["items"], json!([]), "{}", list.text);
    let path = format!(
        "/chat/sessions/{}",
        answer.json["session_id"].as_str().unwrap()
    );
    let theirs = from(&kit, PAGE, &other, "GET", &path, &Value::Null).await;
    assert_eq!(theirs.status, 404, "{}", theirs.text);

    // The tokens are renewed as others are.
    let body = json!({ "refresh_token": entered.json["refresh_token"] });
    let renewed = from(&kit, PAGE, "", "POST", "/login/refresh", &body).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let token = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(ask(&kit, token, json!({})).await.status, 200);
}

#[tokio::test] // R26
async fn a_visitor_may_chat_and_nothing_else() {
    let scene = Scene::new().await;
    let site = site(&scene.kit, json!({})).await;
    let token = visitor(&scene.kit, &site).await;
    let mut allowed = Vec::new();
    for operation in operations() {
        let name = operation.name();
        if operation.about["security"] == json!([{}]) || name == "GET /metrics" {
            continue;
        }
        let path = operation.path_of(&scene.ids_of(U1));
        let body = operation.body("");
        let answer = from(&scene.kit, PAGE, &token, &operation.method, &path, &body).await;
        match answer.status.as_u16() {
            403 => assert_eq!(answer.problem(403), "account_required", "{name}"),
            401 => panic!("{name}: {}", answer.text),
            _ => allowed.push(name),
        }
    }
    allowed.sort();
    assert_listed(
        &allowed,
        VISITORS,
        "VISITORS in tests/api/visitors.rs is what visitors may ask.",
    );
}

#[tokio::test]
async fn nobody_comes_in_but_from_the_sites_pages() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let key = &site["site_key"];
    for page in [
        "",
        OTHER,
        "https://evil.example",
        "null",
        "HTTPS://SHOP.EXAMPLE",
    ] {
        let refused = enter(&kit, page, key).await;
        assert_eq!(
            refused.problem(403),
            "origin_not_allowed",
            "{page}: {}",
            refused.text
        );
    }
    // Nor do the tokens work elsewhere.
    let token = visitor(&kit, &site).await;
    for page in ["", OTHER, "https://evil.example"] {
        let body = json!({ "message": "Hello?" });
        let refused = from(&kit, page, &token, "POST", "/chat", &body).await;
        assert_eq!(refused.problem(403), "origin_not_allowed", "{page}");
    }
    let admin = kit.token(ADMIN1).await;
    let path = "/tenants/current/sites";
    let none = kit.post(&admin, path, json!({ "name": "No page" })).await;
    let gone = kit
        .post(&admin, path, json!({ "name": "Gone", "origins": [PAGE] }))
        .await;
    let gone_path = format!("{path}/{}", gone.json["id"].as_str().unwrap());
    assert_eq!(kit.delete(&admin, &gone_path).await.status, 204);
    assert_eq!(
        enter(&kit, PAGE, &none.json["site_key"]).await.problem(403),
        "origin_not_allowed"
    );
    let long = "x".repeat(3000);
    for key in ["", "site_", "site_x", &long] {
        let refused = enter(&kit, PAGE, &json!(key)).await;
        assert_eq!(refused.problem(401), "invalid_site_key", "{}", refused.text);
    }
    let refused = enter(&kit, PAGE, &gone.json["site_key"]).await;
    assert_eq!(refused.problem(403), "site_closed", "{}", refused.text);
    let root = kit.token(SUPERUSER).await;
    let suspend = json!({ "status": "suspended" });
    let suspended = kit.patch(&root, &format!("/tenants/{T1}"), suspend).await;
    assert_eq!(suspended.status, 200, "{}", suspended.text);
    assert_eq!(enter(&kit, PAGE, key).await.problem(403), "site_closed");
}

#[tokio::test]
async fn a_site_is_what_its_administrator_says() {
    let kit = Kit::new().await;
    let made = site(&kit, json!({})).await;
    let admin = kit.token(ADMIN1).await;
    let path = "/tenants/current/sites";
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (
            json!({ "name": "a", "origins": ["https://evil.example"] }),
            "origins[0]",
        ),
        (json!({ "name": "a", "origins": ["*"] }), "origins[0]"),
        (
            json!({ "name": "a", "origins": [PAGE, "https://shop.example/x"] }),
            "origins[1]",
        ),
        (
            json!({ "name": "a", "retention_days": 0 }),
            "retention_days",
        ),
        (
            json!({ "name": "a", "limits": { "tokens_per_day": -1 } }),
            "limits.tokens_per_day",
        ),
        (
            json!({ "name": "a", "visitor_limits": { "concurrent_answers": -1 } }),
            "visitor_limits.concurrent_answers",
        ),
        (json!({ "name": "a", "site_key": "mine" }), "site_key"),
    ] {
        let refused = kit.post(&admin, path, body.clone()).await;
        assert_eq!(refused.fields(), [field], "{body}: {}", refused.text);
    }
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let change =
        json!({ "name": "Renamed", "retention_days": 7, "limits": { "cost_per_day": "5" } });
    let changed = kit.patch(&admin, &one, change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.json["origins"], made["origins"]);
    assert_eq!(changed.json["site_key"], made["site_key"]);
    assert_eq!(kit.get(&admin, &one).await.json, changed.json);
    assert_eq!(
        kit.get(&admin, path).await.json["items"],
        json!([changed.json])
    );
    let other = kit.token(ADMIN2).await;
    for method in ["GET", "PATCH", "DELETE"] {
        let body = if method == "PATCH" {
            json!({})
        } else {
            Value::Null
        };
        assert_eq!(
            kit.json(&other, method, &one, body).await.status,
            404,
            "{method}"
        );
    }
    for action in ["site.create", "site.update"] {
        assert_eq!(kit.audited(T1, action).await.len(), 1, "{action}");
    }
}

#[tokio::test] // R4
async fn a_site_that_is_switched_off_is_off_for_those_who_are_in() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let entered = enter(&kit, PAGE, &site["site_key"]).await;
    let token = entered.json["access_token"].as_str().unwrap();
    assert_eq!(ask(&kit, token, json!({})).await.status, 200);
    edit(&kit, &site, json!({ "is_on": false })).await;
    let refused = wait_until("the visitor to be out", async || {
        let answer = from(&kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
        match answer.status.as_u16() {
            200 => Err("still in"),
            _ => Ok(answer),
        }
    });
    assert_eq!(refused.await.problem(401), "invalid_token");
    let renewal = json!({ "refresh_token": entered.json["refresh_token"] });
    let refused = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(refused.problem(401), "session_expired");
    assert_eq!(
        enter(&kit, PAGE, &site["site_key"]).await.problem(403),
        "site_closed"
    );
    edit(&kit, &site, json!({ "is_on": true })).await;
    let renewed = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
}

#[tokio::test]
async fn a_question_and_a_conversation_have_an_end() {
    let kit = Kit::new().await;
    let site = site(&kit, json!({})).await;
    let token = visitor(&kit, &site).await;
    let long = ask(&kit, &token, json!({ "message": "ä".repeat(2049) })).await;
    assert_eq!(long.fields(), ["message"]);
    let answer = ask(&kit, &token, json!({ "message": "ä".repeat(2048) })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let session = &answer.json["session_id"];
    let full = "update parlance.chat_sessions set last_seq = 60 where id = $1";
    let id: Uuid = session.as_str().unwrap().parse().unwrap();
    sqlx::query(full).bind(id).execute(&kit.pool).await.unwrap();
    for more in [
        json!({ "session_id": session }),
        json!({ "session_id": session, "parent_id": answer.json["message_id"] }),
        json!({ "parent_id": answer.json["message_id"] }),
        json!({ "edit": answer.json["user_message_id"] }),
    ] {
        let refused = ask(&kit, &token, more.clone()).await;
        assert_eq!(
            refused.problem(409),
            "conversation_full",
            "{more}: {}",
            refused.text
        );
    }
    let named = |chat: &Value| {
        let part = json!({ "type": "text", "text": "More?" });
        json!({ "id": chat, "messages": [{ "id": "q", "role": "user", "parts": [part] }] })
    };
    let refused = from(&kit, PAGE, &token, "POST", "/chat/ui", &named(session)).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(refused.header("x-error-code"), "conversation_full");
    assert_eq!(
        ask(&kit, &token, json!({})).await.status,
        200,
        "another one begins"
    );
}

#[tokio::test]
async fn limits_close_a_site_politely() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let visitors = json!({ "visitor_limits": { "requests_per_minute": 2 } });
    let site = site(&kit, visitors).await;
    let token = visitor(&kit, &site).await;
    for _ in 0..2 {
        assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
    }
    let refused = ask(&kit, &token, json!({})).await;
    assert_eq!(refused.problem(429), "limit_reached");
    assert!(
        refused.text.contains("2 questions a minute"),
        "{}",
        refused.text
    );
    assert!(!refused.header("retry-after").is_empty());

    // What the site may spend, all of its visitors may together; none is told how much that is.
    edit(
        &kit,
        &site,
        json!({ "limits": { "cost_per_day": "0.000001" } }),
    )
    .await;
    let second = visitor(&kit, &site).await;
    let closed = ask(&kit, &second, json!({})).await;
    assert_eq!(closed.problem(429), "limit_reached", "{}", closed.text);
    assert!(closed.text.contains("closed for now"), "{}", closed.text);
    for secret in ["0.00", "USD", "tenant", "\"limit\""] {
        assert!(!closed.text.contains(secret), "{}", closed.text);
    }
    // People of the tenant go on.
    let member = kit.token(U1).await;
    let question = json!({ "message": "Hello?" });
    assert_eq!(kit.post(&member, "/chat", question).await.status, 200);
    kit.settled().await;
    let admin = kit.token(ADMIN1).await;
    let told = kit.get(&admin, "/admin/usage?group_by=key").await;
    let rows = told.json["rows"].as_array().unwrap();
    let of_site = rows.iter().find(|row| row["api_key_id"] == site["id"]);
    let of_site = of_site.unwrap_or_else(|| panic!("{}", told.text));
    assert_eq!(
        (&of_site["api_key"], &of_site["calls"]),
        (&json!("The shop"), &json!(2))
    );
}

#[tokio::test]
async fn visitors_take_nothing_from_the_people_of_their_tenant() {
    let kit = Kit::with([
        ("CHANGES_PER_MINUTE_BY_TENANT", "20"),
        ("SEARCHES_PER_MINUTE_BY_TENANT", "20"),
    ])
    .await;
    let site = site(&kit, json!({})).await;
    let token = visitor(&kit, &site).await;
    let title = json!({ "title": "Renamed" });
    let session = ask(&kit, &token, json!({})).await.id("session_id");
    let own = format!("/chat/sessions/{session}");
    let document = json!({ "title": "T", "text": "t" });
    let search = "/chat/search?q=refund";
    for (method, path, body, last) in [
        ("PATCH", &*own, &title, 429),
        ("POST", "/documents", &document, 403),
        ("GET", search, &Value::Null, 429),
    ] {
        for n in 0..30 {
            let answer = from(&kit, PAGE, &token, method, path, body).await;
            if n == 29 {
                assert_eq!(answer.status, last, "{method} {path}: {}", answer.text);
            }
        }
    }
    let admin = kit.token(ADMIN1).await;
    let added = kit.post(&admin, "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    assert_eq!(kit.get(&admin, search).await.status, 200);
    let me = from(&kit, PAGE, &token, "GET", "/login/me", &Value::Null).await;
    let told = (&me.json["user"]["email"], &me.json["share_unanswered"]);
    assert_eq!(told, (&json!(""), &json!(false)), "{}", me.text);
}

#[tokio::test]
async fn many_from_one_network_wait() {
    let kit = Kit::with([
        ("VISITORS_PER_MINUTE_BY_NETWORK", "3"),
        ("TRUSTED_PROXY_HOPS", "1"),
    ])
    .await;
    let site = site(&kit, json!({})).await;
    let entered = async |ip: &str| {
        let asked = request("", "POST", "/login/visitor")
            .header("origin", PAGE)
            .header("content-type", "application/json")
            .header("x-forwarded-for", ip);
        let body = json!({ "site_key": site["site_key"] }).to_string();
        kit.send(asked, Body::from(body)).await
    };
    for n in 1..=3 {
        assert_eq!(entered(&format!("192.0.2.{n}")).await.status, 200);
    }
    assert_eq!(
        entered("192.0.2.200").await.problem(429),
        "too_many_requests"
    );
    assert_eq!(entered("198.51.100.1").await.status, 200);
}

#[tokio::test]
async fn visitors_are_nobody_among_people_and_go_after_a_time() {
    let kit = Kit::new().await;
    let (first, second) = (
        site(&kit, json!({ "retention_days": 7 })).await,
        site(&kit, json!({})).await,
    );
    let admin = kit.token(ADMIN1).await;
    let count = async |sql: &'static str| {
        let n: i64 = sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap();
        n
    };
    const VISITORS: &str = "select count(*) from parlance.users where site_id is not null";
    const CHATS: &str = "select count(*) from parlance.chat_sessions";
    let people = kit.get(&admin, "/admin/users").await;
    for site in [&first, &first, &second] {
        let token = visitor(&kit, site).await;
        assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
    }
    assert_eq!(kit.get(&admin, "/admin/users").await.json, people.json);
    assert_eq!((count(VISITORS).await, count(CHATS).await), (3, 3));
    assert_eq!(
        count(
            "select count(*) from parlance.tenants_by_email where email like '%visitors.invalid'"
        )
        .await,
        0
    );
    kit.app.db.purge_visitors().await.unwrap();
    assert_eq!(count(VISITORS).await, 3);

    // One of them came, and was last here, ten days ago.
    let old = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let sql = "with v as (select id from parlance.users where site_id = $2 limit 1), u as (
          insert into parlance.users (tenant_id, id, email, role, is_service, site_id)
          select tenant_id, $1, $1 || '@visitors.invalid', role, true, site_id from parlance.users where id in (select id from v)
          returning id)
        update parlance.chat_sessions set user_id = u.id, updated_at = now() - interval '10 days'
        from u where user_id in (select id from v)";
    let site: Uuid = first["id"].as_str().unwrap().parse().unwrap();
    let moved = sqlx::query(sql).bind(old).bind(site).execute(&kit.pool);
    assert_eq!(moved.await.unwrap().rows_affected(), 1);
    assert_eq!((count(VISITORS).await, count(CHATS).await), (4, 3));
    kit.app.db.purge_visitors().await.unwrap();
    assert_eq!((count(VISITORS).await, count(CHATS).await), (3, 2));

    // Those of a site that is deleted go with it.
    let path = format!("/tenants/current/sites/{}", second["id"].as_str().unwrap());
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    assert_eq!(kit.get(&admin, &path).await.status, 404);
    kit.app.db.purge_visitors().await.unwrap();
    assert_eq!((count(VISITORS).await, count(CHATS).await), (2, 1));
    assert_eq!(count("select count(*) from parlance.sites").await, 1);
}
