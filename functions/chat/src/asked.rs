//! What `POST /chat` asks for.

use crate::turn::RepeatKey;
use ai::Message;
use db::{AppPlace, ChatOrigin, MetadataFilter, OnDisconnect, Place};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::{Wishes, beginning};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Error, Filter, Result, check_metadata};

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatRequest)]
pub(crate) struct Ask {
    /// The question; not only blanks. Left out only with `regenerate`.
    #[schema(min_length = 1, example = "How long does a refund take?")]
    message: Option<String>,
    /// The conversation it continues; absent, it starts one.
    session_id: Option<Uuid>,
    /// The message that it follows, to branch off there; absent, the last one of the active branch.
    parent_id: Option<Uuid>,
    /// An answer to make anew: another answer to the same question, beside it.
    regenerate: Option<Uuid>,
    /// A question to ask otherwise: `message` is asked in its place, beside it.
    edit: Option<Uuid>,
    /// Whether to stream the answer; `Accept: text/event-stream` says the same.
    stream: Option<bool>,
    /// Whether to tell what the model thinks before it answers, and to keep it with the answer.
    reasoning: Option<bool>,
    /// What becomes of the answer if its last reader leaves; absent, what the tenant says.
    on_disconnect: Option<OnDisconnect>,
    /// Whatever the client wants to find beside its question again; an object, of at most 4 KiB as it is stored.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Which documents the answer may draw on; absent, all of them. It is kept with nothing: send it with each question.
    filter: Option<Filter>,
}

/// A question that can be asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Empty where another answer to a question is asked for.
    pub(crate) message: String,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) place: Place,
    /// The same in the names of an app that has its own: then the two above say nothing.
    pub(crate) app: Option<AppPlace>,
    pub(crate) stream: bool,
    pub(crate) reasoning: bool,
    pub(crate) on_disconnect: Option<OnDisconnect>,
    pub(crate) metadata: Value,
    /// Which documents the answer may draw on.
    pub(crate) filter: Option<MetadataFilter>,
    pub(crate) wishes: Wishes,
    /// What was said before, where whoever asks keeps it.
    pub(crate) said: Option<Said>,
}

/// A conversation as whoever asks has kept it, in the place of one that is stored.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// What they add to the tenant's instructions.
    pub(crate) instructions: String,
    /// Oldest first, without the question.
    pub(crate) history: Vec<Message>,
    /// Whom they ask for, as a hash.
    pub(crate) end_user: Option<String>,
}

impl Ask {
    /// # Errors
    /// 422 for what contradicts itself, is empty or too large.
    pub(crate) fn check(self) -> Result<Asked> {
        let places = [
            self.parent_id.map(Place::After),
            self.regenerate.map(Place::InsteadOfAnswer),
            self.edit.map(Place::InsteadOfQuestion),
        ];
        let mut places = places.into_iter().flatten();
        let place = places.next().unwrap_or(Place::End);
        if places.next().is_some() {
            let message = "send one of parent_id, regenerate and edit";
            return Err(Error::field("parent_id", message));
        }
        let message = match (self.message, place) {
            (None, Place::InsteadOfAnswer(_)) => String::new(),
            (Some(_), Place::InsteadOfAnswer(_)) => {
                let what = "must be left out with regenerate; send edit for another question";
                return Err(Error::field("message", what));
            }
            (None, _) => return Err(Error::field("message", "is required")),
            (Some(message), _) if message.trim().is_empty() => {
                return Err(Error::field("message", "must not be empty"));
            }
            (Some(message), _) => message,
        };
        let metadata = self.metadata.map_or_else(|| json!({}), Value::from);
        check_metadata(&metadata)?;
        let filter = self.filter.map(Filter::check).transpose()?.flatten();
        Ok(Asked {
            message,
            session_id: self.session_id,
            place,
            app: None,
            stream: self.stream.unwrap_or_default(),
            reasoning: self.reasoning.unwrap_or_default(),
            on_disconnect: self.on_disconnect,
            metadata,
            filter,
            wishes: Wishes::default(),
            said: None,
        })
    }
}

impl Asked {
    pub(crate) fn origin(&self) -> ChatOrigin {
        match self.said {
            Some(_) => ChatOrigin::Api,
            None => ChatOrigin::Chat,
        }
    }

    /// Whether nothing can have been said before.
    pub(crate) fn is_first(&self) -> bool {
        self.session_id.is_none() && self.place == Place::End && self.app.is_none()
    }

    /// The beginning of the question, on one line.
    pub(crate) fn title(&self) -> String {
        let line = self
            .message
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        beginning(&line, 80).to_owned()
    }

    /// What tells this question from others with the same key, but not how it wants to be answered.
    pub(crate) fn repeat_key(&self, name: Option<String>) -> Option<RepeatKey> {
        name.map(|name| RepeatKey {
            name,
            body_hash: self.hash(),
        })
    }

    fn hash(&self) -> [u8; 32] {
        let (kind, beside) = match self.place {
            Place::End => ("end", None),
            Place::After(id) => ("after", Some(id)),
            Place::InsteadOfAnswer(id) => ("answer", Some(id)),
            Place::InsteadOfQuestion(id) => ("question", Some(id)),
        };
        let what = json!([self.message, self.session_id, kind, beside, self.metadata]);
        let what = match &self.filter {
            None => what,
            Some(filter) => json!([what, filter]),
        };
        let what = match &self.app {
            None => what,
            Some(app) => json!([what, app.chat, app.question, app.target, app.anew]),
        };
        Sha256::digest(what.to_string()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(message: &str) -> String {
        let ask: Ask = serde_json::from_value(json!({ "message": message })).unwrap();
        ask.check().unwrap().title()
    }

    #[test]
    fn titles_are_short_and_on_one_line() {
        assert_eq!(title("  How\n long? "), "How long?");
        assert_eq!(title(&"ä".repeat(100)).chars().count(), 80);
    }
}
