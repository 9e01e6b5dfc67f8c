//! What a question is given of what was found, and what an answer may cite.

use crate::{
    kit::{
        ADMIN1, Answer, Kit, Person, U1,
        http::{Events, Served, streamed},
        provider::{Provider, Reply},
    },
    turns::resume,
    vectors::{asked, indexed},
};
use serde_json::{Value, json};

pub(crate) const QUESTION: &str = "How long does a refund take?";

async fn search(kit: &Kit, who: Person, how: &str, query: &str) -> Answer {
    let token = kit.token(who).await;
    let path = format!("/documents/search{how}");
    kit.post(&token, &path, json!({ "query": query })).await
}

fn titles(found: &Answer) -> Vec<&str> {
    assert_eq!(found.status, 200, "{}", found.text);
    let items = found.json["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap()).collect()
}

async fn set(kit: &Kit, settings: Value) {
    let token = kit.token(ADMIN1).await;
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// A service with a server besides, that needs no key.
pub(crate) async fn with_own_server(provider: &Provider) -> Kit {
    let own = format!(
        r#"{{"own": {{"preset": "ollama", "default_model": "llama", "base_url": "http://{}/own/v1/"}}}}"#,
        provider.address
    );
    provider
        .kit([("ENDPOINTS", &*own), ("OPENAI_API_KEY", "sk-deployment")])
        .await
}

/// The operations of the tenant's calls so far.
async fn operations(kit: &Kit) -> Vec<String> {
    let sql = "select operation from parlance.provider_calls order by operation";
    sqlx::query_scalar(sql).fetch_all(&kit.pool).await.unwrap()
}

#[tokio::test]
async fn what_says_the_same_is_given_once() {
    let kit = Kit::new().await;
    let text = "A refund takes a few working days once the goods are back here. ".repeat(3);
    kit.add_document(ADMIN1, "One", &text).await;
    kit.add_document(ADMIN1, "Copy", &text.to_uppercase()).await;
    kit.add_document(ADMIN1, "Other", &text.replace("a few", "14"))
        .await;
    let found = search(&kit, U1, "", QUESTION).await;
    let mut titles = titles(&found);
    titles.sort_unstable();
    assert!(
        titles == ["Copy", "Other"] || titles == ["One", "Other"],
        "{titles:?}"
    );
}

#[tokio::test]
async fn passages_that_follow_each_other_are_given_as_one() {
    let kit = Kit::new().await;
    // Three passages of which the first two answer.
    let fill = |about: &str| {
        format!(
            "{about} {}",
            "It is written down at length in here. ".repeat(25)
        )
    };
    let parts = [
        fill("A refund takes long when the goods are not back."),
        fill("How long the refund takes is said by mail."),
        fill("Shoes come in many sizes."),
    ];
    kit.add_document(ADMIN1, "Rules", &parts.join("\n\n")).await;
    let found = search(&kit, ADMIN1, "?explain=true", QUESTION).await;
    assert_eq!(titles(&found), ["Rules"], "{}", found.text);
    let prompt = found.json["explained"]["prompt"].as_str().unwrap();
    assert_eq!(prompt.lines().count(), 1, "{prompt}");
    let line: Value = serde_json::from_str(prompt).unwrap();
    let text = line["text"].as_str().unwrap();
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} is not in {text}"))
    };
    assert!(at("goods are not back") < at("said by mail"));
    assert!(!text.contains("Shoes"), "{text}");
}

#[tokio::test]
async fn a_search_tells_its_scores_to_those_who_manage_documents() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let by_text = kit
        .add_document(ADMIN1, "By text", "A refund takes 5 days.")
        .await;
    let by_vector = kit
        .add_document(ADMIN1, "By vector", "Money comes back in a week.")
        .await;
    let ids: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("select document_id, id from parlance.document_chunks")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    let chunk = |document| {
        ids.iter()
            .find(|(of, _)| *of == document)
            .unwrap()
            .1
            .to_string()
    };
    let tenant = crate::kit::T1.to_string();
    provider.find(&[(chunk(by_vector), tenant, 0.75)]);
    let found = search(&kit, ADMIN1, "?explain=true", QUESTION).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let scores = found.json["explained"]["scores"].as_array().unwrap();
    let of = |document| {
        let id = chunk(document);
        scores.iter().find(|score| score["chunk_id"] == id).unwrap()
    };
    assert_eq!(of(by_vector)["vectors"], 0.75);
    assert_eq!(
        (&of(by_vector)["full_text"], &of(by_text)["vectors"]),
        (&Value::Null, &Value::Null)
    );
    assert!(of(by_text)["full_text"].as_f64().unwrap() > 0.3);
    let prompt = found.json["explained"]["prompt"].as_str().unwrap();
    assert!(
        prompt.contains("Money comes back in a week.") && prompt.contains("takes 5 days"),
        "{prompt}"
    );
    assert_eq!(
        search(&kit, U1, "?explain=true", QUESTION).await.status,
        403
    );
    let plain = search(&kit, U1, "", QUESTION).await;
    assert_eq!(plain.json.get("explained"), None, "{}", plain.text);
}

#[tokio::test]
async fn what_fails_is_left_out_and_told() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let whole = search(&kit, U1, "", QUESTION).await;
    assert_eq!(whole.json["degraded"], json!([]), "{}", whole.text);
    provider.fail_vectors();
    let found = search(&kit, U1, "", QUESTION).await;
    assert_eq!(titles(&found), ["Refunds"]);
    assert_eq!(found.json["degraded"], json!(["vectors"]));
}

#[tokio::test]
async fn an_answer_tells_what_was_left_out_of_it() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let token = kit.token(U1).await;
    let asked = json!({ "message": QUESTION });
    let whole = kit.post(&token, "/chat", asked.clone()).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    assert_eq!(whole.json["degraded"], json!([]), "{}", whole.text);
    provider.fail_vectors();
    let answer = kit.post(&token, "/chat", asked).await;
    assert_eq!(
        answer.json["degraded"],
        json!(["vectors"]),
        "{}",
        answer.text
    );
    assert_eq!(answer.json["sources"][0]["title"], "Refunds");
    let session = answer.json["session_id"].as_str().unwrap();
    let messages = format!("/chat/sessions/{session}/messages");
    let stored = kit.get(&token, &messages).await;
    assert_eq!(stored.json["items"][0]["degraded"], json!([]));
    assert_eq!(stored.json["items"][1]["degraded"], json!(["vectors"]));

    let served = Served::new(&kit).await;
    let live = Events::new(served.send(streamed(&token, QUESTION)).await);
    let live = live.all().await;
    let message = live[0].uuid("message_id");
    let resumed = Events::new(resume(&served, &token, message, None).await);
    for events in [live, resumed.all().await] {
        let told: Vec<_> = events.iter().filter(|e| e.event == "sources").collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].data["degraded"], json!(["vectors"]));
        assert_eq!(told[0].data["sources"][0]["title"], "Refunds");
    }
}

#[tokio::test]
async fn a_server_puts_what_was_found_in_order() {
    let provider = Provider::start().await;
    let kit = with_own_server(&provider).await;
    kit.add_document(ADMIN1, "Better", "How long a refund takes: 5 days.")
        .await;
    kit.add_document(
        ADMIN1,
        "Worse",
        "A refund is made by mail, and the goods take a van.",
    )
    .await;
    assert_eq!(titles(&search(&kit, U1, "", QUESTION).await)[0], "Better");
    set(
        &kit,
        json!({ "retrieval": { "rerank_provider": "own", "rerank_model": "bge-reranker" } }),
    )
    .await;
    let found = search(&kit, ADMIN1, "?explain=true", QUESTION).await;
    assert_eq!(titles(&found), ["Worse", "Better"], "{}", found.text);
    assert_eq!(found.json["explained"]["scores"][0]["rerank"], 1.0);
    let sent = asked(&provider, "/own/v1/rerank").pop().unwrap().body;
    assert_eq!(
        (&sent["model"], &sent["query"]),
        (&json!("bge-reranker"), &json!(QUESTION))
    );
    assert_eq!(operations(&kit).await, ["rerank"]);
    provider.fail_vectors();
    let found = search(&kit, U1, "", QUESTION).await;
    assert_eq!(
        (titles(&found)[0], &found.json["degraded"]),
        ("Better", &json!(["rerank"]))
    );
    // Half of it is nothing.
    let token = kit.token(ADMIN1).await;
    let half = json!({ "retrieval": { "rerank_model": null } });
    assert_eq!(
        kit.patch(&token, "/tenants/current", half).await.status,
        422
    );
}

#[tokio::test]
async fn a_question_that_follows_others_is_looked_for_in_words_of_its_own() {
    let provider = Provider::start().await;
    let kit = with_own_server(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    set(&kit, json!({ "retrieval": { "rewrite": true } })).await;
    let token = kit.token(U1).await;
    let first = kit
        .post(&token, "/chat", json!({ "message": "What of refunds?" }))
        .await;
    assert_eq!(provider.chats().len(), 1, "the first question follows none");
    provider.reply(Reply::Text(vec!["How long does a refund take?".into()]));
    let second = json!({ "message": "Et combien?", "session_id": first.json["session_id"] });
    let second = kit.post(&token, "/chat", second).await;
    assert_eq!(
        second.json["sources"][0]["title"], "Refunds",
        "{}",
        second.text
    );
    let chats = provider.chats();
    assert_eq!(chats.len(), 3);
    let sent = |n: usize| chats[n].body["messages"].to_string();
    assert!(
        sent(1).contains("What of refunds?") && sent(1).contains("Et combien?"),
        "{}",
        sent(1)
    );
    // What is answered is what was asked.
    assert!(
        sent(2).contains("Et combien?") && !sent(2).contains("How long does"),
        "{}",
        sent(2)
    );
    assert_eq!(operations(&kit).await, ["chat", "chat", "query_rewriting"]);
    // A model that does not answer changes nothing.
    provider.reply(Reply::Status(400, json!({})));
    let third =
        json!({ "message": "A refund takes how long?", "session_id": first.json["session_id"] });
    let third = kit.post(&token, "/chat", third).await;
    assert_eq!(
        third.json["sources"][0]["title"], "Refunds",
        "{}",
        third.text
    );
}
