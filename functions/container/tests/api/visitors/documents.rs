//! Which documents visitors are told of: those of the groups that the tenant's server says, and those for everybody.

use super::{PAGE, ask, from, identities::Known, visitor};
use crate::kit::{ADMIN1, Kit, provider::Provider};
use serde_json::{Value, json};

#[tokio::test] // R30
async fn documents_are_limited_to_groups_that_the_tenant_says() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let admin = kit.token(ADMIN1).await;
    let document =
        json!({ "title": "Board", "text": "A refund of gold takes 9 days.", "groups": ["board"] });
    let added = kit.post(&admin, "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    let is_told = async |token: &str| {
        let answer = ask(
            &kit,
            token,
            json!({ "message": "How long does a refund of gold take?" }),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text.contains("9 days")
    };
    let enter = async |groups: Value| {
        let token = known.token(&kit, "ada", json!({ "groups": groups }));
        let entered = known.enter(&kit, &token).await;
        entered.json["access_token"].as_str().unwrap().to_owned()
    };
    let first = enter(json!(["board"])).await;
    assert!(is_told(&first).await);
    assert!(!is_told(&visitor(&kit, &known.site).await).await);
    assert!(!is_told(&known.visitor(&kit, "bob").await).await);
    // What the newest token says counts on all devices, at once.
    let second = enter(json!([])).await;
    assert!(!is_told(&second).await);
    assert!(!is_told(&first).await);
}

#[tokio::test] // R30
async fn the_model_is_given_nothing_that_a_visitor_may_not_read() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let known = Known::new(&kit, "optional").await;
    let admin = kit.token(ADMIN1).await;
    for (title, days, groups) in [
        ("Board", 9, json!(["board"])),
        ("Staff", 7, json!(["staff", "board"])),
        ("Everybody", 5, json!([])),
    ] {
        let text = format!("A refund of gold takes {days} days.");
        let document = json!({ "title": title, "text": text, "groups": groups });
        let added = kit.post(&admin, "/documents", document).await;
        assert_eq!(added.status, 202, "{}", added.text);
    }
    kit.work().await;
    let question = json!({ "message": "How long does a refund of gold take?" });
    for (groups, told) in [
        (json!(["board"]), [true, true, true]),
        (json!(["staff"]), [false, true, true]),
        // As they are written, letter by letter.
        (json!(["Board", "STAFF"]), [false, false, true]),
        (json!([]), [false, false, true]),
    ] {
        let token = known.token(&kit, "ada", json!({ "groups": groups }));
        let entered = known.enter(&kit, &token).await;
        let token = entered.json["access_token"].as_str().unwrap();
        let answer = ask(&kit, token, question.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let given = provider.chats().pop().unwrap().body.to_string();
        let path = format!(
            "/chat/messages/{}",
            answer.json["message_id"].as_str().unwrap()
        );
        let kept = from(&kit, PAGE, token, "GET", &path, &Value::Null).await;
        for (title, told) in ["Board", "Staff", "Everybody"].into_iter().zip(told) {
            let days = match title {
                "Board" => "takes 9 days",
                "Staff" => "takes 7 days",
                _ => "takes 5 days",
            };
            assert_eq!(given.contains(days), told, "{groups} {title}: {given}");
            for sources in [&answer.json["sources"], &kept.json["sources"]] {
                assert_eq!(
                    sources.to_string().contains(title),
                    told,
                    "{groups} {title}: {sources}"
                );
            }
        }
    }
}
