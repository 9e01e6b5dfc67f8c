//! The clients that others have published, as they are; left out where there is no Python or no Node, or where they cannot
//! be had.

mod ai_sdk;

use super::kit;
use crate::kit::{
    ADMIN1, Kit,
    http::Served,
    packages::{example, npm, pip},
    provider::{Provider, Reply},
    wait::wait_for,
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tokio::process::Command;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/v1/clients");
const REFUNDS: &str = "In 5 days [1].";

/// The clients that hear of no error in a stream.
const DEAF: [&str; 1] = ["4.0.0"];

/// A service with a document and a server's key.
struct Scene {
    kit: Kit,
    provider: Provider,
    served: Served,
    key: String,
}

impl Scene {
    async fn new() -> Self {
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        let admin = kit.token(ADMIN1).await;
        let document = json!({ "title": "Refunds", "text": "A refund takes 5 working days.", "source_url": "https://one.example/refunds" });
        assert_eq!(kit.post(&admin, "/documents", document).await.status, 202);
        let served = Served::new(&kit).await;
        let key = key(&kit, json!({ "scopes": ["chat"] })).await;
        Self {
            kit,
            provider,
            served,
            key,
        }
    }

    fn service(&self) -> String {
        format!("http://{}", self.served.address)
    }

    /// Runs a program to its end; what it says.
    async fn run(&self, program: &Path, arguments: &[&str], folder: &Path) -> String {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .env("PARLANCE_URL", self.service())
            .env("PARLANCE_KEY", &self.key)
            .kill_on_drop(true);
        let ran = wait_for(format!("{}", program.display()), command.output()).await;
        let ran = ran.expect("it was installed, so it runs");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(ran.stdout).expect("what it says is text")
    }

    /// Lets one of OpenAI's clients do all that it can, and asserts what came of it.
    async fn assert_openai(&self, program: &Path, script: &Path, folder: &Path, answers: usize) {
        let text = || Reply::Text(vec!["In 5 days ".into(), "[1].".into()]);
        self.provider.reply(text());
        self.provider.reply(text());
        // For the one whose limit is one question.
        self.provider.reply(text());
        self.provider.reply(Reply::BreakAfter(vec!["In 5 ".into()]));
        self.provider.hold(&["One ", "two."]);
        self.provider.let_go(1);
        for _ in 0..answers {
            self.provider.reply(text());
        }
        self.provider.reply(Reply::Status(401, json!({})));
        let limited = json!({ "scopes": ["chat"], "limits": { "requests_per_minute": 1 } });
        let spent = json!({ "scopes": ["chat"], "limits": { "tokens_per_day": 1 } });
        let keys = [
            key(&self.kit, json!({ "scopes": ["documents"] })).await,
            key(&self.kit, limited).await,
            key(&self.kit, spent).await,
        ];
        let service = self.service();
        let script = script.to_str().expect("the path is text");
        let [other, limited, spent] = &keys;
        let arguments = [script, &service, &self.key, "sk-x", other, limited, spent];
        let said = self.run(program, &arguments, folder).await;
        let said: Value = serde_json::from_str(&said).expect("it says JSON");
        assert_said(&said, answers > 0);
        // What it closed was ended here.
        let id = said["message"]
            .as_str()
            .unwrap()
            .trim_start_matches("chatcmpl-");
        let row = self.kit.until(id.parse().unwrap(), "stopped").await;
        assert_eq!(row.content, "One ");
    }
}

/// Has the administrator make a key.
async fn key(kit: &Kit, mut asked: Value) -> String {
    asked["name"] = json!("A server");
    let made = kit
        .post(&kit.token(ADMIN1).await, "/admin/api-keys", asked)
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json["key"].as_str().unwrap().to_owned()
}

fn assert_said(said: &Value, has_responses: bool) {
    let at = &said["version"];
    assert_eq!(said["models"], json!(["gpt-6-luna"]), "{at}");
    assert_eq!(said["model"], "gpt-6-luna", "{at}");
    assert_eq!(
        said["answer"],
        json!(["assistant", REFUNDS, "stop", 18]),
        "{at}"
    );
    assert_eq!(said["sources"], json!(["Refunds"]), "{at}");
    assert_eq!(said["streamed"], json!([REFUNDS, ["stop"], [18]]), "{at}");
    for (what, raised) in [
        (
            "no_key",
            json!(["AuthenticationError", 401, "invalid_api_key", null, 1, true]),
        ),
        (
            "no_scope",
            json!(["PermissionDeniedError", 403, "scope_missing", null, 1, true]),
        ),
        (
            "no_model",
            json!(["NotFoundError", 404, "model_not_found", "model", 1, true]),
        ),
        (
            "no_route",
            json!(["NotFoundError", 404, "not_found", null, 1, true]),
        ),
        (
            "refused",
            json!(["BadRequestError", 400, "unsupported_value", "n", 1, true]),
        ),
        (
            "limited",
            json!(["RateLimitError", 429, "rate_limit_exceeded", null, 2, true]),
        ),
        // It is told not to try again, and does not.
        (
            "spent",
            json!(["RateLimitError", 429, "insufficient_quota", null, 1, true]),
        ),
        (
            "broken",
            json!(["APIError", null, "provider_interrupted", null, 1, true]),
        ),
        (
            "failed",
            json!([
                "InternalServerError",
                502,
                "provider_auth_failed",
                null,
                1,
                true
            ]),
        ),
    ] {
        // The first ones take an error in a stream for a piece of it.
        let is_deaf = what == "broken" && DEAF.iter().any(|version| said["version"] == *version);
        let raised = if is_deaf { json!(null) } else { raised };
        assert_eq!(said[what], raised, "{at}: {what}");
    }
    if has_responses {
        assert_eq!(said["response"], json!(["completed", REFUNDS, 18]), "{at}");
        let events = json!(["response.created", "response.completed", REFUNDS]);
        assert_eq!(said["events"], events, "{at}");
        assert_eq!(said["runner"], REFUNDS, "{at}");
    }
}

async fn python(name: &str, listed: &str, answers: usize) {
    let Some(python) = pip(name, listed) else {
        return;
    };
    let scene = Scene::new().await;
    let script = Path::new(HERE).join("client.py");
    scene
        .assert_openai(&python, &script, Path::new(HERE), answers)
        .await;
}

#[tokio::test]
async fn openais_oldest_client_for_python() {
    // The first with this interface, and what it was made for.
    python("openai-python-1.0.0", "openai==1.0.0\nhttpx==0.27.2\n", 0).await;
}

#[tokio::test]
async fn openais_newest_client_for_python() {
    python("openai-python-3.57.0", "openai==3.57.0\n", 3).await;
}

async fn node(version: &str, answers: usize) {
    let package = json!({ "type": "module", "dependencies": { "openai": version } });
    let Some(folder) = npm(&format!("openai-node-{version}"), &package.to_string()) else {
        return;
    };
    let scene = Scene::new().await;
    let script = folder.join("client.mjs");
    fs::copy(Path::new(HERE).join("client.mjs"), &script).expect("a file can be copied");
    scene
        .assert_openai(Path::new("node"), &script, &folder, answers)
        .await;
}

#[tokio::test]
async fn openais_oldest_client_for_node() {
    node("4.0.0", 0).await;
}

#[tokio::test]
async fn openais_newest_client_for_node() {
    node("7.57.0", 3).await;
}

#[tokio::test]
async fn the_examples_of_the_page_work() {
    let scene = Scene::new().await;
    scene
        .provider
        .always(Reply::Text(vec!["In 5 days ".into(), "[1].".into()]));
    let run = async |program: &Path, folder: &Path, name: &str, text: &str| {
        let script = folder.join(name);
        fs::write(&script, text).expect("a file can be written");
        let said = scene
            .run(program, &[script.to_str().unwrap()], folder)
            .await;
        assert!(said.contains(REFUNDS), "{name}: {said}");
        said
    };
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let curl = example("clients.md", "## OpenAI's clients", "sh");
    let said = run(Path::new("bash"), temporary, "example.sh", &curl).await;
    assert!(said.contains("\"gpt-6-luna\""), "{said}");
    // The oldest and the newest, the oldest with the client that it was made for.
    for (version, openai) in [("1.7.4", "3.57.0"), ("0.1.1", "1.10.0\nhttpx==0.27.2")] {
        let listed = format!("openai=={openai}\nlangchain-openai=={version}\n");
        let Some(python) = pip(&format!("langchain-openai-{version}"), &listed) else {
            continue;
        };
        for (name, heading) in [
            ("openai.example.py", "**Python.**"),
            ("langchain.example.py", "**LangChain.**"),
        ] {
            let text = example("clients.md", heading, "python");
            run(&python, temporary, name, &text).await;
        }
    }
    let package = json!({ "type": "module", "dependencies": { "openai": "7.57.0" } });
    if let Some(folder) = npm("openai-node-7.57.0", &package.to_string()) {
        let text = example("clients.md", "**Node.**", "javascript");
        run(Path::new("node"), &folder, "example.mjs", &text).await;
    }
    if let Some(folder) = ai_sdk::installed(ai_sdk::NEWEST_7) {
        let text = example("clients.md", "**The AI SDK's `generateText`", "javascript");
        run(Path::new("node"), &folder, "example.mjs", &text).await;
    }
}
