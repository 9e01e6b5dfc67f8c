//! Requests that are too long.

use super::*;

#[tokio::test]
async fn what_is_too_long_for_the_model_is_refused_and_not_asked() {
    let provider = Provider::start().await;
    let models = std::env::temp_dir().join(format!("models-{}.json", uuid::Uuid::now_v7()));
    let small = json!({ "models": { "openai/small": { "context": 1000, "output": 100 } } });
    std::fs::write(&models, small.to_string()).unwrap();
    let vars = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("MODELS_FILE", models.to_str().unwrap()),
    ];
    let kit = provider.kit(vars).await;
    set(&kit, json!({ "chat_model": "small" })).await;
    let token = kit.token(U1).await;
    for long in [
        json!([{ "role": "user", "content": "x".repeat(5000) }]),
        json!([{ "role": "system", "content": "x".repeat(5000) }, { "role": "user", "content": "x" }]),
    ] {
        let refused = ask(&kit, &token, json!({ "messages": long })).await;
        let (code, param) = refused.openai(400);
        assert_eq!(
            (&*code, param.as_deref()),
            ("context_length_exceeded", Some("messages"))
        );
    }
    assert!(provider.chats().is_empty());
    std::fs::remove_file(models).unwrap();
}

#[tokio::test] // R54
async fn a_body_may_be_2_mib_and_no_larger() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let history = |bytes: usize| {
        json!({ "messages": [
            { "role": "user", "content": "x".repeat(bytes) }, { "role": "assistant", "content": "Yes." },
            { "role": "user", "content": "And now?" }
        ] })
    };
    let room = 2048 * 1024 - asked(history(0)).to_string().len();
    let largest = ask(&kit, &token, history(room)).await;
    assert_eq!(largest.status, 200, "{}", largest.text);
    let refused = ask(&kit, &token, history(room + 1)).await;
    assert_eq!(refused.openai(413).0, "too_large");
    assert!(refused.text.contains("2 MiB"), "{}", refused.text);
}
