//! How many tokens a provider says that an answer took.

use serde_json::value::RawValue;

use crate::{Usage, chunk::Fields, tokens};

/// More than any model reads or writes: what is above it is no count.
const MOST: f64 = 100_000_000.0;

/// What a provider counted. Any part of it may be missing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    prompt: Option<u32>,
    completion: Option<u32>,
}

impl Counts {
    /// The counts in `usage`, whatever that is.
    pub(crate) fn of(usage: &RawValue) -> Self {
        let all = Fields::of(usage);
        Counts {
            prompt: all.get("prompt_tokens").and_then(count),
            completion: all.get("completion_tokens").and_then(count),
        }
    }

    /// These, and of `earlier` ones what these lack: where they come more than once, they are of all so far.
    pub(crate) fn or(self, earlier: Self) -> Self {
        Counts {
            prompt: self.prompt.or(earlier.prompt),
            completion: self.completion.or(earlier.completion),
        }
    }

    /// The counts, with estimates from what was sent and received where one is missing.
    pub(crate) fn usage(self, prompt_tokens: u32, written_bytes: usize) -> Usage {
        let estimated = || tokens::of_bytes(written_bytes);
        Usage {
            prompt_tokens: self.prompt.unwrap_or(prompt_tokens),
            completion_tokens: self.completion.unwrap_or_else(estimated),
            exact: self.prompt.is_some() && self.completion.is_some(),
        }
    }
}

fn count(raw: &RawValue) -> Option<u32> {
    let number: f64 = serde_json::from_str(raw.get()).ok()?;
    let whole = number.fract() == 0.0 && (0.0..=MOST).contains(&number);
    // Exact: it is whole, not negative, and below 2^32.
    whole.then_some(number as u32)
}
