//! A search that takes long: it ends, and keeps nobody from anything else.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, U1, V1, wait::wait_for};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::json;
use sqlx::{Executor, PgConnection, Postgres, Transaction};

/// Lets no search of full text end until it is dropped.
async fn held(kit: &Kit) -> Transaction<'static, Postgres> {
    let mut tx = kit.pool.begin().await.unwrap();
    let lock = "lock table parlance.document_chunks in access exclusive mode";
    let connection: &mut PgConnection = &mut tx;
    connection.execute(lock).await.unwrap();
    tx
}

async fn search(kit: &Kit, token: &str) -> Answer {
    let query = json!({ "query": "How long does a refund take?" });
    kit.post(token, "/documents/search", query).await
}

async fn ask(kit: &Kit, token: &str) -> Answer {
    let question = json!({ "message": "How long does a refund take?" });
    kit.post(token, "/chat", question).await
}

#[tokio::test]
async fn an_answer_does_without_a_search_that_takes_too_long() {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let token = kit.token(U1).await;
    let held = held(&kit).await;
    let refused = wait_for("the answer to a search", search(&kit, &token)).await;
    assert_eq!(refused.problem(503), "search_timeout");
    assert_eq!(refused.header("retry-after"), "1");
    let answered = wait_for("the answer to a question", ask(&kit, &token)).await;
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(answered.json["sources"], json!([]));

    drop(held);
    let found = wait_for("the answer to a search", search(&kit, &token)).await;
    assert_eq!(found.json["items"][0]["title"], "Refunds", "{}", found.text);
    let answered = wait_for("the answer to a question", ask(&kit, &token)).await;
    assert_eq!(answered.json["sources"][0]["title"], "Refunds");
}

#[tokio::test]
async fn many_searches_of_one_tenant_leave_connections_for_others() {
    let kit = Kit::with([("DATABASE_MAX_CONNECTIONS", "3")]).await;
    let (noisy, other) = (kit.token(U1).await, kit.token(V1).await);
    let admin = kit.token(ADMIN2).await;
    let without = json!({ "retrieval": { "enabled": false } });
    let changed = kit.patch(&admin, "/tenants/current", without).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let _held = held(&kit).await;
    let mut searches: FuturesUnordered<_> = (0..8).map(|_| search(&kit, &noisy)).collect();
    // Those that have their turn are in the database when the first that did not get one is answered.
    let others = async {
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(ask(&kit, &other).await.status);
        }
        answers
    };
    let searching = async {
        let mut answers = Vec::new();
        while let Some(answer) = searches.next().await {
            answers.push(answer.problem(503));
        }
        answers
    };
    let (others, searched) = wait_for("the answers of both tenants", async {
        tokio::join!(others, searching)
    })
    .await;
    assert_eq!(others, [200; 8]);
    assert_eq!(searched, ["search_timeout"; 8]);
}

#[tokio::test]
async fn the_longest_words_of_a_long_question_count() {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "Reimbursements take five days.")
        .await;
    let few: Vec<String> = (0..600).map(|n| format!("w{n}")).collect();
    let query = format!("{} reimbursements", few.join(" "));
    let found = json!({ "query": query });
    let change = json!({ "retrieval": { "min_score": 0.0 } });
    let admin = kit.token(ADMIN1).await;
    let changed = kit.patch(&admin, "/tenants/current", change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let token = kit.token(U1).await;
    let found = kit.post(&token, "/documents/search", found).await;
    assert_eq!(found.json["items"][0]["title"], "Refunds", "{}", found.text);
    // One of 32, and the only one that there is.
    let score = found.json["items"][0]["score"].as_f64().unwrap();
    assert!((0.5 / 32.0..1.0 / 32.0).contains(&score), "{score}");
}
