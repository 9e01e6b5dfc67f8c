//! The parameters of a request that a server may refuse, and finding out which it did.
//!
//! Servers of this API differ in what they take, and most refuse a request for a parameter that they do not know.
//! What is not necessary is then left out, and left out from the start the next time.

use std::time::Duration;

use moka::sync::Cache;
use serde::Deserialize;

/// How long it is remembered how a server or a model differs: it may learn.
pub(crate) const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// A set of parameters that no answer needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Params(u8);

impl Params {
    pub(crate) const NONE: Self = Params(0);
    pub(crate) const TEMPERATURE: Self = Params(1);
    pub(crate) const MAX_TOKENS: Self = Params(2);
    pub(crate) const MAX_COMPLETION_TOKENS: Self = Params(4);
    pub(crate) const STREAM_OPTIONS: Self = Params(8);

    pub(crate) const REASONING_EFFORT: Self = Params(16);
    pub(crate) const THINKING: Self = Params(32);
    pub(crate) const TOP_P: Self = Params(64);

    const NAMES: [(&'static str, Self); 7] = [
        ("temperature", Self::TEMPERATURE),
        ("max_tokens", Self::MAX_TOKENS),
        ("max_completion_tokens", Self::MAX_COMPLETION_TOKENS),
        ("stream_options", Self::STREAM_OPTIONS),
        ("reasoning_effort", Self::REASONING_EFFORT),
        ("thinking", Self::THINKING),
        ("top_p", Self::TOP_P),
    ];

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Params(self.0 | other.0)
    }

    /// Those of `sent` that `refusal`, the body of a refused request, complains of: the one in its `param`, as OpenAI
    /// tells; else all whose name appears.
    pub(crate) fn refused(refusal: &[u8], sent: Self) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            error: About,
        }
        #[derive(Deserialize)]
        struct About {
            param: String,
        }
        let text = String::from_utf8_lossy(refusal);
        let param = serde_json::from_str(&text).map(|refusal: Refusal| refusal.error.param);
        let about = param.ok().filter(|param| !param.is_empty());
        let about = about.as_deref().unwrap_or(&text);
        let words = about.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let all = Self::NAMES.into_iter().filter(|(_, one)| sent.has(*one));
        let named: Vec<_> = all.collect();
        let mut refused = Self::NONE;
        for word in words {
            let found = named.iter().find(|(name, _)| *name == word);
            refused = found.map_or(refused, |(_, one)| refused.and(*one));
        }
        refused
    }
}

/// What servers refused, by their name and the model.
#[derive(Clone, Debug)]
pub(crate) struct Refusals(Cache<(String, String), Params>);

impl Refusals {
    pub(crate) fn none() -> Self {
        let cache = Cache::builder().max_capacity(10_000).time_to_live(MEMORY);
        Refusals(cache.build())
    }

    pub(crate) fn get(&self, service: &str, model: &str) -> Params {
        let of = (service.to_owned(), model.to_owned());
        self.0.get(&of).unwrap_or_default()
    }

    pub(crate) fn insert(&self, service: &str, model: &str, refused: Params) {
        self.0
            .insert((service.to_owned(), model.to_owned()), refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_it_is_about() {
        let (temperature, tokens) = (Params::TEMPERATURE, Params::MAX_COMPLETION_TOKENS);
        let options = Params::STREAM_OPTIONS;
        let sent = temperature.and(tokens).and(options);
        for (refusal, expected) in [
            (
                r#"{"error":{"param":"temperature","message":"max_completion_tokens"}}"#,
                temperature,
            ),
            (
                r#"{"error":{"param":"stream_options.include_usage"}}"#,
                options,
            ),
            (
                r#"{"error":{"param":"stop","message":"temperature"}}"#,
                Params::NONE,
            ),
            (
                r#"{"error":{"param":null,"message":"'temperature' is not allowed"}}"#,
                temperature,
            ),
            (
                r#"{"detail":[{"loc":["body","max_completion_tokens"]},{"loc":["body","stream_options"]}]}"#,
                tokens.and(options),
            ),
            ("unknown field `temperature`", temperature),
            ("use max_tokens, not temperatures", Params::NONE),
            ("{}", Params::NONE),
            ("", Params::NONE),
        ] {
            assert_eq!(
                Params::refused(refusal.as_bytes(), sent),
                expected,
                "{refusal}"
            );
        }
    }
}
