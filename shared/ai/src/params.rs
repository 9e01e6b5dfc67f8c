//! The parameters of a request that a server may refuse, and finding out which it did.
//!
//! Servers of this API differ in what they take, and most refuse a request for a parameter that they do not know.
//! What is not necessary is then left out, and left out from the start the next time.

use std::time::Duration;

use moka::sync::Cache;
use serde::Deserialize;

/// How long it is remembered how a server or a model differs: it may learn.
const MEMORY: Duration = Duration::from_secs(24 * 3600);

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

    /// Those of `sent` that are named in `text`.
    fn named(text: &str, sent: Self) -> Self {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let all = Self::NAMES.into_iter().filter(|(_, one)| sent.has(*one));
        let all: Vec<_> = all.collect();
        let mut named = Self::NONE;
        for word in words {
            let found = all.iter().find(|(name, _)| *name == word);
            named = found.map_or(named, |(_, one)| named.and(*one));
        }
        named
    }
}

/// What is in the words of those who do not take a parameter at all, whoever sends it.
const NOT_TAKEN: [&str; 11] = [
    "unsupported",
    "not supported",
    "does not support",
    "unknown",
    "unrecognized",
    "unexpected",
    "extra_forbidden",
    "extra inputs",
    "not permitted",
    "not allowed",
    "only the default",
];

/// And in the words of those who do not take its value.
const OUT_OF_RANGE: [&str; 13] = [
    "at most",
    "at least",
    "less than",
    "greater than",
    "between",
    "maximum",
    "minimum",
    "too large",
    "too small",
    "too high",
    "too low",
    "range",
    "exceed",
];

/// What a refused request was refused for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// What of the request it is about.
    pub(crate) about: Params,
    /// Whether nobody's request may have it. Else it is its value, which others need not have.
    pub(crate) is_lasting: bool,
    /// How long an answer may be, in tokens, where more was asked for.
    pub(crate) most: Option<u32>,
}

impl Complaint {
    /// What `refusal`, the body of a refused request with the parameters `sent` and the limit `most`, complains of: the
    /// parameter in its `param`, as OpenAI tells; else all whose name appears.
    pub(crate) fn of(refusal: &[u8], sent: Params, most: u32) -> Self {
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
        let param = param.ok().filter(|param| !param.is_empty());
        let about = Params::named(param.as_deref().unwrap_or(&text), sent);
        let words = text.to_lowercase();
        let says = |all: &[&str]| all.iter().any(|one| words.contains(one));
        let is_out_of_range = says(&OUT_OF_RANGE);
        let limits = Params::MAX_TOKENS.and(Params::MAX_COMPLETION_TOKENS);
        let is_limit = about != Params::NONE && limits.has(about);
        Complaint {
            about,
            is_lasting: says(&NOT_TAKEN) && !is_out_of_range,
            most: (is_limit && is_out_of_range)
                .then(|| smaller(&text, most))
                .flatten(),
        }
    }
}

/// The largest number in a text that is smaller than `most`.
fn smaller(text: &str, most: u32) -> Option<u32> {
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter_map(|digits| digits.parse().ok());
    numbers.filter(|number| (1..most).contains(number)).max()
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

    const SENT: [Params; 3] = [
        Params::TEMPERATURE,
        Params::MAX_COMPLETION_TOKENS,
        Params::STREAM_OPTIONS,
    ];

    fn complaint(refusal: &str) -> Complaint {
        let sent = SENT.into_iter().fold(Params::NONE, Params::and);
        Complaint::of(refusal.as_bytes(), sent, 32_768)
    }

    #[test]
    fn a_refusal_names_what_it_is_about() {
        let [temperature, tokens, options] = SENT;
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
            assert_eq!(complaint(refusal).about, expected, "{refusal}");
        }
    }

    #[test]
    fn only_what_nobody_may_send_is_everybody_s_matter() {
        for (refusal, is_lasting) in [
            ("unknown field `temperature`", true),
            (
                "Unsupported parameter: 'temperature' is not supported with this model.",
                true,
            ),
            (
                "'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
                true,
            ),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","temperature"]}]}"#,
                true,
            ),
            ("temperature must be at most 1", false),
            (
                "temperature: 1.9 is not supported: it must be between 0 and 1",
                false,
            ),
            (
                "temperature: Input should be less than or equal to 1",
                false,
            ),
            ("bad temperature", false),
        ] {
            assert_eq!(complaint(refusal).is_lasting, is_lasting, "{refusal}");
        }
    }

    #[test]
    fn a_limit_is_lowered_to_what_is_taken() {
        let told = "max_completion_tokens is too large: 32768. This model supports at most 16384 completion tokens, whereas \
                    you provided 32768.";
        let lowered = complaint(told);
        assert_eq!((lowered.most, lowered.is_lasting), (Some(16_384), false));
        for other in [
            "max_completion_tokens is too large",
            "max_completion_tokens: 16384 is unsupported",
            "temperature must be at most 1",
            "max_completion_tokens must be at least 50000",
        ] {
            assert_eq!(complaint(other).most, None, "{other}");
        }
    }
}
