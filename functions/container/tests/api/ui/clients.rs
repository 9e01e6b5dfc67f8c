//! Stock clients of the AI SDK, the oldest and the newest that was read of each major version, with only `api` and `headers`
//! set; left out where there is no Node, or no npm packages.

mod browser;
mod installed;
mod talk;

use super::{kit, load};
use crate::kit::{
    ADMIN1, Kit, U1,
    http::Served,
    provider::{Provider, Reply},
};
use installed::Version;
use serde_json::{Value, json};
use talk::Talk;

/// One client at one service.
struct Run {
    version: Version,
    provider: Provider,
    kit: Kit,
    served: Served,
    token: String,
    talk: Talk,
}

impl Run {
    async fn new(version: Version) -> Option<Self> {
        let folder = installed::folder(version)?;
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
            .await;
        let served = Served::new(&kit).await;
        let token = kit.token(U1).await;
        let service = format!("http://{}", served.address);
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/ui/clients/chat.mjs");
        let talk = Talk::begin(&folder, program, &[&service, &token]);
        Some(Self {
            version,
            provider,
            kit,
            served,
            token,
            talk,
        })
    }

    async fn does(&mut self, command: Value) -> Value {
        self.talk.does(command).await
    }

    fn says(&self, answer: &str) {
        self.provider.reply(Reply::Text(vec![answer.to_owned()]));
    }

    /// Sends what is said, and waits for the answer.
    async fn ask(&mut self, message: Value) -> Value {
        self.does(json!({ "does": "send", "message": message }))
            .await;
        self.does(json!({ "does": "settle" })).await
    }

    async fn regenerate(&mut self, options: Value) -> Value {
        self.does(json!({ "does": "regenerate", "options": options }))
            .await;
        self.does(json!({ "does": "settle" })).await
    }

    /// Asks for an answer of which only the first word comes.
    async fn begin(&mut self, question: &str) {
        self.provider.hold(&["One ", "two ", "three"]);
        self.provider.let_go(1);
        self.does(json!({ "does": "send", "message": { "text": question } }))
            .await;
        let begun = self.does(json!({ "does": "until", "holds": "One " })).await;
        assert_eq!(begun["status"], "streaming", "{}: {begun}", self.version.ai);
    }

    /// Asserts that the client is ready for more and has what the service has; role and text of each message.
    async fn assert_same(&self, state: &Value, expected: &[(&str, &str)]) {
        let version = self.version.ai;
        assert_eq!(state["status"], "ready", "{version}: {state}");
        assert_eq!(state["error"], Value::Null, "{version}: {state}");
        let messages = state["messages"].as_array().unwrap();
        let shown: Vec<_> = messages
            .iter()
            .map(|m| (m["role"].as_str().unwrap(), text(m)))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(role, text)| (*role, (*text).to_owned()))
            .collect();
        assert_eq!(shown, expected, "{version}");
        let stored = load(&self.kit, &self.token, "chat").await;
        assert_eq!(state["messages"], stored["messages"], "{version}");
    }
}

/// All text of a message.
fn text(message: &Value) -> String {
    let parts = message["parts"].as_array().unwrap().iter();
    let texts = parts.filter(|part| part["type"] == "text");
    texts.filter_map(|part| part["text"].as_str()).collect()
}

fn last(state: &Value) -> &Value {
    state["messages"]
        .as_array()
        .and_then(|all| all.last())
        .unwrap()
}

fn open(load: bool) -> Value {
    json!({ "does": "open", "id": "chat", "load": load })
}

async fn sends(run: &mut Run) {
    run.does(open(false)).await;
    run.says("In 5 days.");
    let question = "How long does a refund take?";
    let state = run
        .ask(json!({ "text": question, "metadata": { "page": "/help" } }))
        .await;
    run.assert_same(&state, &[("user", question), ("assistant", "In 5 days.")])
        .await;
    let parts = last(&state)["parts"].as_array().unwrap().iter();
    let types: Vec<_> = parts.map(|p| p["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["step-start", "source-document", "data-sources", "text"]
    );
    assert_eq!(last(&state)["metadata"]["status"], "complete");
}

async fn edits_and_regenerates(run: &mut Run) {
    let state = run.does(open(true)).await;
    let (first, old) = (&state["messages"][0]["id"], &state["messages"][1]["id"]);
    run.says("Another answer.");
    let state = run.regenerate(json!({})).await;
    assert_ne!(&last(&state)["id"], old);
    let question = "How long does a refund take?";
    run.assert_same(
        &state,
        &[("user", question), ("assistant", "Another answer.")],
    )
    .await;
    run.says("Yes.");
    let state = run.ask(json!({ "text": "Really?" })).await;
    let said = [
        ("user", question),
        ("assistant", "Another answer."),
        ("user", "Really?"),
        ("assistant", "Yes."),
    ];
    run.assert_same(&state, &said).await;
    // The answer before the last one: what followed it is gone.
    let older = &state["messages"][1]["id"];
    run.says("A third answer.");
    let state = run.regenerate(json!({ "messageId": older })).await;
    run.assert_same(
        &state,
        &[("user", question), ("assistant", "A third answer.")],
    )
    .await;
    run.says("The same day.");
    let state = run
        .ask(json!({ "text": "When do you answer?", "messageId": first }))
        .await;
    assert_eq!(&state["messages"][0]["id"], first);
    run.assert_same(
        &state,
        &[
            ("user", "When do you answer?"),
            ("assistant", "The same day."),
        ],
    )
    .await;
    let asked = run.provider.chats().pop().unwrap();
    assert!(
        !asked.body.to_string().contains("third"),
        "what was replaced is not said to the model"
    );
}

const BEFORE: [(&str, &str); 2] = [
    ("user", "When do you answer?"),
    ("assistant", "The same day."),
];

async fn reloads_and_resumes(run: &mut Run) {
    let state = run.does(open(true)).await;
    run.assert_same(&state, &BEFORE).await;
    // Where nothing runs, nothing happens; only that the first versions wait on.
    run.does(json!({ "does": "resume" })).await;
    let state = run.does(json!({ "does": "settle" })).await;
    match run.version.ai {
        "5.0.0" => assert_eq!(state["status"], "submitted"),
        _ => run.assert_same(&state, &BEFORE).await,
    }

    run.begin("Count.").await;
    run.does(json!({ "does": "stop" })).await;
    let state = run.does(open(true)).await;
    assert_eq!(
        text(last(&state)),
        "Count.",
        "the running answer is left out"
    );
    run.does(json!({ "does": "resume" })).await;
    run.does(json!({ "does": "until", "holds": "One " })).await;
    run.provider.let_go(3);
    let state = run.does(json!({ "does": "settle" })).await;
    let said = [
        BEFORE[0],
        BEFORE[1],
        ("user", "Count."),
        ("assistant", "One two three"),
    ];
    run.assert_same(&state, &said).await;
}

async fn stops(run: &mut Run) {
    run.does(open(true)).await;
    run.begin("Count again.").await;
    super::stop(&run.kit, &run.token, "chat").await;
    let state = run.does(json!({ "does": "settle" })).await;
    let said = [
        BEFORE[0],
        BEFORE[1],
        ("user", "Count."),
        ("assistant", "One two three"),
        ("user", "Count again."),
        ("assistant", "One "),
    ];
    run.assert_same(&state, &said).await;
    assert_eq!(last(&state)["metadata"]["status"], "stopped");
    // Its reader alone stops: the answer goes on.
    run.begin("Count on.").await;
    run.does(json!({ "does": "stop" })).await;
    let state = run.does(json!({ "does": "settle" })).await;
    assert_eq!(
        (state["status"].as_str(), &*text(last(&state))),
        (Some("ready"), "One ")
    );
    run.provider.let_go(3);
    run.kit.settled().await;
    let state = run.does(open(true)).await;
    assert_eq!(text(last(&state)), "One two three");
}

async fn fails(run: &mut Run) {
    run.does(open(true)).await;
    run.provider
        .reply(Reply::BreakAfter(vec!["A part".to_owned()]));
    let state = run.ask(json!({ "text": "And this?" })).await;
    let version = run.version.ai;
    assert_eq!(state["status"], "error", "{version}: {state}");
    let told = state["error"].as_str().unwrap();
    assert!(
        told.ends_with('.') && !told.contains('{'),
        "{version}: {told}"
    );
    assert_eq!(
        last(&state)["metadata"]["error_code"],
        "provider_interrupted"
    );
    assert_eq!(text(last(&state)), "A part");
    // As the documentation of the AI SDK has it, an error is followed by another try.
    run.says("That is good.");
    let state = run.regenerate(json!({})).await;
    assert_eq!(
        (state["status"].as_str(), &*text(last(&state))),
        (Some("ready"), "That is good.")
    );
    let stored = load(&run.kit, &run.token, "chat").await;
    assert_eq!(state["messages"], stored["messages"], "{version}");

    // Before the stream, the error is the sentence of the body; the next try asks what was never taken.
    let refused = json!({ "does": "open", "id": "new", "as": { "Authorization": "Bearer x" } });
    run.does(refused).await;
    let state = run.ask(json!({ "text": "Hello?" })).await;
    assert_eq!(state["status"], "error", "{version}: {state}");
    let told = state["error"].as_str().unwrap();
    assert!(
        told.starts_with("Log in and send the access token"),
        "{version}: {told}"
    );
    let file = json!({ "text": "What is it?", "files": [
        { "type": "file", "mediaType": "image/png", "url": "data:image/png;base64,AAAA" }] });
    run.does(open(true)).await;
    let state = run.ask(file).await;
    assert!(
        state["error"]
            .as_str()
            .unwrap()
            .contains("files are not taken yet"),
        "{version}: {state}"
    );
}

/// All that a user of a stock client does, in one conversation.
async fn a_client_of(version: Version) {
    let Some(mut run) = Run::new(version).await else {
        return;
    };
    sends(&mut run).await;
    edits_and_regenerates(&mut run).await;
    reloads_and_resumes(&mut run).await;
    stops(&mut run).await;
    fails(&mut run).await;
    run.talk.end().await;
    run.served.stop().await;
}

#[tokio::test]
async fn the_oldest_of_version_5() {
    a_client_of(installed::OLDEST_5).await;
}

#[tokio::test]
async fn the_newest_of_version_5() {
    a_client_of(installed::NEWEST_5).await;
}

#[tokio::test]
async fn the_oldest_of_version_6() {
    a_client_of(installed::OLDEST_6).await;
}

#[tokio::test]
async fn the_newest_of_version_6() {
    a_client_of(installed::NEWEST_6).await;
}

#[tokio::test]
async fn the_oldest_of_version_7() {
    a_client_of(installed::OLDEST_7).await;
}

#[tokio::test]
async fn the_newest_of_version_7() {
    a_client_of(installed::NEWEST_7).await;
}
