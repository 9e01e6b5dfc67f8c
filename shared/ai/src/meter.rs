//! What a call uses, told while it runs and after it ended in whatever way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Spent, chunk::Chunk, counts::Counts, spent};

/// Tells what a call has used. It may outlive the call, which a client or an error can end at any moment.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    /// Whether the provider may have begun to work.
    is_sent: bool,
    /// Whether the answer is whole, and so its counts.
    is_complete: bool,
    /// Estimated, in case the provider does not count.
    prompt_tokens: u32,
    written_bytes: usize,
    /// How many tokens the answer may have, if it is by a model that thinks and does not show it.
    unseen: u32,
    shows_thoughts: bool,
    counts: Counts,
    model: Option<String>,
    service_tier: Option<String>,
}

impl Meter {
    /// For a prompt of about so many tokens, which is not yet sent.
    pub(crate) fn new(prompt_tokens: u32) -> Self {
        Meter(Arc::new(Mutex::new(Reading {
            prompt_tokens,
            ..Reading::default()
        })))
    }

    /// What the call has used so far; all of it, once it has ended. It is [exact](crate::Usage::exact) only of an answer
    /// that is complete: of any other, no fewer tokens were written than the text that came has, and, where the model may
    /// have thought without showing it, than the answer might have had.
    ///
    /// A prompt that was not sent, or that the provider refused, used nothing.
    pub fn spent(&self) -> Spent {
        let now = self.now();
        let sent = if now.is_sent { now.prompt_tokens } else { 0 };
        let (written, is_complete) = (now.written_bytes, now.is_complete);
        let unseen = match now.is_sent && !now.shows_thoughts {
            true => now.unseen,
            false => 0,
        };
        Spent {
            usage: now.counts.usage(sent, written, unseen, is_complete),
            model: now.model.clone(),
            service_tier: now.service_tier.clone(),
        }
    }

    /// The prompt is on its way.
    pub(crate) fn sent(&self) {
        self.now().is_sent = true;
    }

    /// The model thinks, perhaps without showing it, and what it writes may have so many tokens in all.
    pub(crate) fn thinks(&self, most: u32) {
        self.now().unseen = most;
    }

    /// A thought has come.
    pub(crate) fn thought(&self) {
        self.now().shows_thoughts = true;
    }

    /// The prompt did not reach the provider, or was refused.
    pub(crate) fn refused(&self) {
        self.now().is_sent = false;
    }

    /// So many bytes of text or thoughts have come.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.now().written_bytes += bytes;
    }

    /// What an object of the answer tells.
    pub(crate) fn read(&self, chunk: &Chunk<'_>) {
        let mut now = self.now();
        now.counts = chunk.counts.or(now.counts);
        keep(&mut now.model, chunk.model.as_deref());
        keep(&mut now.service_tier, chunk.service_tier.as_deref());
    }

    /// The model that answers.
    pub(crate) fn named(&self, model: &str) {
        keep(&mut self.now().model, Some(model));
    }

    /// The answer is whole.
    pub(crate) fn complete(&self) -> Spent {
        self.now().is_complete = true;
        self.spent()
    }

    fn now(&self) -> MutexGuard<'_, Reading> {
        // Nothing that is done under the lock leaves it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a name that is one. Nearly every object of a stream tells the same again.
fn keep(kept: &mut Option<String>, told: Option<&str>) {
    if let Some(told) = told
        && kept.as_deref() != Some(told)
        && let Some(name) = spent::name(told)
    {
        *kept = Some(name);
    }
}
