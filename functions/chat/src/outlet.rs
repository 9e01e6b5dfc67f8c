//! The way from the task that makes an answer to whoever reads it.

use crate::event::Event;
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

/// How many events may wait for a slow reader.
const WAITING: usize = 64;
/// A reader who takes nothing for so long is gone; the answer goes on without one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sending end. A reader who leaves does not end the answer.
pub(crate) struct Outlet(Option<mpsc::Sender<Event>>);

/// An outlet and its reader's end.
pub(crate) fn outlet() -> (Outlet, mpsc::Receiver<Event>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Outlet(Some(sender)), receiver)
}

impl Outlet {
    /// Hands over an event, as long as anybody reads.
    pub(crate) async fn send(&mut self, event: Event) {
        let Some(sender) = &self.0 else { return };
        let sent = timeout(PATIENCE, sender.send(event)).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.0 = None;
        }
    }
}
