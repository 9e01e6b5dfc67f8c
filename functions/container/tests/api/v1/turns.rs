//! What is kept of a request: a conversation of its own, which is treated as others are.

use super::{ask, kit, set};
use crate::kit::{
    ADMIN1, ADMIN2, Kit, SUPERUSER, T1, U1, U2, V1,
    provider::{Provider, Reply},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

async fn sessions(kit: &Kit, token: &str, query: &str) -> Vec<Value> {
    let list = kit.get(token, &format!("/chat/sessions{query}")).await;
    assert_eq!(list.status, 200, "{}", list.text);
    list.json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_request_is_a_conversation_that_is_listed_apart() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let chat = kit
        .post(&token, "/chat", json!({ "message": "In a page?" }))
        .await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(ask(&kit, &token, json!({})).await.json["parlance"]["session_id"].clone());
    }
    let plain = sessions(&kit, &token, "").await;
    assert_eq!(plain.len(), 1);
    assert_eq!(
        (&plain[0]["id"], &plain[0]["origin"]),
        (&chat.json["session_id"], &json!("chat"))
    );
    assert_eq!(sessions(&kit, &token, "?origin=chat").await, plain);
    let page = kit.get(&token, "/chat/sessions?origin=api&limit=2").await;
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let mut of_requests = page.json["items"].as_array().unwrap().clone();
    of_requests.extend(sessions(&kit, &token, &format!("?origin=api&cursor={cursor}")).await);
    let ids: Vec<_> = of_requests.iter().rev().map(|s| s["id"].clone()).collect();
    assert_eq!(ids, made);
    assert!(
        of_requests
            .iter()
            .all(|s| s["origin"] == "api" && s["title"] == "Hello?")
    );
    // The one list's cursor is none of the other's.
    let other = kit
        .get(&token, &format!("/chat/sessions?cursor={cursor}"))
        .await;
    assert_eq!(other.fields(), ["cursor"]);
    assert_eq!(
        kit.get(&token, "/chat/sessions?origin=all").await.fields(),
        ["origin"]
    );

    // R26: whose it is, is as of any.
    let path = format!("/chat/sessions/{}", made[0].as_str().unwrap());
    assert_eq!(kit.get(&token, &path).await.json["origin"], "api");
    for other in [U2, V1, ADMIN1] {
        let other = kit.token(other).await;
        assert_eq!(kit.get(&other, &path).await.status, 404);
        assert!(sessions(&kit, &other, "?origin=api").await.is_empty());
    }
    let stay = kit.assume(&kit.token(SUPERUSER).await, T1).await;
    assert_eq!(sessions(&kit, &stay, "?origin=api").await.len(), 3);
}

#[tokio::test]
async fn it_is_exported_searched_rated_and_erased_as_others_are() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let messages = json!([
        { "role": "user", "content": "Earlier walrus?" }, { "role": "assistant", "content": "Yes." },
        { "role": "user", "content": "Where is the walrus?" }
    ]);
    let answer = ask(&kit, &token, json!({ "messages": messages })).await;
    let extra = &answer.json["parlance"];
    let export = kit.get(&token, "/chat/export").await;
    let chats = export.json["conversations"].as_array().unwrap();
    assert_eq!((chats.len(), &chats[0]["origin"]), (1, &json!("api")));
    // The question and its answer; what was said before is the client's.
    let texts: Vec<_> = chats[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"].clone())
        .collect();
    assert_eq!(texts, ["Where is the walrus?", "Hello from the model."]);
    let found = kit.get(&token, "/chat/search?q=walrus").await;
    assert_eq!(found.json["items"][0]["session_id"], extra["session_id"]);
    assert_eq!(found.json["items"][0]["origin"], "api");

    let message = extra["message_id"].as_str().unwrap();
    let path = format!("/chat/messages/{message}/feedback");
    let rated = kit.put(&token, &path, json!({ "rating": "down" })).await;
    assert_eq!(rated.status, 204, "{}", rated.text);
    let admin = kit.token(ADMIN1).await;
    kit.clock.advance(TimeDelta::seconds(10));
    let lacking = kit.get(&admin, "/admin/unanswered").await;
    assert_eq!(lacking.json["counts"]["thumbs_down"], 1, "{}", lacking.text);

    let erased = kit.delete(&token, "/chat/sessions?confirm=all").await;
    assert!(erased.status.is_success(), "{}", erased.text);
    assert!(kit.messages().await.is_empty());
}

#[tokio::test]
async fn a_conversation_can_be_gone_on_with_in_a_page() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let answer = ask(&kit, &token, json!({})).await;
    let next =
        json!({ "message": "And then?", "session_id": answer.json["parlance"]["session_id"] });
    let next = kit.post(&token, "/chat", next).await;
    assert_eq!(next.status, 200, "{}", next.text);
    let sent = provider.chats().pop().unwrap().body["messages"].to_string();
    assert!(sent.contains("Hello from the model."), "{sent}");
}

#[tokio::test]
async fn metadata_is_kept_and_an_end_user_is_told_apart_but_not_named() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (one, two) = (kit.token(U1).await, kit.token(V1).await);
    let noted = async |token: &str, more: Value| {
        let answer = ask(&kit, token, more).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = answer.json["parlance"]["session_id"].as_str().unwrap();
        let messages = kit
            .get(token, &format!("/chat/sessions/{id}/messages"))
            .await;
        messages.json["items"][0]["metadata"].clone()
    };
    assert_eq!(
        noted(&one, json!({ "metadata": { "page": "/help" } })).await,
        json!({ "page": "/help" })
    );
    assert_eq!(noted(&one, json!({ "user": "" })).await, json!({}));
    let ada = noted(&one, json!({ "user": "ada@one.example" })).await;
    let name = ada["end_user"].as_str().unwrap();
    assert!(
        name.len() == 32 && !ada.to_string().contains("ada"),
        "{ada}"
    );
    let same = json!({ "safety_identifier": "ada@one.example", "user": "ignored" });
    assert_eq!(noted(&one, same).await, ada);
    assert_ne!(noted(&one, json!({ "user": "bob@one.example" })).await, ada);
    // The same person has no name that two tenants could compare.
    assert_ne!(noted(&two, json!({ "user": "ada@one.example" })).await, ada);
}

#[tokio::test]
async fn what_is_spent_is_told_apart_by_end_user() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for (user, times) in [(json!("ada"), 2), (json!("bob"), 1), (json!(null), 1)] {
        for _ in 0..times {
            let answer = ask(&kit, &token, json!({ "user": user })).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
    kit.settled().await;
    let admin = kit.token(ADMIN1).await;
    let told = kit.get(&admin, "/admin/usage?group_by=end_user").await;
    let rows = told.json["rows"].as_array().unwrap();
    let calls = |name: Option<&str>| {
        let row = rows.iter().find(|row| row["end_user"].as_str() == name);
        row.map(|row| row["calls"].clone())
    };
    assert_eq!(
        (rows.len(), calls(None)),
        (3, Some(json!(1))),
        "{}",
        told.text
    );
    for (user, times) in [("ada", 2), ("bob", 1), ("eve", 0)] {
        let one = format!("/admin/usage?group_by=end_user,model&end_user={user}");
        let one = kit.get(&admin, &one).await;
        assert_eq!(one.json["total"]["calls"], json!(times), "{}", one.text);
        if let Some(row) = one.json["rows"].get(0) {
            assert_eq!(calls(row["end_user"].as_str()), Some(json!(times)));
        }
        assert!(!one.text.contains(user), "{}", one.text);
    }
    let file = kit
        .get(&admin, "/admin/usage?group_by=end_user&format=csv")
        .await;
    assert!(file.text.starts_with("end_user,calls,"), "{}", file.text);
    // Of people of a tenant a superuser is told nothing, and another tenant has other names for them.
    let superuser = kit.token(SUPERUSER).await;
    for query in ["group_by=end_user", "end_user=ada"] {
        let refused = kit.get(&superuser, &format!("/admin/usage?{query}")).await;
        refused.problem(403);
    }
    let other = kit.token(ADMIN2).await;
    let none = kit.get(&other, "/admin/usage?end_user=ada").await;
    assert_eq!(none.json["total"]["calls"], json!(0), "{}", none.text);
}

#[tokio::test] // R53
async fn many_tiny_values_are_refused_before_they_are_read() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let many = vec![json!({ "a": 1 }); 30_000];
    for more in [
        json!({ "messages": many }),
        json!({ "messages": [{ "role": "user", "content": many }] }),
        json!({ "unheard_of": many }),
    ] {
        let refused = ask(&kit, &token, more).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.text.contains("50,000 values"), "{}", refused.text);
    }
}

#[tokio::test]
async fn it_is_counted_as_others_are() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for stream in [false, true] {
        assert_eq!(
            ask(&kit, &token, json!({ "stream": stream })).await.status,
            200
        );
    }
    let sql = "select count(*), sum(prompt_tokens), sum(completion_tokens) from parlance.provider_calls where tenant_id = $1 and exact";
    let counted: (i64, i64, i64) = sqlx::query_as(sql)
        .bind(T1)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(counted, (2, 22, 14));
    let reserved: i64 = sqlx::query_scalar("select count(*) from parlance.reservations")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(reserved, 0);
}

#[tokio::test]
async fn a_fallback_is_asked_for_the_same() {
    let provider = Provider::start().await;
    let kit = provider
        .kit([
            ("OPENAI_API_KEY", "sk-deployment"),
            ("DEEPSEEK_API_KEY", "sk-other"),
        ])
        .await;
    set(&kit, json!({ "fallback_provider": "deepseek" })).await;
    let token = kit.token(U1).await;
    for _ in 0..3 {
        provider.reply(Reply::Status(503, json!({})));
    }
    let more = json!({ "max_tokens": 9, "temperature": 1.5, "stop": "the" });
    let answer = ask(&kit, &token, more).await;
    assert_eq!(
        answer.json["choices"][0]["message"]["content"],
        "Hello from "
    );
    assert_eq!(answer.json["parlance"]["provider"], "deepseek");
    let sent = provider.chats().pop().unwrap().body;
    assert_eq!(sent["model"], "deepseek-flash");
    assert_eq!(
        (&sent["max_tokens"], &sent["temperature"]),
        (&json!(9), &json!(1.5))
    );
}
