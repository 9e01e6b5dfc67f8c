//! Taking a question: it is stored with the row that waits for its answer, and the task that makes that is started.

use crate::{
    answer::Answerer, asked::Asked, calls::Calls, event::Events, live::Live, prompt,
    resume::follow, spans, visitors,
};
use db::{Caller, IdempotencyKey, LimitState, NewTurn, NotBegun, OnDisconnect, Place, Turn};
use service::{Answering, Measured};
use std::{sync::Arc, time::Instant};
use tracing::Instrument;
use uuid::Uuid;
use web::{App, Error, Result, Stop};

/// Everything that is needed to take a question.
pub(crate) struct Asking {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) stop: Stop,
    pub(crate) asked: Asked,
    pub(crate) answering: Answering,
    /// So that the request may be sent twice.
    pub(crate) key: Option<RepeatKey>,
    /// Whether the model is asked for the answer piece by piece.
    pub(crate) streamed: bool,
    /// Whether somebody reads the answer while it is made.
    pub(crate) awaited: bool,
    /// The route where it is asked.
    pub(crate) route: &'static str,
}

/// The client's name for a request.
pub(crate) struct RepeatKey {
    pub(crate) name: String,
    /// What tells the request from others with that name: SHA-256.
    pub(crate) body_hash: [u8; 32],
}

/// What becomes of a question.
enum Begun {
    /// It is answered; whoever drops this does not read the answer. And the limit to tokens or money of which least is left.
    Anew(Events, Option<LimitState>),
    /// It was asked before: the answer's message.
    Before(Uuid),
}

impl Asking {
    /// Stores the question, and starts the task that answers it: also if the client leaves at that very moment, since what is
    /// stored must be answered.
    ///
    /// # Errors
    /// Why the question is not taken; nothing is stored then.
    async fn begin(self) -> Result<Begun> {
        let app = self.app.clone();
        app.to_its_end(self.begin_here()).await?
    }

    /// As [`Asking::begin`], and gives the events of the answer, whether it is this request's or was asked for before. And
    /// the limit to tokens or money of which least is left.
    ///
    /// # Errors
    /// As of [`Asking::begin`]; 410 if the answer that was asked for before is gone.
    pub(crate) async fn events(self) -> Result<(Events, Option<LimitState>)> {
        let (app, caller, stop) = (self.app.clone(), self.caller.clone(), self.stop.clone());
        let reasoning = self.asked.reasoning;
        match self.begin().await? {
            Begun::Anew(events, nearest) => Ok((events, nearest)),
            Begun::Before(id) => {
                let events = follow(&app, &caller, stop, id, reasoning, 0).await;
                let events = events.map_err(|e| match e {
                    Error::NotFound => Error::ResultGone,
                    e => e,
                });
                Ok((events?, None))
            }
        }
    }

    async fn begin_here(mut self) -> Result<Begun> {
        let begun = Instant::now();
        visitors::check(&self.app, &self.caller, &self.asked).await?;
        self.asked.wishes.apply(&mut self.answering.options);
        let stored = self.store().instrument(spans::store("begin_turn"));
        let turn = match stored.await? {
            Ok(turn) => turn,
            Err(id) => return Ok(Begun::Before(id)),
        };
        let on_disconnect = self.asked.on_disconnect;
        let on_disconnect = on_disconnect.unwrap_or(self.caller.account().tenant.on_disconnect);
        // Where nobody waits, nobody leaves.
        let stops_unread = on_disconnect == OnDisconnect::Cancel && self.awaited;
        let request_id = Arc::clone(&self.caller.asked().request_id);
        let (question, reasoning) = (turn.question.clone(), self.asked.reasoning);
        // What a tenant has left is none of a visitor's business.
        let nearest = turn.nearest.clone();
        let nearest = nearest.filter(|_| self.caller.site().is_none());
        let measured = Measured {
            route: self.route,
            tenant: self.caller.tenant_id(),
        };
        let answer = Answerer {
            app: self.app,
            caller: self.caller,
            turn,
            question: question.unwrap_or(self.asked.message),
            answering: self.answering,
            said: self.asked.said,
            wishes: self.asked.wishes,
            stop: self.stop,
            calls: Calls::default(),
            streamed: self.streamed,
            reasoning,
            filter: self.asked.filter,
            measured,
            begun,
        }
        .start(stops_unread);
        let live = Live::new(answer.reader(), request_id, reasoning, 0);
        Ok(Begun::Anew(live.events(), nearest))
    }

    /// Stores question and answer; or the id of the answer that the same request made before.
    async fn store(&self) -> Result<Result<Turn, Uuid>> {
        let Self {
            caller,
            asked,
            answering,
            ..
        } = self;
        let limits = self.app.limits_of(caller);
        let beside = prompt::beside(&caller.account().tenant, asked);
        let reservation =
            self.app
                .reservation(caller, answering, &limits, &asked.message, beside)?;
        let new = NewTurn {
            session_id: asked.session_id,
            place: asked.place,
            named: asked.app.as_ref(),
            title: &asked.title(),
            origin: asked.origin(),
            question: &asked.message,
            metadata: &asked.metadata,
            provider: answering.provider.name(),
            model: &answering.options.model,
            prompt_version: Some(caller.account().tenant.prompt_version),
            key: self.key.as_ref().map(|key| IdempotencyKey {
                key: &key.name,
                body_hash: &key.body_hash,
                // It follows from no secret.
                other_hashes: &[],
            }),
            limits: &limits,
            reservation: &reservation,
        };
        let begun = self.app.db.begin_turn(caller, &new).await;
        // Whoever was deleted a moment ago may still be taken for a caller.
        let begun = begun.map_err(|e| match e.is_constraint(NO_USER) {
            true => Error::invalid_token(),
            false => e.into(),
        });
        match begun? {
            Ok(turn) => Ok(Ok(turn)),
            Err(NotBegun::Repeat(id)) => Ok(Err(id)),
            Err(NotBegun::OtherBody) => Err(Error::KeyReused),
            Err(NotBegun::NoSession) => Err(Error::NotFound),
            Err(NotBegun::Limited(limit)) => Err(service::limited(caller, limit).into()),
            Err(NotBegun::NoMessage) if asked.app.is_some() => Err(Error::field(
                "messageId",
                "names no answer that could be made anew; send a message",
            )),
            Err(NotBegun::NoMessage) => Err(no_message(asked.place)),
            Err(NotBegun::NameTaken) => Err(Error::field(
                "messages",
                "ends with a message whose id another text had before; give each message an id of its own, or say with \
                 messageId that it is asked otherwise",
            )),
        }
    }
}

const NO_USER: &str = "chat_sessions_tenant_id_user_id_fkey";

fn no_message(place: Place) -> Error {
    match place {
        Place::InsteadOfAnswer(_) => Error::field("regenerate", "is no answer of yours"),
        Place::InsteadOfQuestion(_) => Error::field("edit", "is no question of yours"),
        _ => Error::field("parent_id", "is no message of yours in that conversation"),
    }
}
