//! One client at one service, and what it is held against.

use super::{
    installed::{self, Version},
    talk::Talk,
};
use crate::{
    kit::{
        ADMIN1, Kit, U1,
        http::Served,
        packages::example,
        provider::{Provider, Reply},
    },
    ui::{kit, load},
};
use serde_json::{Value, json};
use std::fs;

/// One client at one service.
pub(super) struct Run {
    pub(super) version: Version,
    pub(super) provider: Provider,
    pub(super) kit: Kit,
    pub(super) served: Served,
    pub(super) token: String,
    pub(super) talk: Talk,
}

impl Run {
    pub(super) async fn new(version: Version) -> Option<Self> {
        let folder = installed::folder(version)?;
        let transport = example("clients.md", "`useChat`", "js");
        let transport = transport.trim().trim_end_matches(';');
        let module = format!(
            "import {{ DefaultChatTransport }} from \"ai\";\nexport const alone = ({{ api, headers }}) => {transport};\n"
        );
        fs::write(folder.join("transport.mjs"), module).expect("a file can be written");
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

    pub(super) async fn does(&mut self, command: Value) -> Value {
        self.talk.does(command).await
    }

    pub(super) fn says(&self, answer: &str) {
        self.provider.reply(Reply::Text(vec![answer.to_owned()]));
    }

    /// Sends what is said, and waits for the answer.
    pub(super) async fn ask(&mut self, message: Value) -> Value {
        self.does(json!({ "does": "send", "message": message }))
            .await;
        self.does(json!({ "does": "settle" })).await
    }

    pub(super) async fn regenerate(&mut self, options: Value) -> Value {
        self.does(json!({ "does": "regenerate", "options": options }))
            .await;
        self.does(json!({ "does": "settle" })).await
    }

    /// Asks for an answer of which only the first word comes.
    pub(super) async fn begin(&mut self, question: &str) {
        self.provider.hold(&["One ", "two ", "three"]);
        self.provider.let_go(1);
        self.does(json!({ "does": "send", "message": { "text": question } }))
            .await;
        let begun = self.does(json!({ "does": "until", "holds": "One " })).await;
        assert_eq!(begun["status"], "streaming", "{}: {begun}", self.version.ai);
    }

    /// Asserts that the client is ready for more and has what the service has; role and text of each message.
    pub(super) async fn assert_same(&self, state: &Value, expected: &[(&str, &str)]) {
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
pub(super) fn text(message: &Value) -> String {
    let parts = message["parts"].as_array().unwrap().iter();
    let texts = parts.filter(|part| part["type"] == "text");
    texts.filter_map(|part| part["text"].as_str()).collect()
}

pub(super) fn last(state: &Value) -> &Value {
    state["messages"]
        .as_array()
        .and_then(|all| all.last())
        .unwrap()
}

pub(super) fn open(load: bool) -> Value {
    json!({ "does": "open", "id": "chat", "load": load })
}
