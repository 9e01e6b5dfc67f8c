//! What a visitor of a web page may not ask: too much at once, too long a conversation.

use crate::asked::Asked;
use db::{Caller, Place};
use web::{App, Error, Result};

/// The most bytes of a question.
const QUESTION: usize = 4096;
/// The most messages of a conversation: 30 questions, and their answers.
const MESSAGES: i64 = 60;

/// Confirms that the caller, if it is a visitor, may ask this.
///
/// # Errors
/// 422 for too long a question, 409 `conversation_full`, 429.
pub(crate) async fn check(app: &App, caller: &Caller, asked: &Asked) -> Result<()> {
    if caller.site().is_none() {
        return Ok(());
    }
    if asked.message.len() > QUESTION {
        let message = "must be at most 4096 bytes, about two pages";
        return Err(Error::field("message", message));
    }
    app.count_visitors_question(caller).await?;
    if asked.is_first() {
        return Ok(());
    }
    let beside = match asked.place {
        Place::End => None,
        Place::After(id) | Place::InsteadOfAnswer(id) | Place::InsteadOfQuestion(id) => Some(id),
    };
    let chat = asked.app.as_ref().map(|app| &*app.chat);
    let messages = app
        .db
        .messages_in(caller, asked.session_id, beside, chat)
        .await?;
    match messages < MESSAGES {
        true => Ok(()),
        false => Err(Error::Conflict(
            "conversation_full",
            "This conversation is as long as it may be. Start another.".to_owned(),
        )),
    }
}
