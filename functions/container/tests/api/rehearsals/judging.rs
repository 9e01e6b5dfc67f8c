//! A model that compares the answers.

use super::*;

/// Which answer a judge is shown first.
fn is_swapped(question: &Value) -> bool {
    let id: Uuid = question["message_id"].as_str().unwrap().parse().unwrap();
    id.as_u128() % 2 == 1
}

#[tokio::test]
async fn a_judge_compares_the_answers_without_knowing_whose_they_are() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 3).await;
    let before = (provider.chats().len(), booked(&kit).await);
    for words in [
        "Old one.",
        "New one.",
        "A\nIt is shorter.",
        "Old two.",
        "New two.",
        "SAME\nBoth are right.",
        "Old three.",
        "New three.",
        "I cannot say.",
    ] {
        provider.reply(text(words));
    }
    let judge = json!({ "provider": "openai", "model": "gpt-5.2" });
    let id = begin(&kit, json!({ "judge": judge })).await;
    kit.work().await;
    let done = shown(&kit, id).await;
    assert_eq!(done["status"], "done", "{done}");
    let all = questions(&kit, id).await;
    let first = match is_swapped(&all[0]) {
        true => "changed",
        false => "now",
    };
    assert_eq!(
        all[0]["judgement"],
        json!({ "verdict": first, "reason": "It is shorter.", "error": null })
    );
    assert_eq!(all[1]["judgement"]["verdict"], "same");
    let error = all[2]["judgement"]["error"].as_str().unwrap();
    assert!(error.starts_with("upstream_invalid: "), "{error}");
    assert_eq!(done["judged"][first], 1, "{done}");
    assert_eq!(done["judged"]["same"], 1, "{done}");
    let asked = provider.chats().split_off(before.0);
    let asked = &asked[2].body;
    assert_eq!(asked["model"], "gpt-5.2");
    let told = asked["messages"].to_string();
    let (a, b) = match is_swapped(&all[0]) {
        true => ("New one.", "Old one."),
        false => ("Old one.", "New one."),
    };
    let told_in_order = told.find(a) < told.find(b);
    assert!(told_in_order && told.contains(b), "{told}");
    assert!(!told.contains("Answer in one word."), "{told}");
    // What the judge takes is of the same budget, and in the ledger.
    assert_eq!(nano(&done["spent"]), booked(&kit).await - before.1);
    let sides = nano(&done["now"]["cost"]) + nano(&done["changed"]["cost"]);
    assert!(nano(&done["spent"]) > sides, "{done}");
}

#[tokio::test]
async fn what_was_not_answered_is_not_judged() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let before = provider.chats().len();
    let refused = json!({ "error": { "code": "content_filter", "message": "no" } });
    provider.reply(Reply::Status(400, refused));
    let judge = json!({ "provider": "openai" });
    let id = begin(&kit, json!({ "judge": judge })).await;
    kit.work().await;
    assert_eq!(shown(&kit, id).await["status"], "done");
    assert_eq!(questions(&kit, id).await[0]["judgement"], Value::Null);
    assert_eq!(provider.chats().len(), before + 2);
}

#[tokio::test]
async fn a_judge_that_nobody_has_a_key_for_is_refused() {
    let provider = Provider::start().await;
    let kit = asked(&provider, 1).await;
    let token = kit.token(ADMIN1).await;
    let judge = json!({ "provider": "deepseek" });
    let refused = kit
        .post(&token, PATH, shorter(json!({ "judge": judge })))
        .await;
    assert_eq!(refused.fields(), ["judge.provider"]);
}
