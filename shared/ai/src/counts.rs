//! How many tokens a provider says that a call took.

use serde_json::value::RawValue;

use crate::{Usage, chunk::Fields, tokens};

/// More than any model reads or writes: what is above it is no count.
const MOST: f64 = 100_000_000.0;

/// What a provider counted. Any part of it may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    prompt: Option<u32>,
    cached: Option<u32>,
    cache_write: Option<u32>,
    completion: Option<u32>,
    reasoning: Option<u32>,
}

impl Counts {
    /// The counts in `usage`, whatever that is.
    pub(crate) fn of(usage: &RawValue) -> Self {
        let all = Fields::of(usage);
        let whole = |name| all.get(name).and_then(count);
        let part = |details, name| Fields::of(all.get(details)?).get(name).and_then(count);
        let cached = part("prompt_tokens_details", "cached_tokens");
        Counts {
            prompt: whole("prompt_tokens"),
            // DeepSeek's older name.
            cached: cached.max(whole("prompt_cache_hit_tokens")),
            cache_write: part("prompt_tokens_details", "cache_write_tokens"),
            completion: whole("completion_tokens"),
            reasoning: part("completion_tokens_details", "reasoning_tokens"),
        }
    }

    /// These, and of `earlier` ones what these lack: where they come more than once, they are of all so far.
    pub(crate) fn or(self, earlier: Self) -> Self {
        Counts {
            prompt: later(self.prompt, earlier.prompt),
            cached: later(self.cached, earlier.cached),
            cache_write: later(self.cache_write, earlier.cache_write),
            completion: later(self.completion, earlier.completion),
            reasoning: later(self.reasoning, earlier.reasoning),
        }
    }

    /// The counts, with estimates from what was sent and received where one is missing. A part is never more than its
    /// whole. Where nobody says how many tokens were written, they are no fewer than `unseen`.
    pub(crate) fn usage(
        self,
        sent: u32,
        written_bytes: usize,
        unseen: u32,
        is_complete: bool,
    ) -> Usage {
        let shown = tokens::of_bytes(written_bytes);
        // Something that was sent or written is no 0 tokens.
        let prompt = self.prompt.filter(|&count| count > 0 || sent == 0);
        let completion = self
            .completion
            .filter(|&count| count > 0 || written_bytes == 0);
        let prompt_tokens = prompt.unwrap_or(sent);
        let (completion_tokens, thoughts) = match completion {
            Some(count) if is_complete => (count, 0),
            // More may have been written since it was counted.
            Some(count) if count > 0 => (count.max(shown), 0),
            _ => (shown.max(unseen), unseen.saturating_sub(shown)),
        };
        let cached_tokens = self.cached.unwrap_or(0).min(prompt_tokens);
        let uncached = prompt_tokens - cached_tokens;
        Usage {
            prompt_tokens,
            cached_tokens,
            cache_write_tokens: self.cache_write.unwrap_or(0).min(uncached),
            completion_tokens,
            reasoning_tokens: self.reasoning.unwrap_or(thoughts).min(completion_tokens),
            exact: is_complete && prompt.is_some() && completion.is_some(),
        }
    }

    /// The counts of a call that writes nothing.
    pub(crate) fn of_reading(self, sent: u32) -> Usage {
        Counts {
            completion: Some(0),
            reasoning: None,
            ..self
        }
        .usage(sent, 0, 0, true)
    }
}

/// The later of two counts, which never fall: a later 0 is no count.
fn later(later: Option<u32>, earlier: Option<u32>) -> Option<u32> {
    later.filter(|&count| count > 0).or(earlier).or(later)
}

fn count(raw: &RawValue) -> Option<u32> {
    let number: f64 = serde_json::from_str(raw.get()).ok()?;
    let whole = number.fract() == 0.0 && (0.0..=MOST).contains(&number);
    // Exact: it is whole, not negative, and below 2^32.
    whole.then_some(number as u32)
}
