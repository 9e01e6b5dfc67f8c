//! The component of docs/clients.md in a real browser, on a page of its own origin; left out where there is none.

use super::{
    installed::{NEWEST_7, OLDEST_5, Version, packages},
    run::text,
    talk::Talk,
};
use crate::{
    kit::{
        ADMIN1, Kit, U1,
        http::Served,
        left_out,
        packages::{example, npm},
        provider::Provider,
    },
    ui::{load, said},
};
use axum::{Router, response::Html, routing::get};
use serde_json::{Value, json};
use std::{env, fs, path::PathBuf, process::Command};
use tokio::{net::TcpListener, task::JoinHandle};

/// What puts the component on a page.
const MAIN: &str = r##"
import { createRoot } from "react-dom/client";
import { Conversation } from "./chat.jsx";
const { api, token } = window.settings;
createRoot(document.querySelector("main")).render(<Conversation id="chat" api={api} token={() => token} />);
"##;

fn chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let all = names
        .iter()
        .flat_map(|name| folders.iter().map(move |at| at.join(name)));
    let found = { all }.find(|at| at.is_file());
    if found.is_none() {
        left_out("there is no Chromium; `apt-get install chromium` has one");
    }
    found
}

/// The page's script, and where the packages are.
fn bundle(version: Version) -> Option<(String, PathBuf)> {
    let mut package = packages(version);
    package["dependencies"]["esbuild"] = json!("0.25.12");
    package["dependencies"]["playwright-core"] = json!("1.65.1");
    let folder = npm(&format!("page-{}", version.ai), &package.to_string())?;
    fs::write(
        folder.join("chat.jsx"),
        example("clients.md", "`useChat`", "jsx"),
    )
    .expect("a file can be written");
    fs::write(folder.join("main.jsx"), MAIN).expect("a file can be written");
    let made = Command::new("node_modules/.bin/esbuild")
        .args([
            "main.jsx",
            "--bundle",
            "--jsx=automatic",
            "--define:process.env.NODE_ENV=\"production\"",
        ])
        .current_dir(&folder)
        .output()
        .expect("esbuild runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Some((
        String::from_utf8(made.stdout).expect("a script is text"),
        folder,
    ))
}

fn press(button: &str) -> Value {
    json!({ "does": "press", "button": button })
}

fn shows(text: &str) -> Value {
    json!({ "does": "shows", "text": text })
}

/// Types a question and sends it.
async fn ask(talk: &mut Talk, text: &str) {
    talk.does(json!({ "does": "type", "text": text })).await;
    talk.does(press("Send")).await;
}

/// A service, and a page of another origin in a browser.
struct Page {
    provider: Provider,
    kit: Kit,
    served: Served,
    serving: JoinHandle<std::io::Result<()>>,
    token: String,
    talk: Talk,
}

async fn opened(version: Version) -> Option<Page> {
    let chromium = chromium()?;
    let (script, folder) = bundle(version)?;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let provider = Provider::start().await;
    let kit = provider
        .kit([
            ("OPENAI_API_KEY", "sk-deployment"),
            ("BACKEND_CORS_ORIGINS", &origin),
        ])
        .await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let (served, token) = (Served::new(&kit).await, kit.token(U1).await);
    let settings = json!({ "api": format!("http://{}", served.address), "token": token });
    let script = script.replace("</", "<\\/");
    let html = format!(
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><main></main><script>window.settings={settings}</script><script>{script}</script>"
    );
    let page = Router::new().route("/", get(move || async { Html(html) }));
    let serving = tokio::spawn(async move { axum::serve(listener, page).await });
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/api/ui/clients/browser.mjs"
    );
    let mut talk = Talk::begin(&folder, program, &[&chromium.to_string_lossy(), &origin]);

    talk.does(json!({ "does": "open" })).await;
    Some(Page {
        provider,
        kit,
        served,
        serving,
        token,
        talk,
    })
}

async fn asks_reloads_stops_and_asks_again(page: &mut Page) {
    let Page { provider, talk, .. } = page;
    ask(talk, "How long does a refund take?").await;
    let seen = talk.does(shows("Hello from the model.")).await;
    let first = json!(["user", "How long does a refund take?"]);
    assert_eq!(
        seen["said"],
        json!([first, ["assistant", "Hello from the model."]])
    );
    talk.does(shows("Refunds")).await;
    talk.does(json!({ "does": "becomes", "status": "ready" }))
        .await;

    // A reload in the middle of an answer.
    provider.hold(&["One ", "two ", "three"]);
    provider.let_go(1);
    ask(talk, "Count.").await;
    talk.does(shows("One")).await;
    talk.does(json!({ "does": "reload" })).await;
    let seen = talk.does(shows("One")).await;
    assert_eq!(seen["said"].as_array().unwrap().len(), 4, "{seen}");
    provider.let_go(3);
    talk.does(shows("One two three")).await;
    talk.does(json!({ "does": "becomes", "status": "ready" }))
        .await;

    // A stop, and another answer.
    provider.hold(&["Half ", "whole"]);
    provider.let_go(1);
    ask(talk, "And?").await;
    talk.does(shows("Half")).await;
    talk.does(press("Stop")).await;
    let seen = talk
        .does(json!({ "does": "becomes", "status": "ready" }))
        .await;
    assert_eq!(seen["said"][5], json!(["assistant", "Half"]));
    talk.does(press("Again")).await;
    talk.does(json!({ "does": "shows", "text": "Hello from the model.", "nth": 1 }))
        .await;
}

async fn edits_and_is_refused(page: &mut Page) {
    let Page {
        kit, token, talk, ..
    } = page;
    // The first question, asked otherwise; then a failure, with its sentence.
    talk.does(press("Edit")).await;
    ask(talk, "Otherwise?").await;
    talk.does(shows("Otherwise?")).await;
    talk.does(json!({ "does": "becomes", "status": "ready" }))
        .await;
    let now = said(kit, token, "chat").await;
    assert_eq!((now.len(), &*now[0].1), (2, "Otherwise?"));
    ask(talk, "A question of a user who is gone").await;
    talk.does(json!({ "does": "becomes", "status": "ready" }))
        .await;
    let logout =
        sqlx::query("update parlance.users set is_active = false where id = $1").bind(U1.id);
    let stored = load(kit, token, "chat").await;
    logout.execute(&kit.pool).await.unwrap();
    kit.clock.advance(chrono::TimeDelta::seconds(10));
    ask(talk, "Am I still here?").await;
    let seen = talk
        .does(json!({ "does": "becomes", "status": "error" }))
        .await;
    assert!(
        seen["alert"].as_str().unwrap().starts_with("Log in"),
        "{seen}"
    );
    // Until then the page showed what is stored.
    let texts = stored["messages"].as_array().unwrap().iter();
    let texts: Vec<Value> = texts.map(|m| json!([m["role"], text(m)])).collect();
    let shown = seen["said"].as_array().unwrap();
    assert_eq!(shown[..texts.len()], texts);
    assert_eq!(seen["faults"], json!([]));
}

async fn a_page_of(version: Version) {
    let Some(mut page) = opened(version).await else {
        return;
    };
    asks_reloads_stops_and_asks_again(&mut page).await;
    edits_and_is_refused(&mut page).await;
    page.talk.end().await;
    page.serving.abort();
    page.served.stop().await;
}

#[tokio::test]
async fn the_documented_page_with_the_newest_client() {
    a_page_of(NEWEST_7).await;
}

#[tokio::test]
async fn the_documented_page_with_the_oldest_client() {
    a_page_of(OLDEST_5).await;
}
