//! The messages of a request: what whoever asks keeps of a conversation.

use crate::asked::Said;
use ai::{Message, Role};
use serde_json::Value;
use web::{Error, Result};

/// A conversation, and its last question.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) said: Said,
    pub(super) question: String,
}

/// Reads a conversation that ends with a message of the user; `name` is what the request calls it.
///
/// # Errors
/// 400 with the path of what cannot be used.
pub(super) fn read(name: &str, messages: &[Value]) -> Result<Conversation> {
    if messages.is_empty() {
        let message = format!("`{name}` must hold a message of the user.");
        return Err(Error::wrong(name, message));
    }
    let mut instructions = Vec::new();
    let mut history = Vec::new();
    let mut last = None;
    for (nth, message) in messages.iter().enumerate() {
        let at = format!("{name}[{nth}]");
        match role(message, &at)? {
            Author::Application => {
                let text = text(message, &at, false)?;
                instructions.extend((!text.trim().is_empty()).then_some(text));
            }
            Author::Of(role) => {
                let content = text(message, &at, role == Role::Assistant)?;
                last = Some((at, role));
                history.push(Message { role, content });
            }
        }
    }
    let question = history.pop().map(|question| question.content);
    let question = match (last, question) {
        (Some((_, Role::User)), Some(question)) if !question.trim().is_empty() => question,
        (Some((at, Role::User)), _) => {
            let message = "The last message of the user is the question. Write something in it.";
            return Err(Error::wrong(format!("{at}.content"), message));
        }
        (Some((at, Role::Assistant)), _) => {
            let message = "The last message must be of the role user: it is the question. An answer that was begun cannot be \
                gone on with here.";
            return Err(Error::unsupported(format!("{at}.role"), message));
        }
        (None, _) => {
            let message = format!("`{name}` must hold a message of the role user.");
            return Err(Error::wrong(name, message));
        }
    };
    history.retain(|message| !message.content.is_empty());
    let said = Said {
        instructions: instructions.join("\n\n"),
        history,
        ..Said::default()
    };
    Ok(Conversation { said, question })
}

/// Whose words a message has.
enum Author {
    /// Those of the program that asks.
    Application,
    Of(Role),
}

fn role(message: &Value, at: &str) -> Result<Author> {
    if !message.is_object() {
        return Err(Error::wrong(
            at,
            "A message is an object with `role` and `content`.",
        ));
    }
    let at = format!("{at}.role");
    match message["role"].as_str() {
        Some("system" | "developer") => Ok(Author::Application),
        Some("user") => Ok(Author::Of(Role::User)),
        Some("assistant") => Ok(Author::Of(Role::Assistant)),
        Some("tool" | "function") => Err(Error::unsupported(
            at,
            "No tools are offered here, so there is no answer of one. Leave messages of that role out.",
        )),
        _ => Err(Error::wrong(
            at,
            "`role` must be system, developer, user or assistant.",
        )),
    }
}

/// The text of a message; of an answer also what it refused to do.
fn text(message: &Value, at: &str, is_answer: bool) -> Result<String> {
    for call in ["tool_calls", "function_call"] {
        if is_answer && !is_nothing(&message[call]) {
            let text = "No tools are offered here, so none was called. Leave it out.";
            return Err(Error::unsupported(format!("{at}.{call}"), text));
        }
    }
    let refusal = message["refusal"].as_str().filter(|_| is_answer);
    let content = &message["content"];
    let at = format!("{at}.content");
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => {
            let parts = parts.iter().enumerate();
            let texts =
                parts.map(|(nth, part)| part_text(part, &format!("{at}[{nth}]"), is_answer));
            Ok(texts.collect::<Result<Vec<_>>>()?.join("\n"))
        }
        Value::Null if is_answer => Ok(refusal.unwrap_or_default().to_owned()),
        _ => Err(Error::wrong(
            at,
            "`content` must be a text, or a list of parts.",
        )),
    }
}

fn part_text(part: &Value, at: &str, is_answer: bool) -> Result<String> {
    let kind = part["type"].as_str();
    let member = match kind {
        Some("text" | "input_text" | "output_text") => "text",
        Some("refusal") if is_answer => "refusal",
        Some("image_url" | "input_image" | "input_audio" | "file" | "input_file" | "video_url") => {
            return Err(Error::unsupported(
                at,
                "Only text can be read here: no images, sound or files. Leave that part out.",
            ));
        }
        _ => {
            return Err(Error::wrong(
                at,
                "A part is an object with `type`: \"text\" and `text`.",
            ));
        }
    };
    let text = part[member].as_str();
    let text = text.ok_or_else(|| Error::wrong(format!("{at}.{member}"), "must be a text."))?;
    Ok(text.to_owned())
}

/// Whether a member says nothing: absent, null, or an empty list.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(messages: Value) -> (String, &'static str) {
        match read("messages", messages.as_array().unwrap()) {
            Err(Error::Parameter { code, param, .. }) => (param, code),
            other => panic!("{messages}: {other:?}"),
        }
    }

    #[test]
    fn who_said_what_is_kept_apart() {
        let messages = json!([
            { "role": "user", "content": "First?" },
            { "role": "system", "content": "Be brief." },
            { "role": "assistant", "content": null, "refusal": "No." },
            { "role": "assistant", "content": [{ "type": "text", "text": "Yes." }, { "type": "refusal", "refusal": "But." }],
              "tool_calls": [], "function_call": null },
            { "role": "assistant", "content": null },
            { "role": "user", "name": "u", "content": [{ "type": "text", "text": "And" }, { "type": "text", "text": "now?" }] },
            { "role": "developer", "content": "In English." },
        ]);
        let read = read("messages", messages.as_array().unwrap()).unwrap();
        assert_eq!(read.question, "And\nnow?");
        assert_eq!(read.said.instructions, "Be brief.\n\nIn English.");
        let history = read.said.history.iter();
        let history: Vec<_> = history.map(|m| (m.role, &*m.content)).collect();
        assert_eq!(
            history,
            [
                (Role::User, "First?"),
                (Role::Assistant, "No."),
                (Role::Assistant, "Yes.\nBut."),
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_path() {
        let user = json!({ "role": "user", "content": "Hi" });
        let part = |part: Value| json!([{ "role": "user", "content": [part] }]);
        for (messages, param, code) in [
            (json!([]), "messages", "invalid_value"),
            (json!([1]), "messages[0]", "invalid_value"),
            (
                json!([{ "content": "x" }]),
                "messages[0].role",
                "invalid_value",
            ),
            (
                json!([{ "role": "root", "content": "x" }]),
                "messages[0].role",
                "invalid_value",
            ),
            (
                json!([user, { "role": "tool", "content": "x" }]),
                "messages[1].role",
                "unsupported_value",
            ),
            (
                json!([{ "role": "function", "name": "f", "content": "x" }]),
                "messages[0].role",
                "unsupported_value",
            ),
            (
                json!([{ "role": "assistant", "content": null, "tool_calls": [{}] }, user]),
                "messages[0].tool_calls",
                "unsupported_value",
            ),
            (
                json!([user, { "role": "assistant", "content": "Hel" }]),
                "messages[1].role",
                "unsupported_value",
            ),
            (
                json!([{ "role": "system", "content": "x" }]),
                "messages",
                "invalid_value",
            ),
            (
                json!([{ "role": "user", "content": " " }]),
                "messages[0].content",
                "invalid_value",
            ),
            (
                json!([{ "role": "user" }]),
                "messages[0].content",
                "invalid_value",
            ),
            (
                json!([{ "role": "user", "content": 1 }]),
                "messages[0].content",
                "invalid_value",
            ),
            (part(json!("x")), "messages[0].content[0]", "invalid_value"),
            (
                part(json!({ "type": "text" })),
                "messages[0].content[0].text",
                "invalid_value",
            ),
            (
                part(json!({ "type": "refusal", "refusal": "x" })),
                "messages[0].content[0]",
                "invalid_value",
            ),
            (
                part(json!({ "type": "image_url", "image_url": {} })),
                "messages[0].content[0]",
                "unsupported_value",
            ),
            (
                part(json!({ "type": "input_audio" })),
                "messages[0].content[0]",
                "unsupported_value",
            ),
            (
                part(json!({ "type": "file" })),
                "messages[0].content[0]",
                "unsupported_value",
            ),
        ] {
            assert_eq!(
                refused(messages.clone()),
                (param.into(), code),
                "{messages}"
            );
        }
    }
}
