//! One question, answered by settings that may never count, with what the model was sent.

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, SUPERUSER, T1, U1,
    http::{Served, send},
    provider::{Provider, Reply},
    request,
    wait::wait_until,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

const PATH: &str = "/tenants/current/trials";
const QUESTION: &str = "How long does a refund take?";

async fn kit(provider: &Provider) -> Kit {
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(ADMIN1).await;
    let prompt = json!({ "system_prompt": "Be kind." });
    let set = kit.patch(&token, "/tenants/current", prompt).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let document = "A refund takes 14 days.";
    kit.add_document(ADMIN1, "Refunds", document).await;
    kit
}

async fn tried(kit: &Kit, more: Value) -> Answer {
    let mut body = json!({ "question": QUESTION });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let token = kit.token(ADMIN1).await;
    kit.post(&token, PATH, body).await
}

async fn number(kit: &Kit, sql: &str) -> i64 {
    let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&kit.pool);
    number.await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

#[tokio::test] // R30
async fn a_question_is_answered_by_the_settings_and_by_changed_ones() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    provider.reply(Reply::Text(vec!["It takes 14 days [1], not 5 [2].".into()]));
    let now = tried(&kit, json!({})).await;
    assert_eq!(now.status, 200, "{}", now.text);
    let answer = &now.json["answer"];
    // What it cites is what it was given.
    assert_eq!(answer["content"], "It takes 14 days [1], not 5.");
    assert_eq!(
        json!([answer["model"], answer["prompt_tokens"], answer["exact"]]),
        json!(["gpt-6-luna", 11, true])
    );
    assert!(answer["cost"].is_string(), "{answer}");
    assert_eq!(now.json["sources"][0]["title"], "Refunds");
    assert!(now.json["sources"][0]["score"].is_number());
    let parts = now.json["prompt"].as_array().unwrap();
    let kinds: Vec<&Value> = parts.iter().map(|part| &part["part"]).collect();
    assert_eq!(kinds, ["instructions", "rules", "passages", "question"]);
    let sent = provider.chats()[0].body["messages"].to_string();
    for part in parts {
        let text = serde_json::to_string(&part["text"]).unwrap();
        assert!(sent.contains(text.trim_matches('"')), "{text} in {sent}");
        assert!(part["tokens"].as_i64() > Some(0), "{part}");
    }

    let settings = json!({ "system_prompt": "Be brief.", "chat_model": "gpt-5.2", "retrieval": { "enabled": false } });
    let changed = tried(&kit, json!({ "settings": settings })).await;
    assert_eq!(
        changed.json["answer"]["model"], "gpt-5.2",
        "{}",
        changed.text
    );
    assert_eq!(changed.json["sources"], json!([]));
    let asked = &provider.chats()[1].body;
    assert_eq!(asked["messages"][0]["content"], "Be brief.");
    // Nothing has changed, and nobody's conversation has grown.
    let token = kit.token(ADMIN1).await;
    let tenant = kit.get(&token, "/tenants/current").await;
    assert_eq!(tenant.json["system_prompt"], "Be kind.");
    for table in ["chat_messages", "reservations"] {
        let rows = format!("select count(*) from parlance.{table}");
        assert_eq!(number(&kit, &rows).await, 0, "{table}");
    }
    let used = kit.get(&token, "/admin/usage?group_by=operation").await;
    let [trials] = &used.json["rows"].as_array().unwrap()[..] else {
        panic!("{}", used.text);
    };
    assert_eq!(
        json!([trials["operation"], trials["calls"]]),
        json!(["trial", 2])
    );
}

#[tokio::test]
async fn what_would_be_sent_is_told_without_asking_the_model() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let seen = tried(&kit, json!({ "answer": false })).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    assert_eq!(seen.json["answer"], Value::Null);
    assert_eq!(seen.json["prompt"][0]["text"], "Be kind.");
    let unknown = json!({ "answer": false, "question": "Xylophones?" });
    let seen = tried(&kit, unknown).await;
    let told = seen.json["prompt"][0]["text"].as_str().unwrap();
    assert!(told.starts_with("Be kind.\n\n"), "{told}");
    assert_eq!(seen.json["sources"], json!([]));
    assert_eq!(provider.chats().len(), 0);
    let open = "select count(*) from parlance.reservations";
    assert_eq!(number(&kit, open).await, 0);
}

#[tokio::test] // R54
async fn what_fails_says_so_and_what_cannot_be_tried_is_refused() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for (body, fields) in [
        (json!({ "question": " \n" }), &["question"][..]),
        (
            json!({ "settings": { "provider": "nobody", "temperature": 3 } }),
            &["settings.provider", "settings.temperature"],
        ),
        (
            json!({ "settings": { "retrieval": { "rerank_provider": "openai" } } }),
            &["settings.retrieval.rerank_model"],
        ),
        (
            json!({ "settings": { "name": "Renamed" } }),
            &["settings.name"],
        ),
    ] {
        let refused = tried(&kit, body.clone()).await;
        assert_eq!(refused.fields(), fields, "{body}");
    }
    let refused = json!({ "error": { "code": "content_filter", "message": "no" } });
    provider.reply(Reply::Status(400, refused));
    assert_eq!(tried(&kit, json!({})).await.problem(400), "content_filter");
    // A model without a price is no reason not to try it, unless money is limited.
    let unknown = json!({ "settings": { "chat_model": "nobody-knows-this" } });
    let unpriced = tried(&kit, unknown.clone()).await;
    assert_eq!(
        unpriced.json["answer"]["cost"],
        Value::Null,
        "{}",
        unpriced.text
    );
    let root = kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}/limits");
    let limit = async |limits: Value| {
        let set = kit.put(&root, &path, json!({ "tenant": limits })).await;
        assert_eq!(set.status, 200, "{}", set.text);
    };
    limit(json!({ "cost_per_day": "5" })).await;
    assert_eq!(tried(&kit, unknown).await.problem(409), "model_unpriced");
    limit(json!({ "tokens_per_question": 2 })).await;
    assert_eq!(tried(&kit, json!({})).await.fields(), ["question"]);
    limit(json!({ "requests_per_minute": 1 })).await;
    assert_eq!(tried(&kit, json!({})).await.status, 200);
    let refused = tried(&kit, json!({})).await;
    assert_eq!(refused.problem(429), "limit_reached");
}

#[tokio::test] // R26 R30
async fn only_administrators_and_who_has_assumed_the_tenant_try_questions() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let body = json!({ "question": QUESTION });
    let of_one = format!("/tenants/{T1}/trials");
    let member = kit.token(U1).await;
    let refused = kit.post(&member, PATH, body.clone()).await;
    assert_eq!(refused.problem(403), "forbidden");
    let other = kit.token(ADMIN2).await;
    let refused = kit.post(&other, &of_one, body.clone()).await;
    assert_eq!(refused.problem(404), "not_found");
    let root = kit.token(SUPERUSER).await;
    let refused = kit.post(&root, &of_one, body.clone()).await;
    assert_eq!(refused.problem(403), "assume_required");
    assert_eq!(provider.chats().len(), 0);
    let inside = kit.assume(&root, T1).await;
    let tried = kit.post(&inside, PATH, body).await;
    assert_eq!(tried.status, 200, "{}", tried.text);
}

#[tokio::test] // R64
async fn whoever_leaves_has_asked_all_the_same_and_it_is_settled() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let served = Served::new(&kit).await;
    provider.hold(&["14 ", "days."]);
    let token = kit.token(ADMIN1).await;
    let body = json!({ "question": QUESTION }).to_string();
    let asked = request(&token, "POST", PATH)
        .header("content-type", "application/json")
        .body(body.into());
    let left = tokio::spawn(send(served.address, asked.unwrap()));
    provider.asked_for(1).await;
    left.abort();
    provider.let_go(3);
    wait_until("the call to be settled", async || {
        match number(
            &kit,
            "select count(*) from parlance.provider_calls where completion_tokens > 0",
        )
        .await
        {
            0 => Err("it is not in the ledger".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    assert_eq!(
        number(&kit, "select count(*) from parlance.reservations").await,
        0
    );
}
