//! Questions of conversations that are shared as a whole.

use super::*;

async fn share_conversations(kit: &Kit, shared: bool) {
    let token = kit.token(ADMIN1).await;
    let set = json!({ "share_conversations": shared });
    let set = kit.patch(&token, "/tenants/current", set).await;
    assert_eq!(set.json["share_conversations"], shared, "{}", set.text);
}

async fn say(kit: &Kit, message: &str, session: Option<Uuid>) -> Uuid {
    let token = kit.token(U1).await;
    let body = json!({ "message": message, "session_id": session });
    let asked = kit.post(&token, "/chat", body).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    asked.id("session_id")
}

fn asked_of(all: &[Value]) -> Vec<&str> {
    let asked = all.iter().map(|one| one["question"].as_str());
    asked.collect::<Option<_>>().expect("questions")
}

#[tokio::test] // R30
async fn any_question_of_a_shared_conversation_is_taken() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let document = "A refund takes 14 days.";
    kit.add_document(ADMIN1, "Refunds", document).await;
    say(&kit, "Is a refund private?", None).await;
    share_conversations(&kit, true).await;
    let session = say(&kit, "Is a refund quick?", None).await;
    say(&kit, "Iceland?", None).await;
    // It cannot be understood without what was said before.
    say(&kit, "And that of a tent?", Some(session)).await;
    for (sample, expected) in [
        ("latest", &["Iceland?", "Is a refund quick?"][..]),
        ("random", &["Iceland?", "Is a refund quick?"]),
        ("unanswered", &["Iceland?"]),
    ] {
        let id = begin(&kit, json!({ "sample": sample })).await;
        assert_eq!(asked_of(&questions(&kit, id).await), expected, "{sample}");
        assert_eq!(deed(&kit, id, "cancel").await.status, 200);
    }
    let id = begin(&kit, json!({})).await;
    kit.work().await;
    let done = shown(&kit, id).await;
    assert_eq!(
        json!([done["status"], done["changed"]["answered"]]),
        json!(["done", 2])
    );
}

#[tokio::test] // R45
async fn what_was_shared_as_a_conversation_is_not_shown_as_a_question_without_an_answer() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 0).await;
    let document = "A refund takes 14 days.";
    kit.add_document(ADMIN1, "Refunds", document).await;
    share_conversations(&kit, true).await;
    say(&kit, "Is a refund quick?", None).await;
    let before = provider.chats().len();
    provider.hold(&["The last one."]);
    let id = begin(&kit, json!({})).await;
    let taken_back = async {
        provider.asked_for(before + 1).await;
        share_conversations(&kit, false).await;
        provider.let_go(2);
    };
    tokio::join!(kit.work(), taken_back);
    // Questions that got no good answer are shared as before; this one was answered.
    let stopped = shown(&kit, id).await;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    assert_eq!(provider.chats().len(), before + 1);
    assert_eq!(questions(&kit, id).await, Vec::<Value>::new());
    let token = kit.token(ADMIN1).await;
    let none = kit.post(&token, PATH, shorter(json!({}))).await;
    assert_eq!(none.fields(), ["sample"]);
}
