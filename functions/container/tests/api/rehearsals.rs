//! Changes of settings, tried on questions that were asked, before they count.

mod asking;
mod ends;
mod judging;
mod refused;
mod shared;

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, SUPERUSER, T1, U1, U2, V1,
    provider::{Provider, Reply},
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// Where they are.
const PATH: &str = "/tenants/current/rehearsals";

/// A service whose tenant shares questions, of which so many got no good answer.
async fn asked(provider: &Provider, questions: usize) -> Kit {
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    share(&kit, true).await;
    ask(&kit, questions).await;
    kit
}

async fn share(kit: &Kit, shared: bool) {
    let token = kit.token(ADMIN1).await;
    let set = json!({ "share_unanswered": shared });
    let set = kit.patch(&token, "/tenants/current", set).await;
    assert_eq!(set.json["share_unanswered"], shared, "{}", set.text);
}

/// Asks so many questions, which nothing is known about.
async fn ask(kit: &Kit, questions: usize) {
    let token = kit.token(U1).await;
    for n in 0..questions {
        let message = json!({ "message": format!("What of number {n}?") });
        let asked = kit.post(&token, "/chat", message).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
    }
}

/// A shorter prompt, tried on the newest questions.
fn shorter(more: Value) -> Value {
    let mut body = json!({
        "settings": { "system_prompt": "Answer in one word." }, "sample": "latest", "budget": "1",
    });
    // The clock of the tests stands still, and the database's does not.
    let day = |days: i64| (chrono::Utc::now() + chrono::TimeDelta::days(days)).to_rfc3339();
    body["from"] = json!(day(-1));
    body["to"] = json!(day(1));
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn begin(kit: &Kit, more: Value) -> Uuid {
    let token = kit.token(ADMIN1).await;
    let made = kit.post(&token, PATH, shorter(more)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["status"], "running");
    made.id("id")
}

async fn shown(kit: &Kit, id: Uuid) -> Value {
    let token = kit.token(ADMIN1).await;
    let shown = kit.get(&token, &format!("{PATH}/{id}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json
}

/// All of its questions.
async fn questions(kit: &Kit, id: Uuid) -> Vec<Value> {
    let token = kit.token(ADMIN1).await;
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{PATH}/{id}/questions?limit=30&cursor={cursor}");
        let page = kit.get(&token, &path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        all.extend(page.json["items"].as_array().expect("items").clone());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return all,
        }
    }
}

async fn deed(kit: &Kit, id: Uuid, deed: &str) -> Answer {
    let token = kit.token(ADMIN1).await;
    let request = request(&token, "POST", &format!("{PATH}/{id}/{deed}"));
    kit.send(request, Body::empty()).await
}

async fn number(kit: &Kit, sql: &str) -> i64 {
    let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&kit.pool);
    number.await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// What the ledger has of all calls, in nano-USD.
async fn booked(kit: &Kit) -> i64 {
    number(
        kit,
        "select coalesce(sum(cost), 0)::bigint from parlance.provider_calls",
    )
    .await
}

/// An amount as it is told, in nano-USD.
fn nano(amount: &Value) -> i64 {
    let amount: db::Usd = serde_json::from_value(amount.clone()).expect("an amount");
    amount.nano()
}

fn text(words: &str) -> Reply {
    Reply::Text(vec![words.to_owned()])
}
