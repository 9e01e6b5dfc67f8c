//! Answers that are read as a whole before anybody sees them.

use crate::{Answering, Service};
use ai::{Event, Prompt, Spent};
use futures_util::StreamExt;
use std::{pin::pin, time::Duration};
use tokio::time::timeout;

impl Service {
    /// What a provider answers, within the time if there is one, and what that took, whatever came of it.
    pub(crate) async fn read_whole(
        &self,
        Answering { provider, options }: &Answering,
        prompt: Prompt,
        within: Option<Duration>,
    ) -> (Result<String, ai::Error>, Spent) {
        let pieces = self.ai.answer(provider, prompt, options.clone(), false);
        let meter = pieces.meter().clone();
        let read = async {
            let mut pieces = pin!(pieces);
            let mut text = String::new();
            while let Some(piece) = pieces.next().await {
                if let Event::Delta(piece) = piece? {
                    text.push_str(&piece);
                }
            }
            Ok(text)
        };
        let text = match within {
            Some(time) => timeout(time, read).await.unwrap_or(Err(ai::Error::Timeout)),
            None => read.await,
        };
        (text, meter.spent())
    }
}
