//! What a call costs, in whole numbers all the way: a sum of rounded parts, or of fractions, would not be what is billed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::{Model, Usage, hours::Window};

/// The most that is a price. Nothing costs a millionth of it; a number in another unit may well be above it.
const MAX_PRICE: u64 = 1_000_000_000_000;

/// Pico-USD in a nano-USD.
const PICO: u128 = 1000;

/// Of one token, in pico-USD: 1,000,000 is one USD for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub(crate) u64);

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let price = Value::deserialize(deserializer)?.as_u64();
        let price = price.filter(|&price| price <= MAX_PRICE);
        price.map(Price).ok_or_else(|| {
            de::Error::custom(format!(
                "a price is a whole number of pico-USD per token from 0 to {MAX_PRICE}, where 1000000 is one USD per \
                 million tokens"
            ))
        })
    }
}

/// Other prices of all tokens of a request whose prompt is long. What is not said is as without it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongContext {
    /// Of prompts with more tokens than these.
    pub above: u32,
    /// As [`Model::input_price`].
    pub input_price: Option<Price>,
    /// As [`Model::cached_price`].
    pub cached_price: Option<Price>,
    /// As [`Model::write_price`].
    pub write_price: Option<Price>,
    /// As [`Model::output_price`].
    pub output_price: Option<Price>,
}

/// Other prices at some hours. What is not said is as without it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffPeak {
    /// When.
    pub windows: Vec<Window>,
    /// As [`Model::input_price`].
    pub input_price: Option<Price>,
    /// As [`Model::cached_price`].
    pub cached_price: Option<Price>,
    /// As [`Model::write_price`].
    pub write_price: Option<Price>,
    /// As [`Model::output_price`].
    pub output_price: Option<Price>,
}

/// Prices as they apply to one request.
#[derive(Clone, Copy)]
struct Prices {
    input: Option<Price>,
    cached: Option<Price>,
    write: Option<Price>,
    output: Option<Price>,
}

impl Prices {
    /// These, as far as they are known, and otherwise `usual` ones.
    fn or(self, usual: Prices) -> Prices {
        Prices {
            input: self.input.or(usual.input),
            cached: self.cached.or(usual.cached),
            write: self.write.or(usual.write),
            output: self.output.or(usual.output),
        }
    }

    /// In nano-USD, rounded up; `None` if a price that is needed is not known.
    fn cost(self, usage: &Usage) -> Option<i64> {
        let cached = usage.cached_tokens.min(usage.prompt_tokens);
        let uncached = usage.prompt_tokens - cached;
        let write = usage.cache_write_tokens.min(uncached);
        let parts = [
            (uncached - write, self.input),
            (cached, self.cached.or(self.input)),
            (write, self.write.or(self.input)),
            (usage.completion_tokens, self.output),
        ];
        let pico: Option<u128> = parts
            .into_iter()
            .map(|(count, price)| match count {
                0 => Some(0),
                _ => Some(u128::from(count) * u128::from(price?.0)),
            })
            .sum();
        Some(i64::try_from(pico?.div_ceil(PICO)).unwrap_or(i64::MAX))
    }

    /// What so many tokens cost if each of them is of the dearest kind.
    fn most(self, prompt_tokens: u32, completion_tokens: u32) -> Option<i64> {
        let kinds = [self.cached, self.write];
        let dearest = Prices {
            input: self
                .input
                .map(|input| kinds.into_iter().flatten().fold(input, Price::max)),
            ..self
        };
        dearest.cost(&Usage {
            prompt_tokens,
            completion_tokens,
            ..Usage::default()
        })
    }
}

impl Model {
    /// What a call that used so much costs in nano-USD, rounded up, or `i64::MAX` if that is too small for it. `at` is when
    /// the request was made.
    ///
    /// It is `None` where a price that is needed is not known. Tokens read from or written to the cache cost as others if
    /// their own price is not known.
    pub fn cost(&self, usage: &Usage, at: DateTime<Utc>) -> Option<i64> {
        let off_peak = self.off_peak().filter(|(rule, _)| rule.has(at));
        let mut prices = off_peak.map_or(self.usual(), |(_, prices)| prices);
        if let Some(long) = self.long(usage.prompt_tokens) {
            prices = long.or(prices);
        }
        prices.cost(usage)
    }

    /// The most that a call can cost whose prompt and answer have no more than these tokens: at the dearest hour, each
    /// token of the dearest kind. As [`Model::cost`] otherwise.
    pub fn most(&self, prompt_tokens: u32, completion_tokens: u32) -> Option<i64> {
        let usual = self.usual();
        let off_peak = self.off_peak().map(|(_, prices)| prices);
        let short = [Some(usual), off_peak];
        let long = self.long(prompt_tokens);
        let long = short.map(|prices| Some(long?.or(prices?)));
        let all = short.into_iter().chain(long).flatten();
        let costs: Option<Vec<i64>> = all
            .map(|prices| prices.most(prompt_tokens, completion_tokens))
            .collect();
        costs?.into_iter().max()
    }

    /// Whether anything is known of what it costs.
    pub(crate) fn is_priced(&self) -> bool {
        self.input_price.is_some() || self.output_price.is_some()
    }

    fn usual(&self) -> Prices {
        Prices {
            input: self.input_price,
            cached: self.cached_price,
            write: self.write_price,
            output: self.output_price,
        }
    }

    fn off_peak(&self) -> Option<(&OffPeak, Prices)> {
        let rule = self.off_peak.as_ref()?;
        let own = Prices {
            input: rule.input_price,
            cached: rule.cached_price,
            write: rule.write_price,
            output: rule.output_price,
        };
        Some((rule, own.or(self.usual())))
    }

    /// What is other of prompts that are so long.
    fn long(&self, prompt_tokens: u32) -> Option<Prices> {
        let rule = self.long_context.as_ref()?;
        (prompt_tokens > rule.above).then_some(Prices {
            input: rule.input_price,
            cached: rule.cached_price,
            write: rule.write_price,
            output: rule.output_price,
        })
    }
}

impl OffPeak {
    fn has(&self, at: DateTime<Utc>) -> bool {
        self.windows.iter().any(|window| window.has(at))
    }
}

#[cfg(test)]
#[path = "prices_tests.rs"]
mod tests;
