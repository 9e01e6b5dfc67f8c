//! What an answer may cite, and what it is told where there is nothing.

use crate::{
    kit::{
        ADMIN1, U1,
        provider::{Provider, Reply},
    },
    retrieval::{QUESTION, with_own_server},
};
use serde_json::json;

#[tokio::test]
async fn a_citation_of_nothing_is_taken_out() {
    let provider = Provider::start().await;
    let kit = with_own_server(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let pieces = [
        "5 days ",
        "[1",
        "] or so [",
        "7",
        "]",
        ", as `a[7]` says",
        " [8]",
    ];
    let expected = "5 days [1] or so, as `a[7]` says";
    let token = kit.token(U1).await;
    for stream in [false, true] {
        provider.reply(Reply::Text(pieces.map(String::from).to_vec()));
        let answer = kit
            .post(
                &token,
                "/chat",
                json!({ "message": QUESTION, "stream": stream }),
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.text.contains("[8]"), "{}", answer.text);
    }
    let kept: Vec<String> =
        sqlx::query_scalar("select content from parlance.chat_messages where role = 'assistant'")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    assert_eq!(kept, [expected, expected]);
}

#[tokio::test]
async fn a_citation_before_a_cut_is_kept() {
    let provider = Provider::start().await;
    let kit = with_own_server(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let pieces = ["It takes 5 days", " [1]"].map(String::from);
    provider.reply(Reply::BreakAfter(pieces.to_vec()));
    let question = json!({ "message": QUESTION, "stream": true });
    kit.post(&kit.token(U1).await, "/chat", question).await;
    let kept: (String, String) = sqlx::query_as(
        "select status, content from parlance.chat_messages where role = 'assistant'",
    )
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    assert_eq!(kept, ("interrupted".into(), "It takes 5 days [1]".into()));
}

#[tokio::test]
async fn where_nothing_fits_the_model_is_told_so() {
    let provider = Provider::start().await;
    let kit = with_own_server(&provider).await;
    let token = kit.token(U1).await;
    let ask = async |message: &str| {
        let answer = kit
            .post(&token, "/chat", json!({ "message": message }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        provider.chats().pop().unwrap().body["messages"].to_string()
    };
    let says_so = "not in the documents";
    assert!(
        !ask("Wie hoch ist der Berg?").await.contains(says_so),
        "there are none"
    );
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    assert!(ask("Wie hoch ist der Berg?").await.contains(says_so));
    assert!(!ask(QUESTION).await.contains(says_so));
}
