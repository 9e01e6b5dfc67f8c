//! The system prompts that a tenant has had: kept, told, and set again.

use crate::kit::{ADMIN1, ADMIN2, Kit, SUPERUSER, T1, T2, scene::Stored};
use serde_json::{Value, json};

/// Number, text and author of each prompt, newest first.
async fn prompts(kit: &Kit, token: &str) -> Vec<(i64, String, Value)> {
    let shown = kit.get(token, "/tenants/current/prompts").await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let items = shown.json["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let text = item["system_prompt"].as_str().unwrap().to_owned();
            let email = item["set_by"]["email"].clone();
            (item["version"].as_i64().unwrap(), text, email)
        })
        .collect()
}

fn version(number: i64, text: &str, by: impl Into<Value>) -> (i64, String, Value) {
    (number, text.to_owned(), by.into())
}

#[tokio::test] // R87
async fn each_change_makes_a_version_and_any_can_be_restored() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let first = kit.get(&admin, "/tenants/current").await.json;
    assert_eq!(first["prompt_version"], 1);
    let change = json!({ "system_prompt": "Be kind.", "name": "Renamed" });
    let changed = kit.patch(&admin, "/tenants/current", change.clone()).await;
    assert_eq!(changed.json["prompt_version"], 2, "{}", changed.text);
    for change in [change, json!({ "name": "Renamed again" })] {
        let kept = kit.patch(&admin, "/tenants/current", change).await;
        assert_eq!(kept.json["prompt_version"], 2, "{}", kept.text);
    }
    let superuser = kit.token(SUPERUSER).await;
    let inside = kit.assume(&superuser, T1).await;
    let path = "/tenants/current/prompts/1/restore";
    let restored = kit.post(&inside, path, Value::Null).await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    assert_eq!(restored.json["system_prompt"], first["system_prompt"]);
    assert_eq!(restored.json["prompt_version"], 3);
    let shown = kit.get(&admin, "/tenants/current").await;
    assert_eq!(shown.json, restored.json);
    // What is so already is not done again.
    let rows = kit.audit(T1).await.len();
    let again = kit
        .post(&admin, "/tenants/current/prompts/3/restore", Value::Null)
        .await;
    assert_eq!(again.json, restored.json);
    assert_eq!(kit.audit(T1).await.len(), rows);

    let original = first["system_prompt"].as_str().unwrap();
    let all = [
        version(3, original, SUPERUSER.email),
        version(2, "Be kind.", ADMIN1.email),
        version(1, original, Value::Null),
    ];
    assert_eq!(prompts(&kit, &admin).await, all);
    let deed = kit.audit(T1).await.pop().unwrap();
    assert_eq!(deed.line(), format!("prompt.restore {T1} success"));
    assert_eq!(deed.detail.as_deref(), Some("version 1"));
}

#[tokio::test] // R25
async fn a_tenants_versions_are_its_own() {
    let kit = Kit::new().await;
    let (one, two) = (kit.token(ADMIN1).await, kit.token(ADMIN2).await);
    for text in ["The first secret.", "The second secret."] {
        let change = json!({ "system_prompt": text });
        assert_eq!(
            kit.patch(&two, "/tenants/current", change).await.status,
            200
        );
    }
    let before = Stored::all(&kit.pool).await;
    assert_eq!(prompts(&kit, &one).await.len(), 1);
    for tenant in ["current".to_owned(), T2.to_string()] {
        for version in ["2", "3", "0", "-1", "2147483647"] {
            let path = format!("/tenants/{tenant}/prompts/{version}/restore");
            let refused = kit.post(&one, &path, Value::Null).await;
            assert_eq!(refused.problem(404), "not_found", "{path}");
        }
    }
    for version in ["2147483648", "1.0", "x", "%20", "1e0"] {
        let path = format!("/tenants/current/prompts/{version}/restore");
        let refused = kit.post(&one, &path, Value::Null).await;
        assert_eq!(refused.fields(), ["version"], "{path}");
        assert_eq!(
            refused.json["errors"][0]["message"],
            "must be a whole number"
        );
    }
    assert_eq!(Stored::all(&kit.pool).await, before);
}

#[tokio::test]
async fn a_new_tenants_prompt_is_its_first_version() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    let new = json!({ "slug": "three", "name": "Three", "system_prompt": "Be brief." });
    let made = kit.post(&superuser, "/tenants", new).await;
    assert_eq!(made.json["prompt_version"], 1, "{}", made.text);
    let inside = kit.assume(&superuser, made.id("id")).await;
    let its = [version(1, "Be brief.", SUPERUSER.email)];
    assert_eq!(prompts(&kit, &inside).await, its);
}

#[tokio::test]
async fn long_prompts_come_in_pages_of_bounded_size() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    // 60 KB each: a request may have 64 KiB.
    for n in 0..30 {
        let change = json!({ "system_prompt": format!("{n:02}{}", "€".repeat(20_000)) });
        let changed = kit.patch(&admin, "/tenants/current", change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    let (mut path, mut seen) = ("/tenants/current/prompts?limit=100".to_owned(), Vec::new());
    loop {
        let page = kit.get(&admin, &path).await;
        assert!(page.text.len() < 1_200_000, "{}", page.text.len());
        let items = page.json["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["version"].as_i64().unwrap()));
        match page.json["next_cursor"].as_str() {
            Some(cursor) => path = format!("/tenants/current/prompts?limit=100&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, (1..=31).rev().collect::<Vec<i64>>());
}
