//! The input of a response: a text, or the items of a conversation.

use super::messages::{Conversation, read};
use db::{Caller, Message, MessageRole};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{App, Error, Result};

/// How many items may be named that are stored here: each is looked up.
const REFERENCES: usize = 100;

/// An answer's item, before its id.
pub(super) const ITEM: &str = "msg_";

/// The conversation that `input` is.
///
/// # Errors
/// 400 with the path of what cannot be used.
pub(super) async fn conversation(
    app: &App,
    caller: &Caller,
    input: &Value,
) -> Result<Conversation> {
    match input {
        Value::String(text) if text.trim().is_empty() => Err(Error::wrong(
            "input",
            "`input` is the question. Write something in it.",
        )),
        Value::String(text) => read("input", &[json!({ "role": "user", "content": text })]),
        Value::Array(items) => read("input", &messages(app, caller, items).await?),
        _ => Err(Error::wrong(
            "input",
            "`input` must be a text, or a list of items.",
        )),
    }
}

/// The items as messages of chat completions, each in its place.
async fn messages(app: &App, caller: &Caller, items: &[Value]) -> Result<Vec<Value>> {
    let mut stored = items
        .iter()
        .enumerate()
        .filter(|(_, item)| is_reference(item));
    let named: Vec<_> = stored.by_ref().take(REFERENCES + 1).collect();
    if named.len() > REFERENCES {
        let message = format!(
            "At most {REFERENCES} items may be named by their id. Send the messages themselves."
        );
        return Err(Error::wrong("input", message));
    }
    let mut all: Vec<Value> = items.to_vec();
    if !named.is_empty() {
        let mut tx = app.db.tenant(caller).await?;
        for (nth, item) in named {
            let id = item["id"].as_str().and_then(|id| id.strip_prefix(ITEM));
            let id = id.and_then(|id| Uuid::try_parse(id).ok());
            let found = match id {
                Some(id) => tx.message(caller, id).await?,
                None => None,
            };
            all[nth] = found.map(said).ok_or_else(|| {
                let message = "There is no such item of yours. Send the message itself.";
                Error::wrong(format!("input[{nth}].id"), message)
            })?;
        }
    }
    for (nth, item) in all.iter_mut().enumerate() {
        match item["type"].as_str() {
            None | Some("message") => {}
            // What a model thought is told to nobody, and asked of nobody.
            Some("reasoning") => *item = json!({ "role": "developer", "content": "" }),
            Some(_) => {
                let message = "Only messages can be read here: no calls of tools, and no items of other kinds.";
                return Err(Error::unsupported(format!("input[{nth}].type"), message));
            }
        }
    }
    Ok(all)
}

fn is_reference(item: &Value) -> bool {
    item["type"] == "item_reference"
}

fn said(message: Message) -> Value {
    let role = match message.role {
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
    };
    json!({ "role": role, "content": message.content })
}
