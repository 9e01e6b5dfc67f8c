//! A request in OpenAI's form as a turn: a conversation of its own, which its client keeps.

use super::{messages::Conversation, models::named};
use crate::{asked::Asked, event::Events, turn::Asking};
use ai::tokens;
use db::{Caller, LimitState, OnDisconnect, Place};
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::{Answering, Wishes};
use sha2::{Digest, Sha256};
use web::{App, Error, Result, Stop};

/// What was asked for, whichever way.
pub(super) struct Call {
    pub(super) model: String,
    pub(super) conversation: Conversation,
    pub(super) wishes: Wishes,
    /// What the request calls the form of the answer.
    pub(super) format_is: &'static str,
    /// And the conversation.
    pub(super) messages_are: &'static str,
    pub(super) metadata: Map<String, Value>,
    /// Whom the client says that it asks for.
    pub(super) end_user: Option<String>,
    pub(super) stream: bool,
}

/// What tells a request from others with the same key: SHA-256.
pub(super) fn hash(route: &str, body: &impl Serialize) -> [u8; 32] {
    // Written out and not as a value, which would take many times as much.
    let whole = serde_json::to_vec(&(route, body));
    Sha256::digest(whole.expect("structs with string keys always serialise")).into()
}

/// Who asks, and how.
pub(super) struct By {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) stop: Stop,
    pub(super) key: Option<String>,
}

impl Call {
    /// Asks, and gives the events of the answer.
    ///
    /// # Errors
    /// Why it is not asked; nothing is stored then.
    pub(super) async fn events(self, by: By) -> Result<(Events, Option<LimitState>)> {
        let By {
            app,
            caller,
            stop,
            key,
        } = by;
        let mut answering = app.answering(&caller).await?;
        answering.options.model = named(&app, &answering, &self.model)?.to_owned();
        self.check(&app, &caller, &answering)?;
        let metadata = self.noted(&app, &caller);
        let Conversation { said, question } = self.conversation;
        let asked = Asked {
            message: question,
            session_id: None,
            place: Place::End,
            stream: self.stream,
            reasoning: false,
            // Nobody knows where to read on; but whoever has a key can send the request again.
            on_disconnect: key.is_none().then_some(OnDisconnect::Cancel),
            metadata,
            wishes: self.wishes,
            app: None,
            said: Some(said),
            filter: None,
        };
        let asking = Asking {
            app,
            caller,
            stop,
            asked,
            answering,
            key,
            streamed: self.stream,
            awaited: true,
        };
        asking.events().await
    }

    /// # Errors
    /// 400: whoever answers has not what is wanted, or cannot read as much.
    fn check(&self, app: &App, caller: &Caller, answering: &Answering) -> Result<()> {
        if let Some(format) = &self.wishes.format
            && !app.takes_format(answering, format)
        {
            let message = "This tenant's provider has no such form of answers. Leave it out.";
            return Err(Error::unsupported(self.format_is, message));
        }
        let Conversation { said, question } = &self.conversation;
        let format = self.wishes.format.as_ref().map(Value::to_string);
        let sent = [&said.instructions, question, &format.unwrap_or_default()]
            .map(|text| tokens::estimate(text))
            .into_iter()
            .fold(0, u32::saturating_add);
        let limits = app.limits_of(caller);
        let most = limits.iter().filter_map(|of| of.limits.question()).min();
        if let Some(most) = most.filter(|most| i64::from(sent) > *most) {
            let message = format!(
                "The instructions and the question must be at most {most} tokens, about {} characters.",
                4 * most
            );
            return Err(Error::wrong(self.messages_are, message));
        }
        let mut options = answering.options.clone();
        self.wishes.apply(&mut options);
        let Some(room) = app.ai.room_of(&answering.provider, &options) else {
            return Ok(());
        };
        let own = tokens::estimate(&caller.account().tenant.system_prompt);
        let length = sent.saturating_add(own);
        match length <= room {
            true => Ok(()),
            false => Err(Error::parameter(
                "context_length_exceeded",
                self.messages_are,
                format!(
                    "The instructions and the question are about {length} tokens long, and this model can read {room} beside \
                     its answer. Send less."
                ),
            )),
        }
    }

    /// The metadata of the question. An end user is told apart from others by it, and not named.
    fn noted(&self, app: &App, caller: &Caller) -> Value {
        let mut metadata = self.metadata.clone();
        if let Some(user) = self.end_user.as_ref().filter(|user| !user.is_empty()) {
            let purpose = format!("end user of {}", caller.tenant_id());
            let mac = app.request_mac(&purpose, user.as_bytes());
            let name: String = mac[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            metadata.insert("end_user".to_owned(), json!(name));
        }
        Value::Object(metadata)
    }
}
