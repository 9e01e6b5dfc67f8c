//! Stock clients of the AI SDK, the oldest and the newest that was read of each major version, with only `api` and `headers`
//! set; left out where there is no Node, or no npm packages.

mod browser;
mod installed;
mod run;
mod talk;

use super::load;
use crate::kit::provider::Reply;
use installed::Version;
use run::{Run, last, open, text};
use serde_json::json;

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

/// As the documentation has it for long conversations.
async fn sends_the_last_message_alone(run: &mut Run) {
    let open = json!({ "does": "open", "id": "chat", "sends": "last" });
    let before = run.does(open).await;
    let before = before["messages"].as_array().unwrap().len();
    run.says("Alone.");
    run.ask(json!({ "text": "Is it alone?" })).await;
    run.says("Still alone.");
    let state = run.regenerate(json!({})).await;
    let question = state["messages"][before]["id"].clone();
    assert_eq!(text(last(&state)), "Still alone.");
    run.says("So it is.");
    let state = run
        .ask(json!({ "text": "It is alone.", "messageId": question }))
        .await;
    assert_eq!(state["messages"].as_array().unwrap().len(), before + 2);
    assert_eq!(
        (state["status"].as_str(), &*text(last(&state))),
        (Some("ready"), "So it is.")
    );
    let stored = load(&run.kit, &run.token, "chat").await;
    assert_eq!(state["messages"], stored["messages"], "{}", run.version.ai);
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
    sends_the_last_message_alone(&mut run).await;
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
