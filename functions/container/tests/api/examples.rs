//! The client of docs/examples, against the service itself; left out where there is no Node.

use crate::kit::{ADMIN1, Kit, PASSWORD, U1, http::Served, left_out};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tokio::process::Command;

/// What a browser has and Node has not; and then what the example page does, besides a stream cut in odd places.
const PAGE: &str = r#"
const kept = new Map();
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
let turn = Promise.resolve();
const locks = { request: (_, work) => (turn = turn.catch(() => {}).then(work)) };
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
const { Parlance, events } = await import("./parlance.mjs");
const [, , base, email, password] = process.argv;

const bytes = new TextEncoder().encode(': a heartbeat\n\nid: 1\nevent: delta\ndata: {"text":"für\\n\\n€"}\n\nevent: done\ndata: {}\n\n');
const cut = new ReadableStream({ start(to) { for (const byte of bytes) to.enqueue(new Uint8Array([byte])); to.close(); } });
const said = { cut: [] };
for await (const event of events(cut)) said.cut.push(event);

const api = new Parlance(base, "one");
said.wrong = await api.login(email, "not the password").catch(({ code, status }) => ({ code, status }));
await api.login(email, password);
const ask = async (client, session) => {
  const all = [];
  for await (const event of client.ask("How long does a refund take?", session)) all.push(event);
  return all;
};
said.events = await ask(api);
// Connections that end after a part of the answer, and one that says nothing at all.
const { fetch } = globalThis;
const parts = [0, 1, 2, 3];
said.asked = [];
globalThis.fetch = async (url, options) => {
  const answer = await fetch(url, options);
  const path = new URL(url).pathname;
  if (!path.startsWith("/chat") || parts.length === 0) return answer;
  said.asked.push([path.split("/").at(-1), options.headers["last-event-id"] ?? null]);
  const blocks = (await answer.text()).split("\n\n").slice(0, parts.shift());
  return new Response(blocks.map((block) => block + "\n\n").join(""));
};
said.resumed = await ask(api);
globalThis.fetch = fetch;
said.stopped = (await api.stop(said.events[0].data.message_id)).status;
// Two pages that are opened later have the refresh token only.
const later = [new Parlance(base, "one"), new Parlance(base, "one")];
said.later = (await Promise.all(later.map((client) => ask(client)))).map((all) => all.at(-1).event);
// The last one ends the login for all of them.
const refreshed = kept.get("refresh_token");
await later[1].logout();
said.loggedIn = [later[1].loggedIn, kept.has("refresh_token")];
kept.set("refresh_token", refreshed);
said.ended = await ask(new Parlance(base, "one")).catch(({ code, status }) => ({ code, status }));
process.stdout.write(JSON.stringify(said));
"#;

#[tokio::test]
async fn the_example_logs_in_streams_takes_turns_with_other_pages_and_logs_out() {
    if Command::new("node")
        .arg("--version")
        .output()
        .await
        .is_err()
    {
        left_out("Node is not installed");
        return;
    }
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let served = Served::new(&kit).await;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    fs::create_dir_all(&here).unwrap();
    fs::copy(examples.join("parlance.js"), here.join("parlance.mjs")).unwrap();
    fs::write(here.join("page.mjs"), PAGE).unwrap();
    let base = format!("http://{}", served.address);
    let ran = Command::new("node")
        .arg("page.mjs")
        .args([&base, U1.email, PASSWORD])
        .current_dir(&here)
        .output();
    let ran = ran.await.unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();

    assert_eq!(said["cut"][0]["data"]["text"], "für\n\n€");
    assert_eq!(said["cut"][1]["event"], "done");
    assert_eq!(said["wrong"]["code"], "invalid_credentials");
    assert_eq!(said["wrong"]["status"], 401);
    let events = said["events"].as_array().unwrap();
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        (names[0], names[1], names[2]),
        ("start", "sources", "delta"),
        "{names:?}"
    );
    assert_eq!(names.last(), Some(&"done"), "{names:?}");
    assert_eq!(events[1]["data"]["sources"][0]["title"], "Refunds");
    let text: String = events
        .iter()
        .filter_map(|event| event["data"]["text"].as_str())
        .collect();
    assert!(text.contains("5 working days"), "{text}");
    // Cut off again and again, the answer is the same, and was asked for once.
    let without_ids = |events: &Value| -> Vec<Value> {
        let all = events.as_array().unwrap().iter().cloned();
        let shown = all.filter(|e| ["sources", "done"].contains(&e["event"].as_str().unwrap()));
        shown.map(|e| e["event"].clone()).collect()
    };
    assert_eq!(without_ids(&said["resumed"]), without_ids(&said["events"]));
    let pieces = said["resumed"].as_array().unwrap().iter();
    let resumed: String = pieces.filter_map(|e| e["data"]["text"].as_str()).collect();
    assert_eq!(resumed, text);
    let asked = json!([
        ["chat", null],
        ["chat", null],
        ["stream", "0"],
        ["stream", "0"]
    ]);
    assert_eq!(said["asked"], asked);
    assert_eq!(said["stopped"], "complete");
    assert_eq!(kit.messages().await.len(), 8);
    assert_eq!(said["later"], json!(["done", "done"]));
    assert_eq!(said["loggedIn"], json!([false, false]));
    let ended = json!({ "code": "session_expired", "status": 401 });
    assert_eq!(said["ended"], ended);
}
