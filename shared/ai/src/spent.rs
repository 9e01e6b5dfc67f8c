//! What a call to a provider used.

use serde::Serialize;

/// Characters of a name that a provider gives, at most.
const MAX_NAME: usize = 128;

/// What one call used, and of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// The tokens.
    pub usage: Usage,
    /// The model that the provider says it was, which may be another than was asked for. At most 128 characters, none of
    /// them a control character.
    pub model: Option<String>,
    /// The class of service that the provider says it was, such as `default` or `priority`; likewise.
    pub service_tier: Option<String>,
}

/// Tokens used by one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens sent to the model.
    pub prompt_tokens: u32,
    /// Those of [`Usage::prompt_tokens`] that the provider had in its cache.
    pub cached_tokens: u32,
    /// Those of [`Usage::prompt_tokens`] that the provider put into its cache; none of them is a cached one.
    pub cache_write_tokens: u32,
    /// Tokens the model wrote.
    pub completion_tokens: u32,
    /// Those of [`Usage::completion_tokens`] that are thoughts.
    pub reasoning_tokens: u32,
    /// Whether the provider counted what was sent and what was written, to the end; otherwise they are
    /// [estimated](crate::tokens::estimate).
    pub exact: bool,
}

impl Spent {
    /// What several calls that belong together used: their sums, and the names of the last.
    pub(crate) fn and(self, next: Spent) -> Spent {
        let (all, new) = (self.usage, next.usage);
        Spent {
            usage: Usage {
                prompt_tokens: all.prompt_tokens.saturating_add(new.prompt_tokens),
                cached_tokens: all.cached_tokens.saturating_add(new.cached_tokens),
                cache_write_tokens: all
                    .cache_write_tokens
                    .saturating_add(new.cache_write_tokens),
                completion_tokens: all.completion_tokens.saturating_add(new.completion_tokens),
                reasoning_tokens: all.reasoning_tokens.saturating_add(new.reasoning_tokens),
                exact: all.exact && new.exact,
            },
            model: next.model.or(self.model),
            service_tier: next.service_tier.or(self.service_tier),
        }
    }
}

/// `text` as a name that can be kept and shown; `None` if there is nothing in it.
pub(crate) fn name(text: &str) -> Option<String> {
    let shown = text.trim().chars().filter(|c| !c.is_control());
    let name: String = shown.take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_can_be_shown() {
        assert_eq!(name(" gpt-6-luna\n").as_deref(), Some("gpt-6-luna"));
        assert_eq!(name("a\0b\u{1b}[31m\u{85}c").as_deref(), Some("ab[31mc"));
        assert_eq!(name(&"é".repeat(1000)), Some("é".repeat(128)));
        assert_eq!([name(""), name(" \t"), name("\0\u{7}")], [None, None, None]);
    }
}
