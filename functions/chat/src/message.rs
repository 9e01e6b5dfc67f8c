//! `/chat/messages/{id}`: one message, and the end of an answer that is being made.

use axum::extract::State;
use db::{Caller, Message, MessageStatus};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use web::{App, Error, Json, Own, Path, Result};

/// How long the end of an answer is waited for, and how often it is looked for.
const WAIT: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// One message of the caller's conversations as it stands: an answer that is being made with its text so far.
#[utoipa::path(get, path = "/chat/messages/{id}", operation_id = "getChatMessage", tag = "chat", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Message),
))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<Message>> {
    let message = app.db.tenant(&caller).await?.message(&caller, id).await?;
    message.map(Json).ok_or(Error::NotFound)
}

/// Ends an answer that is being made, wherever that is, and keeps what there is of it as `stopped`. One that has ended
/// stays as it is. The answer is the message, which is `streaming` still if whoever makes it does not answer within
/// 3 seconds; it ends then, too.
#[utoipa::path(post, path = "/chat/messages/{id}/stop", operation_id = "stopChatMessage", tag = "chat", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Message),
))]
pub(crate) async fn stop(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
) -> Result<Json<Message>> {
    let was = app.db.stop_answer(&caller, id).await?;
    was.ok_or(Error::NotFound)?;
    app.answers.stop(id);
    let message = until_ended(&app, &caller, id).await?;
    message.map(Json).ok_or(Error::NotFound)
}

/// An answer that was stopped, as it is when it has ended, or after 3 seconds.
pub(crate) async fn until_ended(app: &App, caller: &Caller, id: Uuid) -> Result<Option<Message>> {
    let asked = Instant::now();
    loop {
        let message = app.db.tenant(caller).await?.message(caller, id).await?;
        let is_running = |message: &Message| message.status == MessageStatus::Streaming;
        if !message.as_ref().is_some_and(is_running) || asked.elapsed() > WAIT {
            return Ok(message);
        }
        sleep(LOOK).await;
    }
}
