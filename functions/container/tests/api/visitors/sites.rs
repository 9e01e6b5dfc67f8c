//! What an administrator makes of a site, and what becomes of its visitors then.

use super::{PAGE, ask, edit, enter, from, site, visitor};
use crate::kit::{ADMIN1, ADMIN2, Kit, T1, wait::wait_until};
use serde_json::{Value, json};
use sqlx::types::Uuid;

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
