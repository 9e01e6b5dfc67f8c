//! The clients that others have published, as they are, in each way that they can speak; left out where there is no Python or no Node,
//! or where they cannot be had.

use super::documents_key;
use crate::kit::{
    ADMIN1, Kit,
    http::Served,
    packages::{example, npm, pip},
    wait::wait_for,
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tokio::process::Command;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/mcp/clients");
const TEXT: &str = "A refund takes 5 working days.";

/// A service with a document and a key for documents.
struct Scene {
    _kit: Kit,
    served: Served,
    key: String,
}

impl Scene {
    async fn new() -> Self {
        let kit = Kit::new().await;
        kit.add_document(ADMIN1, "Refunds", TEXT).await;
        Self {
            served: Served::new(&kit).await,
            key: documents_key(&kit).await,
            _kit: kit,
        }
    }

    /// Runs a program to its end; what it says.
    async fn run(&self, program: &Path, arguments: &[&str], folder: &Path) -> String {
        let mut command = Command::new(program);
        let service = format!("http://{}", self.served.address);
        command
            .args(arguments)
            .current_dir(folder)
            .env("PARLANCE_URL", service)
            .env("PARLANCE_KEY", &self.key)
            .kill_on_drop(true);
        let ran = wait_for(format!("{}", program.display()), command.output()).await;
        let ran = ran.expect("it was installed, so it runs");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(ran.stdout).expect("what it says is text")
    }

    /// Lets a client do all that it can, speaking as `revision` says, and asserts that it speaks `spoken` then.
    async fn assert_client(&self, program: &Path, script: &Path, revision: &str, spoken: &str) {
        let service = format!("http://{}", self.served.address);
        let folder = script.parent().expect("it is in a folder");
        let script = script.to_str().expect("the path is text");
        let arguments = [script, &service, &self.key, revision];
        let said = self.run(program, &arguments, folder).await;
        let said: Value = serde_json::from_str(&said).expect("it says JSON");
        // Who is told to speak so does not ask whom it speaks to.
        let name = (revision != spoken).then_some("parlance");
        assert_eq!(said["spoken"], json!([spoken, name]), "{said}");
        assert_eq!(said["tools"][0][0], "search_documents");
        assert_eq!(said["tools"][0][1], true, "it is read-only");
        let passages = &said["found"]["passages"];
        assert_eq!(passages[0]["title"], "Refunds", "{said}");
        assert_eq!(passages[0]["text"], TEXT);
        assert_eq!(said["same"], true, "the text is what is structured");
        let wrong = json!([
            true,
            "Some fields are not acceptable. `top_k` must be from 1 to 20."
        ]);
        assert_eq!(said["wrong"], wrong);
        assert_eq!(said["unknown"][0], -32602, "{said}");
        let refused = said["refused"].to_string();
        // Some show the sentence, others the status alone.
        let told = ["API key that is good", "401"];
        assert!(told.iter().any(|told| refused.contains(told)), "{refused}");
    }
}

async fn python(listed: &str, ways: &[(&str, &str)]) {
    let first = listed.lines().next().unwrap_or_default();
    let name = first.replace("==", "-python-");
    let Some(python) = pip(&name, listed) else {
        return;
    };
    let scene = Scene::new().await;
    let script = Path::new(HERE).join("client.py");
    for (revision, spoken) in ways {
        scene
            .assert_client(&python, &script, revision, spoken)
            .await;
    }
}

#[tokio::test]
async fn the_client_for_python() {
    let ways = [
        ("auto", "2026-07-28"),
        ("2026-07-28", "2026-07-28"),
        ("legacy", "2025-11-25"),
    ];
    python("mcp==2.3.0\n", &ways).await;
}

#[tokio::test]
async fn the_client_for_python_of_the_revision_before() {
    python("mcp==1.30.0\n", &[("legacy", "2025-11-25")]).await;
}

#[tokio::test]
async fn the_client_for_python_of_the_revision_before_that() {
    python(
        "mcp==1.12.4\npydantic==2.11.7\n",
        &[("legacy", "2025-06-18")],
    )
    .await;
}

async fn node(package: &str, version: &str, ways: &[(&str, &str)]) {
    let listed = json!({ "type": "module", "dependencies": { package: version } });
    let name = format!("mcp-node-{version}");
    let Some(folder) = npm(&name, &listed.to_string()) else {
        return;
    };
    let scene = Scene::new().await;
    let script = folder.join("client.mjs");
    fs::copy(Path::new(HERE).join("client.mjs"), &script).expect("a file can be copied");
    for (revision, spoken) in ways {
        scene
            .assert_client(Path::new("node"), &script, revision, spoken)
            .await;
    }
}

#[tokio::test]
async fn the_client_for_node() {
    let ways = [("auto", "2026-07-28"), ("legacy", "2025-11-25")];
    node("@modelcontextprotocol/client", "2.4.0", &ways).await;
}

#[tokio::test]
async fn the_client_for_node_of_the_revision_before() {
    node(
        "@modelcontextprotocol/sdk",
        "1.32.2",
        &[("legacy", "2025-11-25")],
    )
    .await;
}

#[tokio::test]
async fn the_examples_of_the_page_work() {
    let scene = Scene::new().await;
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let curl = temporary.join("mcp.example.sh");
    fs::write(
        &curl,
        example("clients.md", "## Assistants and editors", "sh"),
    )
    .unwrap();
    let said = scene
        .run(Path::new("bash"), &[curl.to_str().unwrap()], temporary)
        .await;
    assert!(said.contains(TEXT), "{said}");
}
