//! How often the people of a tenant may do what costs: each of them, and all together; what others do is none of it.

use crate::{
    kit::{ADMIN1, Answer, Kit, U1, U2, V1},
    login_limits::stop_the_clock,
    problems::assert_problem,
};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

const CHANGES: [&str; 2] = ["CHANGES_PER_MINUTE_BY_USER", "CHANGES_PER_MINUTE_BY_TENANT"];
const SEARCHES: [&str; 2] = [
    "SEARCHES_PER_MINUTE_BY_USER",
    "SEARCHES_PER_MINUTE_BY_TENANT",
];

async fn limited(names: [&str; 2], by_user: &str, by_tenant: &str) -> Kit {
    let kit = Kit::with([(names[0], by_user), (names[1], by_tenant)]).await;
    stop_the_clock(&kit).await;
    kit
}

/// Changes something, or would if there were what it names.
async fn change(kit: &Kit, token: &str) -> Answer {
    let path = format!("/chat/sessions/{}", Uuid::now_v7());
    kit.delete(token, &path).await
}

fn assert_told(answer: &Answer, name: &str, per_minute: u32) {
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert_eq!(assert_problem(answer), "too_many_requests");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let limit = json!({ "name": name, "most": per_minute, "left": 0, "reset": wait });
    assert_eq!(answer.json["limit"], limit);
    assert_eq!(answer.header("ratelimit-limit"), per_minute.to_string());
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    assert_eq!(answer.header("ratelimit-reset"), wait.to_string());
}

#[tokio::test] // R79
async fn one_user_changes_so_much_and_others_none_the_less() {
    let kit = limited(CHANGES, "3", "1000").await;
    let [one, colleague] = [kit.token(U1).await, kit.token(U2).await];
    for _ in 0..3 {
        assert_eq!(change(&kit, &one).await.status, 404);
    }
    assert_told(&change(&kit, &one).await, "changes_by_user", 3);
    let named = kit.patch(&one, "/login/me", json!({ "full_name": "U" }));
    assert_told(&named.await, "changes_by_user", 3);
    // Looking is none of it, and questions have limits of their own.
    assert_eq!(kit.get(&one, "/chat/sessions").await.status, 200);
    let asked = kit.post(&one, "/chat", json!({ "message": "Hello?" }));
    assert_eq!(asked.await.status, 200);
    assert_eq!(change(&kit, &colleague).await.status, 404);
}

#[tokio::test] // R79
async fn one_tenant_changes_so_much_and_others_none_the_less() {
    let kit = limited(CHANGES, "4", "4").await;
    let [member, admin] = [kit.token(U1).await, kit.token(ADMIN1).await];
    for _ in 0..3 {
        assert_eq!(change(&kit, &member).await.status, 404);
    }
    // What an administrator looks at is read anew each time.
    assert_eq!(kit.get(&admin, "/admin/users").await.status, 200);
    let refused = kit.get(&admin, "/admin/users").await;
    assert_told(&refused, "changes_by_tenant", 4);
    let rename = json!({ "name": "One" });
    let refused = kit.patch(&admin, "/tenants/current", rename).await;
    assert_told(&refused, "changes_by_tenant", 4);
    let document = json!({ "title": "T", "text": "t" });
    let refused = kit.post(&admin, "/documents", document).await;
    assert_told(&refused, "changes_by_tenant", 4);
    let other = kit.token(V1).await;
    assert_eq!(change(&kit, &other).await.status, 404);
}

#[tokio::test] // R79
async fn searches_of_every_kind_are_counted_together() {
    let kit = limited(SEARCHES, "4", "6").await;
    let [one, colleague, other] = [
        kit.token(U1).await,
        kit.token(U2).await,
        kit.token(V1).await,
    ];
    let words = json!({ "query": "refund" });
    for _ in 0..2 {
        let found = kit.post(&one, "/documents/search", words.clone()).await;
        assert_eq!(found.status, 200, "{}", found.text);
        let found = kit.get(&one, "/chat/search?q=refund").await;
        assert_eq!(found.status, 200, "{}", found.text);
    }
    let refused = kit.post(&one, "/documents/search", words.clone()).await;
    assert_told(&refused, "searches_by_user", 4);
    let search = "/chat/search?q=refund";
    assert_told(&kit.get(&one, search).await, "searches_by_user", 4);
    for _ in 0..2 {
        assert_eq!(kit.get(&colleague, search).await.status, 200);
    }
    let refused = kit.get(&colleague, search).await;
    assert_told(&refused, "searches_by_tenant", 6);
    assert_eq!(kit.get(&other, search).await.status, 200);
}

#[tokio::test] // R79
async fn every_process_counts_the_same() {
    let kit = limited(CHANGES, "6", "1000").await;
    let vars = [(CHANGES[0], "6"), (CHANGES[1], "1000")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let twin = Kit::on(kit.database.clone(), vars).await;
    let token = kit.token(U1).await;
    let changes = (0..30).map(|n| {
        let kit = if n % 2 == 0 { &kit } else { &twin };
        change(kit, &token)
    });
    let answers = join_all(changes).await;
    let done = answers.iter().filter(|a| a.status == 404).count();
    assert_eq!(done, 6);
    for refused in answers.iter().filter(|a| a.status != 404) {
        assert_told(refused, "changes_by_user", 6);
    }
}

#[tokio::test] // R79
async fn what_is_ordinary_or_far_beyond_asks_no_database() {
    let kit = limited(CHANGES, "1", "1000").await;
    let [flooding, other] = [kit.token(U1).await, kit.token(V1).await];
    let generous = [(CHANGES[0], "1000"), (CHANGES[1], "1000")];
    let generous = generous.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let generous = Kit::on(kit.database.clone(), generous).await;
    assert_eq!(change(&kit, &flooding).await.status, 404);
    assert_told(&change(&kit, &flooding).await, "changes_by_user", 1);
    let drop = "drop function parlance.rate_limit_spend(bytea, integer, integer)";
    sqlx::query(drop).execute(&kit.pool).await.unwrap();
    for _ in 0..20 {
        assert_told(&change(&kit, &flooding).await, "changes_by_user", 1);
        assert_eq!(change(&generous, &other).await.status, 404);
    }
    // Where it must be asked and cannot, nothing goes through uncounted.
    assert_eq!(change(&kit, &other).await.problem(503), "unavailable");
}
