//! Servers of OpenAI's API of each kind that is known.

use ai::{Error, PRESETS, Preset, Provider};
use serde_json::json;

use crate::{
    ask, collect, done, keyed, options,
    server::{END, Seen, Server, chunks, delta},
};

/// What a server of that kind is sent for a question.
async fn sent(kind: &str, provider: &Provider) -> Seen {
    let server = Server::always(|| chunks([delta("Hi."), END.to_owned()])).await;
    let client = server.client_of("mine", Preset::named(kind).unwrap());
    let answer = client.answer(provider, ask("Hi"), options(), true);
    assert_eq!(collect(answer).await.1, done(5, 2, true), "{kind}");
    server.only()
}

#[tokio::test]
async fn each_kind_is_asked_as_it_takes_it() {
    let (older, newer) = ("max_tokens", "max_completion_tokens");
    for (kind, limit, counts) in [
        ("openai", newer, true),
        ("deepseek", older, true),
        ("azure", newer, true),
        ("groq", newer, true),
        ("litellm", older, true),
        ("mistral", older, false),
        ("ollama", older, true),
        ("openrouter", older, true),
        ("vllm", older, true),
    ] {
        let seen = sent(kind, &keyed("mine", "sk-mine")).await;
        let is_azure = kind == "azure";
        let path = match is_azure {
            true => "/mine/v1/chat/completions?api-version=2024-10-21",
            false => "/mine/v1/chat/completions",
        };
        assert_eq!(seen.path, path, "{kind}");
        let keys = [seen.header("authorization"), seen.header("api-key")];
        let expected = if is_azure {
            ["", "sk-mine"]
        } else {
            ["Bearer sk-mine", ""]
        };
        assert_eq!(keys, expected, "{kind}");
        let body = &seen.body;
        assert_eq!(body[limit], 77, "{kind}");
        let other = if limit == older { newer } else { older };
        assert_eq!(body.get(other), None, "{kind}");
        assert_eq!(body.get("stream_options").is_some(), counts, "{kind}");
        assert_eq!(body["temperature"], json!(0.2));
    }
    assert_eq!(PRESETS.len(), 9, "all kinds are above");
}

#[tokio::test]
async fn a_server_that_needs_no_key_is_sent_none() {
    let provider = Provider::Remote {
        name: "mine".to_owned(),
        key: None,
    };
    let seen = sent("ollama", &provider).await;
    assert_eq!(seen.headers.get("authorization"), None);
}

#[tokio::test] // R59
async fn a_server_that_the_deployment_does_not_know_is_not_asked() {
    let server = Server::always(|| chunks([delta("Hi."), END.to_owned()])).await;
    let client = server.client();
    let answer = client.answer(&keyed("theirs", "sk"), ask("Hi"), options(), true);
    assert_eq!(collect(answer).await.1, Err(Error::Rejected));
    assert!(server.seen().is_empty());
}
