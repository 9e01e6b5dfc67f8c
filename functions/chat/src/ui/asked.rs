//! What `POST /chat/ui` asks for.

use super::{LONGEST, is_chat, is_name, message::UiMessage};
use crate::asked::Asked;
use db::{AppPlace, OnDisconnect, Place};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use service::Wishes;
use utoipa::ToSchema;
use web::{Error, Result, check_metadata, guard};

/// A question, as the AI SDK's `DefaultChatTransport` sends it. Whatever else is in it is ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UiChatRequest)]
pub(crate) struct UiAsk<'a> {
    /// What the app calls the conversation: any text of 1 to 255 characters but `.` and `..`, unique among the user's. One
    /// that there is not is started. The id of a conversation that was begun otherwise will do.
    #[schema(min_length = 1, max_length = 255, example = "kR2vQx7LmP0sTb4n")]
    id: String,
    /// The conversation as the client sees it. Only the last message of the role `user` is read, and of that its text: what
    /// was said before is known here.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<UiMessage>>, example = json!([{
        "id": "u7XcDe2fGh1jKl3M", "role": "user", "parts": [{ "type": "text", "text": "How long does a refund take?" }],
    }]))]
    messages: Option<Vec<&'a RawValue>>,
    /// The last message alone, in the place of `messages`.
    #[serde(borrow)]
    #[schema(value_type = Option<UiMessage>)]
    message: Option<&'a RawValue>,
    /// `regenerate-message` for another answer to the last question; `submit-message`, as anything else, for an answer.
    #[schema(example = "submit-message")]
    trigger: Option<String>,
    /// What it is about: the question that is asked otherwise, or the answer that is not wanted. One that is not known here
    /// says nothing.
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    /// Whether to tell what the model thinks before it answers, and to keep it with the answer.
    reasoning: Option<bool>,
    /// What becomes of the answer if its last reader leaves; absent, what the tenant says.
    on_disconnect: Option<OnDisconnect>,
}

/// A message of the user, as far as it counts.
#[derive(Deserialize)]
struct Said<'a> {
    id: Option<String>,
    metadata: Option<Map<String, Value>>,
    #[serde(borrow, default)]
    parts: Vec<Part<'a>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    r#type: &'a RawValue,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RoleOf<'a> {
    #[serde(borrow)]
    role: &'a RawValue,
}

impl UiAsk<'_> {
    /// # Errors
    /// 422 for what names no conversation, or asks nothing.
    pub(crate) fn check(self) -> Result<Asked> {
        if !is_chat(&self.id) {
            let message = format!("must be 1 to {LONGEST} characters, and neither `.` nor `..`");
            return Err(Error::field("id", message));
        }
        let anew = self.trigger.as_deref() == Some("regenerate-message");
        let said = self.said()?;
        if said.is_none() && !anew {
            let message = "must hold a message of the role `user`, or send `message`";
            return Err(Error::field("messages", message));
        }
        let (mut question, mut text, mut metadata) = (None, String::new(), json!({}));
        if let Some(said) = said {
            text = said.text()?;
            metadata = said.metadata.map_or_else(|| json!({}), Value::from);
            question = said.id.filter(|id| !id.is_empty());
        }
        check_metadata(&metadata)?;
        if question.as_deref().is_some_and(|id| !is_name(id)) {
            let message =
                format!("ends with a message whose id is longer than {LONGEST} characters");
            return Err(Error::field("messages", message));
        }
        Ok(Asked {
            message: text,
            session_id: None,
            place: Place::End,
            app: Some(AppPlace {
                chat: self.id,
                question,
                target: self.message_id.filter(|id| is_name(id)),
                anew,
            }),
            stream: true,
            reasoning: self.reasoning.unwrap_or_default(),
            on_disconnect: self.on_disconnect,
            metadata,
            wishes: Wishes::default(),
            said: None,
            filter: None,
        })
    }

    /// The last message of the user.
    fn said(&self) -> Result<Option<Said<'_>>> {
        let messages = self.messages.iter().flatten().chain(&self.message);
        let Some(said) = messages.rev().find(|message| is_users(message)) else {
            return Ok(None);
        };
        guard(said.get().as_bytes())?;
        let said = serde_json::from_str(said.get());
        said.map(Some).map_err(|_| unreadable())
    }
}

fn is_users(message: &RawValue) -> bool {
    serde_json::from_str::<RoleOf<'_>>(message.get()).is_ok_and(|of| of.role.get() == r#""user""#)
}

fn unreadable() -> Error {
    let message = "ends with a message of the user that cannot be read; send it as `{id, role, parts: [{type: \"text\", text}]}`";
    Error::field("messages", message)
}

impl Said<'_> {
    /// The text of its parts, one below the other.
    fn text(&self) -> Result<String> {
        let mut texts = Vec::new();
        for part in &self.parts {
            match part.r#type.get() {
                r#""text""# => {
                    let text = part.text.ok_or_else(unreadable)?;
                    let text: String =
                        serde_json::from_str(text.get()).map_err(|_| unreadable())?;
                    texts.push(text);
                }
                r#""file""# => {
                    let message = "ends with a message that has a file; files are not taken yet, so send text alone";
                    return Err(Error::field("messages", message));
                }
                _ => {}
            }
        }
        let text = texts.join("\n");
        match text.trim().is_empty() {
            true => Err(Error::field(
                "messages",
                "must end with a message that has a text",
            )),
            false => Ok(text),
        }
    }
}
