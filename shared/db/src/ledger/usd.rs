//! Money: whole nano-USD, never a fraction of one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// Nano-USD in a USD.
const NANO: i64 = 1_000_000_000;

/// An amount of at least 0, in nano-USD. In JSON it is a text, such as `"12.5"`: a number would be read as a fraction of
/// two's powers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(i64);

/// A text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an amount of USD as a text, such as \"12.5\": at most 1000000000, with at most nine digits after the point"
)]
pub struct BadUsd;

impl Usd {
    /// The largest amount that can be given: a thousand million USD.
    const MOST: i64 = 1_000_000_000 * NANO;

    /// So many nano-USD; 0 if it is less.
    pub fn from_nano(nano: i64) -> Self {
        Self(nano.max(0))
    }

    /// In nano-USD.
    pub fn nano(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / NANO, self.0 % NANO);
        match rest {
            0 => write!(f, "{whole}"),
            _ => write!(f, "{whole}.{}", format!("{rest:09}").trim_end_matches('0')),
        }
    }
}

impl FromStr for Usd {
    type Err = BadUsd;

    fn from_str(text: &str) -> Result<Self, BadUsd> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(rest) || rest.len() > 9 {
            return Err(BadUsd);
        }
        let whole: i64 = whole.parse().map_err(|_| BadUsd)?;
        let rest: i64 = format!("{rest:0<9}").parse().map_err(|_| BadUsd)?;
        let nano = whole.checked_mul(NANO).and_then(|n| n.checked_add(rest));
        nano.filter(|nano| *nano <= Self::MOST)
            .map(Self)
            .ok_or(BadUsd)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Usd {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^\d+(\.\d{1,9})?$"))
            .description(Some("An amount of USD."))
            .examples(["12.5"]);
        RefOr::T(text.into())
    }
}

impl ToSchema for Usd {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            " 1",
            "1,5",
            "0.0000000001",
            "NaN",
            "1000000000.000000001",
            "1000000000000000000",
            "99999999999999999999999",
        ] {
            assert_eq!(text.parse::<Usd>(), Err(BadUsd), "{text}");
        }
        assert_eq!("1000000000".parse(), Ok(Usd(Usd::MOST)));
        assert_eq!("0".parse(), Ok(Usd(0)));
        assert_eq!(
            serde_json::to_string(&Usd(12_500_000_000)).unwrap(),
            r#""12.5""#
        );
        assert!(serde_json::from_str::<Usd>("12.5").is_err());
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_is_written(nano in 0..=Usd::MOST) {
            prop_assert_eq!(Usd(nano).to_string().parse(), Ok(Usd(nano)));
        }
    }
}
