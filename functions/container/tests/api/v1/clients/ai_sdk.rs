//! The AI SDK, which asks servers of OpenAI's API in two ways.

use super::{HERE, REFUNDS, Scene};
use crate::kit::{packages::npm, provider::Reply};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Versions of the AI SDK, and of what belongs to it: `ai`, `@ai-sdk/openai`, `@ai-sdk/openai-compatible`.
type AiSdk = [&'static str; 3];
const OLDEST_5: AiSdk = ["5.0.0", "2.0.0", "1.0.0"];
const OLDEST_6: AiSdk = ["6.0.0", "3.0.0", "2.0.0"];
pub(super) const NEWEST_7: AiSdk = ["7.0.173", "4.0.118", "3.0.92"];

/// The AI SDK with its two ways to ask servers of OpenAI's API.
pub(super) fn installed([ai, openai, compatible]: AiSdk) -> Option<PathBuf> {
    let package = json!({ "type": "module", "dependencies": {
        "ai": ai, "@ai-sdk/openai": openai, "@ai-sdk/openai-compatible": compatible, "zod": "4.1.13",
    } });
    npm(&format!("ai-sdk-openai-{ai}"), &package.to_string())
}

#[tokio::test]
async fn the_first_ai_sdk_5_asks_in_both_ways() {
    asks_in_both_ways(OLDEST_5).await;
}

#[tokio::test]
async fn the_first_ai_sdk_6_asks_in_both_ways() {
    asks_in_both_ways(OLDEST_6).await;
}

#[tokio::test]
async fn the_newest_ai_sdk_asks_in_both_ways() {
    asks_in_both_ways(NEWEST_7).await;
}

async fn asks_in_both_ways(version: AiSdk) {
    let Some(folder) = installed(version) else {
        return;
    };
    let scene = Scene::new().await;
    scene
        .provider
        .always(Reply::Text(vec!["In 5 days ".into(), "[1].".into()]));
    let script = folder.join("ai.mjs");
    fs::copy(Path::new(HERE).join("ai.mjs"), &script).expect("a file can be copied");
    let (service, script) = (scene.service(), script.to_str().unwrap().to_owned());
    let said = scene
        .run(Path::new("node"), &[&script, &service, &scene.key], &folder)
        .await;
    let said: Value = serde_json::from_str(&said).expect("it says JSON");
    let cited = json!(["https://one.example/refunds"]);
    // The first of them do not read what a chat completion cites.
    let in_chat = if version == OLDEST_5 {
        json!([])
    } else {
        cited.clone()
    };
    for (way, sources) in [
        ("responses", cited),
        ("chat", in_chat),
        ("compatible", json!([])),
    ] {
        let expected = json!([REFUNDS, "stop", REFUNDS, REFUNDS, 18, sources, "string"]);
        assert_eq!(said[way], expected, "{way}");
    }
    assert_eq!(said["wrong"][0], "AI_APICallError");
    assert_eq!(said["wrong"][1], 404);
    assert!(
        said["wrong"][2]
            .as_str()
            .unwrap()
            .starts_with("There is no such model here.")
    );
    // The answer before is said to the model, though one way only names it.
    let asked = scene.provider.chats();
    let second = |nth: usize| asked[nth].body["messages"].to_string();
    for nth in [1, 4, 7] {
        assert!(second(nth).contains(REFUNDS), "{}", second(nth));
    }
}
