//! What should happen seldom is counted, and told to who has the token for it.

use crate::{
    kit::{ADMIN1, Kit, METRICS_TOKEN, PASSWORD, T2, U1, database::Database, provider::Provider},
    problems::assert_problem,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COUNTERS: &[&str] = &[
    "authz_denied",
    "cross_tenant_drop",
    "decrypt_failed",
    "fallback_used",
    "login_failed",
    "model_ending",
    "overloaded",
    "rate_limited",
    "refresh_reuse",
    "replica_missed",
    "replica_read",
    "stale_tx_closed",
];

/// What is counted by now, but for what is 0.
async fn counted(kit: &Kit) -> BTreeMap<String, u64> {
    let answer = kit.get(METRICS_TOKEN, "/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let counters = COUNTERS.iter().map(|name| {
        let start = format!("parlance_{name}_total ");
        let line = answer
            .text
            .lines()
            .find_map(|line| line.strip_prefix(&start));
        let count = line.unwrap_or_else(|| panic!("no {name} in {}", answer.text));
        ((*name).to_owned(), count.parse().unwrap())
    });
    counters
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn only(name: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(name.to_owned(), count)])
}

#[tokio::test] // R88
async fn metrics_are_text_as_prometheus_reads_it() {
    let kit = Kit::new().await;
    let answer = kit.get(METRICS_TOKEN, "/metrics").await;
    assert_eq!(answer.status, 200);
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), media);
    let build = concat!(
        "parlance_build_info{version=\"",
        env!("CARGO_PKG_VERSION"),
        "\"} 1\n"
    );
    assert!(answer.text.contains(build), "{}", answer.text);
    assert!(answer.text.ends_with("# EOF\n"), "{}", answer.text);
    for name in COUNTERS {
        let kind = format!("# TYPE parlance_{name} counter\n");
        assert!(answer.text.contains(&kind), "{name} in {}", answer.text);
    }
    assert_eq!(counted(&kit).await, BTreeMap::new());
}

#[tokio::test] // R88
async fn metrics_have_a_token_of_their_own() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let longer = format!("{METRICS_TOKEN}x");
    for token in ["", "x", &METRICS_TOKEN[1..], &longer, &admin] {
        let refused = kit.get(token, "/metrics").await;
        assert_eq!(refused.status, 401, "{token}");
        assert_eq!(assert_problem(&refused), "invalid_token");
    }
    let nobody = kit.get(METRICS_TOKEN, "/login/me").await;
    assert_eq!(nobody.problem(401), "invalid_token");
}

#[tokio::test] // R88 R46
async fn without_a_token_there_are_no_metrics() {
    let kit = Kit::with([("METRICS_TOKEN", "")]).await;
    let admin = kit.token(ADMIN1).await;
    for token in ["", METRICS_TOKEN, &admin] {
        let none = kit.get(token, "/metrics").await;
        assert_eq!(assert_problem(&none), "not_found", "{token}");
    }
}

#[tokio::test] // R88
async fn refusals_are_counted_each_time() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    for _ in 0..3 {
        assert_eq!(kit.get(&token, "/admin/users").await.status, 403);
    }
    // Who is unknown is not refused for a role.
    assert_eq!(kit.get("", "/admin/users").await.status, 401);
    assert_eq!(counted(&kit).await, only("authz_denied", 3));
}

#[tokio::test] // R88
async fn failed_logins_are_counted_and_those_that_are_too_many() {
    let kit = Kit::with([("LOGINS_PER_MINUTE_BY_EMAIL", "3")]).await;
    let login = |tenant: &str, password: &str| json!({ "tenant": tenant, "email": U1.email, "password": password });
    for (tenant, password, status) in [
        ("one", "wrong", 401),
        ("nowhere", PASSWORD, 401),
        ("one", PASSWORD, 200),
    ] {
        let answer = kit.post("", "/login", login(tenant, password)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(counted(&kit).await, only("login_failed", 2));
    let (mut failed, mut limited) = (2, 0);
    for _ in 0..4 {
        let answer = kit.post("", "/login", login("one", "wrong")).await;
        failed += u64::from(answer.status == 401);
        limited += u64::from(answer.status == 429);
    }
    assert!(limited > 0);
    let mut expected = only("login_failed", failed);
    expected.insert("rate_limited".into(), limited);
    assert_eq!(counted(&kit).await, expected);
}

#[tokio::test] // R88
async fn a_refresh_token_that_is_used_twice_is_counted() {
    let kit = Kit::new().await;
    let token = json!({ "refresh_token": kit.login(U1).await.json["refresh_token"] });
    let renewed = kit.post("", "/login/refresh", token.clone()).await;
    let access = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(access, "/login/me").await.status, 200);
    assert_eq!(counted(&kit).await, BTreeMap::new());
    kit.clock.advance(TimeDelta::seconds(11));
    let reused = kit.post("", "/login/refresh", token).await;
    assert_eq!(reused.problem(401), "refresh_token_reused");
    assert_eq!(counted(&kit).await, only("refresh_reuse", 1));
}

async fn set_key(kit: &Kit, token: &str, provider: &str, key: Value) {
    let path = format!("/tenants/current/secrets/{provider}");
    let set = kit.put(token, &path, json!({ "api_key": key })).await;
    assert_eq!(set.status, 204, "{}", set.text);
}

#[tokio::test] // R88 R48
async fn a_key_that_cannot_be_opened_is_counted() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    set_key(&kit, &token, "openai", json!("sk-canary-0123456789")).await;
    let list = "/tenants/current/secrets";
    assert_eq!(kit.get(&token, list).await.json[0]["readable"], true);
    assert_eq!(counted(&kit).await, BTreeMap::new());
    sqlx::query("update parlance.tenant_secrets set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))")
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(kit.get(&token, list).await.json[0]["readable"], false);
    assert_eq!(counted(&kit).await, only("decrypt_failed", 1));
}

#[tokio::test] // R88
async fn what_an_index_gives_of_another_tenant_is_counted() {
    let provider = Provider::start().await;
    let kit = Kit::on(Database::clone_template().await, provider.vars()).await;
    let token = kit.token(ADMIN1).await;
    set_key(&kit, &token, "openai", json!("sk-canary-0123456789")).await;
    set_key(&kit, &token, "pinecone", json!("pc-canary-0123456789")).await;
    let index = json!({ "pinecone": { "index": "knowledge" } });
    let changed = kit.patch(&token, "/tenants/current", index).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let own = (U1.id.to_string(), U1.tenant_id.to_string(), 0.9);
    let foreign = (U1.id.to_string(), T2.to_string(), 0.9);
    provider.find(&[own, foreign.clone(), foreign]);
    let query = json!({ "query": "What is known?" });
    // A login that the service does not remember without the keys.
    let found = kit
        .post(&kit.token(U1).await, "/documents/search", query)
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    assert_eq!(counted(&kit).await, only("cross_tenant_drop", 2));
}
