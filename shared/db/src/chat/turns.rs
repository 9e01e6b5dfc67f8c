//! The beginning of a chat turn: a question and its answer's row, stored before the answer is known.

use crate::{
    AppPlace, Caller, ChatOrigin, Db, IdempotencyKey, LimitState, LimitsOf, MessageRole, Need,
    Reservation, Result,
};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

/// A question to be stored.
#[derive(Debug)]
pub struct NewTurn<'a> {
    /// The conversation that it continues; none starts one, unless `place` names a message of one.
    pub session_id: Option<Uuid>,
    /// Where in the conversation.
    pub place: Place,
    /// What the app that asks calls the conversation and the question, if it has names of its own: then `session_id` and
    /// `place` say nothing.
    pub named: Option<&'a AppPlace>,
    /// The title of a conversation that it starts.
    pub title: &'a str,
    /// How that came about.
    pub origin: ChatOrigin,
    /// The question; not used where another answer is asked for.
    pub question: &'a str,
    /// What the client attached.
    pub metadata: &'a serde_json::Value,
    /// Who is going to answer.
    pub provider: &'a str,
    /// With which model.
    pub model: &'a str,
    /// With which of the tenant's system prompts.
    pub prompt_version: Option<i32>,
    /// The name that the client gave the request, so that it may be sent twice.
    pub key: Option<IdempotencyKey<'a>>,
    /// What holds for whoever asks.
    pub limits: &'a [LimitsOf],
    /// What the answer may take.
    pub reservation: &'a Reservation,
}

/// Where a turn belongs in its conversation, whose messages are a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the end of the active branch.
    End,
    /// After this message, beside whatever else follows it.
    After(Uuid),
    /// Another answer beside this one, to the same question.
    InsteadOfAnswer(Uuid),
    /// Another question beside this one.
    InsteadOfQuestion(Uuid),
}

/// A stored question with the row that waits for its answer.
#[derive(Debug)]
pub struct Turn {
    /// The conversation.
    pub session_id: Uuid,
    /// The question's message.
    pub user_message_id: Uuid,
    /// The answer's message.
    pub message_id: Uuid,
    /// The question that was asked before, where this is another answer to it.
    pub question: Option<String>,
    /// What was said before, oldest first: of the last 40 messages of its branch those that have text, without questions
    /// that a provider refused.
    pub history: Vec<HistoryMessage>,
    /// The limit to tokens or money of which least is left.
    pub nearest: Option<LimitState>,
}

/// An earlier message.
#[derive(Debug, Deserialize)]
pub struct HistoryMessage {
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
}

/// Why nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// The same was asked under this key within the last 24 hours; it made this answer.
    Repeat(Uuid),
    /// Something else was asked under this key.
    OtherBody,
    /// Another question of the app has this name.
    NameTaken,
    /// The conversation is not the caller's.
    NoSession,
    /// The message that `place` names is not in the caller's conversation, or not of that kind.
    NoMessage,
    /// A limit does not let it be asked.
    Limited(LimitState),
}

#[derive(sqlx::FromRow)]
pub(super) struct Begun {
    outcome: String,
    made: Uuid,
    session_id: Option<Uuid>,
    question_id: Option<Uuid>,
    question: Option<String>,
    history: Option<Json<Vec<HistoryMessage>>>,
    refusal: Option<Json<LimitState>>,
    nearest: Option<Json<LimitState>>,
}

impl Db {
    /// Stores a question and an answer that is `streaming`, in a new conversation or in one of the caller's. One
    /// statement, functions of `migrations/0047_turn.sql` and `0049_origin.sql`, and a transaction by itself.
    ///
    /// # Errors
    /// The database could not store it; nothing is stored then.
    pub async fn begin_turn(
        &self,
        caller: &Caller,
        new: &NewTurn<'_>,
    ) -> Result<Result<Turn, NotBegun>> {
        if let Some(place) = new.named {
            return self.begin_app_turn(caller, new, place).await;
        }
        let (after, beside, beside_role) = match new.place {
            Place::End => (None, None, None),
            Place::After(id) => (Some(id), None, None),
            Place::InsteadOfAnswer(id) => (None, Some(id), Some(MessageRole::Assistant)),
            Place::InsteadOfQuestion(id) => (None, Some(id), Some(MessageRole::User)),
        };
        let begun: Begun = sqlx::query_as(
            "select outcome, made, session_id, question_id, question, history, refusal, nearest
             from begin_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        )
        .bind(caller.tenant_id())
        .bind(Uuid::now_v7())
        .bind(caller.user_id())
        .bind(new.session_id)
        .bind(new.title)
        .bind(Uuid::now_v7())
        .bind(Uuid::now_v7())
        .bind(new.question)
        .bind(new.metadata)
        .bind(new.provider)
        .bind(new.model)
        .bind(new.prompt_version)
        .bind(after)
        .bind(beside)
        .bind(beside_role)
        .bind(new.key.map(|key| key.key))
        .bind(new.key.map(|key| &key.body_hash[..]))
        .bind(caller.key_id())
        .bind(Json(new.limits))
        .bind(Json(new.reservation))
        .bind(new.origin)
        .fetch_one(self.once(caller, Need::Asked).await?.conn())
        .await?;
        Ok(begun.into_turn())
    }
}

impl Begun {
    pub(super) fn into_turn(self) -> Result<Turn, NotBegun> {
        if let Some(Json(refusal)) = self.refusal {
            return Err(NotBegun::Limited(refusal));
        }
        let ids = self.session_id.zip(self.question_id);
        match (&*self.outcome, ids, self.history) {
            ("begun", Some((session_id, user_message_id)), Some(Json(history))) => Ok(Turn {
                session_id,
                user_message_id,
                message_id: self.made,
                question: self.question,
                history,
                nearest: self.nearest.map(|Json(nearest)| nearest),
            }),
            ("repeat", ..) => Err(NotBegun::Repeat(self.made)),
            ("other_body", ..) => Err(NotBegun::OtherBody),
            ("name_taken", ..) => Err(NotBegun::NameTaken),
            ("no_message", ..) => Err(NotBegun::NoMessage),
            _ => Err(NotBegun::NoSession),
        }
    }
}
