//! A request in OpenAI's form as a turn: a conversation of its own, which its client keeps.

use super::{messages::Conversation, models::named, refused::Names};
use crate::{
    asked::Asked,
    event::Events,
    turn::{Asking, RepeatKey},
};
use ai::tokens;
use axum::response::Response;
use db::{Caller, LimitState, OnDisconnect, Place};
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::{Answering, Wishes, question_fault};
use sha2::{Digest, Sha256};
use web::{App, Error, Result, Stop};

/// What was asked for, whichever way.
pub(super) struct Call {
    pub(super) model: String,
    pub(super) conversation: Conversation,
    pub(super) wishes: Wishes,
    pub(super) names: Names,
    pub(super) metadata: Map<String, Value>,
    /// Whom the client says that it asks for.
    pub(super) end_user: Option<String>,
    pub(super) stream: bool,
}

/// The client's name for a request, with what tells that from others of the route.
pub(super) fn repeat_key(
    name: Option<String>,
    route: &str,
    body: &impl Serialize,
) -> Option<RepeatKey> {
    name.map(|name| {
        // Written out and not as a value, which would take many times as much.
        let whole = serde_json::to_vec(&(route, body));
        let whole = whole.expect("structs with string keys always serialise");
        RepeatKey {
            name,
            body_hash: Sha256::digest(whole).into(),
        }
    })
}

/// Tells of the limit of which least is left, in our headers and in OpenAI's.
pub(super) fn tell_limit(answer: &mut Response, nearest: Option<LimitState>) {
    if let Some(limit) = nearest {
        let headers = answer.headers_mut();
        headers.extend(web::limit_warning(&limit));
        headers.extend(web::openai_limits(&limit));
    }
}

/// Who asks, and how.
pub(super) struct By {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) stop: Stop,
    pub(super) key: Option<RepeatKey>,
    pub(super) route: &'static str,
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
            route,
        } = by;
        let mut answering = app.answering(&caller).await?;
        answering.options.model = named(&app, &answering, &self.model)?.to_owned();
        self.check(&app, &caller, &answering)?;
        let names = self.names;
        let Conversation { mut said, question } = self.conversation;
        let mut metadata = self.metadata;
        // Told apart from others by it, and not named.
        let end_user = self.end_user.filter(|user| !user.is_empty());
        said.end_user = end_user.map(|user| app.end_user(caller.tenant_id(), &user));
        if let Some(user) = &said.end_user {
            metadata.insert("end_user".to_owned(), json!(user));
        }
        let asked = Asked {
            message: question,
            session_id: None,
            place: Place::End,
            stream: self.stream,
            reasoning: false,
            // Nobody knows where to read on; but whoever has a key can send the request again.
            on_disconnect: key.is_none().then_some(OnDisconnect::Cancel),
            metadata: Value::Object(metadata),
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
            route,
        };
        let (events, nearest) = asking.events().await?;
        Ok((names.name_refused(events), nearest))
    }

    /// # Errors
    /// 400: whoever answers has not what is wanted, or cannot read as much.
    fn check(&self, app: &App, caller: &Caller, answering: &Answering) -> Result<()> {
        if let Some(format) = &self.wishes.format
            && !app.takes_format(answering, format)
        {
            let message = "This tenant's provider has no such form of answers. Leave it out.";
            return Err(Error::unsupported(self.names.format, message));
        }
        let Conversation { said, question } = &self.conversation;
        let format = self.wishes.format.as_ref().map(Value::to_string);
        let sent = [&said.instructions, question, &format.unwrap_or_default()]
            .map(|text| tokens::estimate(text))
            .into_iter()
            .fold(0, u32::saturating_add);
        if let Some(fault) = question_fault(&app.limits_of(caller), sent) {
            let message = format!("The instructions and the question {fault}.");
            return Err(Error::wrong(self.names.messages, message));
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
                self.names.messages,
                format!(
                    "The instructions and the question are about {length} tokens long, and this model can read {room} beside \
                     its answer. Send less."
                ),
            )),
        }
    }
}
