//! How much visitors may ask, and what they are told of it.

use super::{PAGE, ask, edit, from, identities::Known, site, visitor};
use crate::kit::{ADMIN1, Kit, U1, provider::Provider, request, wait::tell};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use std::collections::BTreeMap;

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
    let site = site(&kit, json!({ "challenge": "off" })).await;
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
async fn a_site_lets_so_many_new_visitors_in_from_wherever() {
    let kit = Kit::with([("TRUSTED_PROXY_HOPS", "1")]).await;
    let known = Known::new(&kit, "optional").await;
    edit(
        &kit,
        &known.site,
        json!({ "visitors_per_minute": 3, "challenge": "off" }),
    )
    .await;
    let entered = async |n: u8, more: Value| {
        let mut body = json!({ "site_key": known.site["site_key"] });
        let more = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(more);
        let asked = request("", "POST", "/login/visitor")
            .header("origin", PAGE)
            .header("content-type", "application/json")
            .header("x-forwarded-for", format!("192.0.{n}.1"));
        kit.send(asked, Body::from(body.to_string())).await
    };
    for n in 1..=3 {
        assert_eq!(entered(n, json!({})).await.status, 200);
    }
    let refused = entered(4, json!({})).await;
    assert_eq!(refused.problem(429), "too_many_requests");
    // Who is known is no stranger.
    let token = known.token(&kit, "4711", json!({}));
    let known = entered(5, json!({ "identity_token": token })).await;
    assert_eq!(known.status, 200, "{}", known.text);
}

#[tokio::test]
async fn a_thousand_from_one_address_keep_nobody_else_out() {
    let kit = Kit::with([("TRUSTED_PROXY_HOPS", "1")]).await;
    let site = site(&kit, json!({})).await;
    let inside = visitor(&kit, &site).await;
    let come = async |ip: &str| {
        let asked = request("", "POST", "/login/visitor")
            .header("origin", PAGE)
            .header("content-type", "application/json")
            .header("x-forwarded-for", ip);
        let body = json!({ "site_key": site["site_key"] }).to_string();
        kit.send(asked, Body::from(body)).await
    };
    let mut told: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for _ in 0..40 {
        let crowd = (0..25).map(|_| come("203.0.113.7"));
        for answer in join_all(crowd).await {
            let code = answer.json["type"].as_str().unwrap_or_default();
            let code = code.rsplit(':').next().unwrap_or_default().to_owned();
            if answer.status == 429 {
                assert!(!answer.header("retry-after").is_empty());
                assert!(answer.text.contains("Try again"), "{}", answer.text);
            }
            *told.entry((answer.status.as_u16(), code)).or_default() += 1;
        }
    }
    tell(&format!("a thousand from one address: {told:?}"));
    let count = |status, code: &str| told.get(&(status, code.to_owned())).copied().unwrap_or(0);
    let (entered, worked) = (count(200, ""), count(401, "challenge_required"));
    let waits = count(429, "too_many_requests");
    assert_eq!(entered + worked + waits, 1000, "{told:?}");
    // A bucket fills by 30 a minute while it is emptied.
    assert!((15..100).contains(&entered) && worked > 0, "{told:?}");
    assert!(waits > 800, "{told:?}");
    let sql = "select count(*) from parlance.users where site_id is not null";
    let stored: i64 = sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), entered + 1);
    // Neighbours, whoever is in, and the tenant's people notice nothing.
    assert_eq!(come("198.51.100.1").await.status, 200);
    assert_eq!(ask(&kit, &inside, json!({})).await.status, 200);
    let member = kit.token(U1).await;
    let question = json!({ "message": "Hello?" });
    assert_eq!(kit.post(&member, "/chat", question).await.status, 200);
}
