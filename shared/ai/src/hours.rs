//! Hours of the week, in UTC.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use serde::{Deserialize, Deserializer, de};

/// Some hours of some days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Such as `Mon`; every day if there are none.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// When on each of those days.
    pub hours: Vec<Hours>,
}

/// From one minute of a day until another, which is not in it: `04:00-06:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: u32,
    until: u32,
}

impl Window {
    /// Whether that moment is in it.
    pub(crate) fn has(&self, at: DateTime<Utc>) -> bool {
        let minute = at.hour() * 60 + at.minute();
        let has = |hours: &Hours| (hours.from..hours.until).contains(&minute);
        (self.days.is_empty() || self.days.contains(&at.weekday())) && self.hours.iter().any(has)
    }
}

impl Hours {
    fn of(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (minute(from)?, minute(until)?);
        (from < until).then_some(Hours { from, until })
    }
}

/// `24:00` is the end of a day.
fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= 24 * 60).then_some(minute)
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = serde_json::Value::deserialize(deserializer)?;
        let hours = text.as_str().and_then(Hours::of);
        hours.ok_or_else(|| {
            de::Error::custom(
                "hours are like \"04:00-06:00\", in UTC; they end after they begin, and at 24:00 at the latest",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_of_one_day() {
        let of = |text| Hours::of(text).map(|hours| (hours.from, hours.until));
        assert_eq!(of("00:00-24:00"), Some((0, 1440)));
        assert_eq!(of("09:30-09:31"), Some((570, 571)));
        for text in [
            "",
            "-",
            "9-17",
            "09:00",
            "9:00-17:00",
            "09:00-09:00",
            "22:00-02:00",
            "10:00-00:00",
            "00:00-24:01",
            "00:60-02:00",
            "+9:00-17:00",
            "09:00-17:00 ",
            "09:00–17:00",
            "09:00:00-17:00:00",
            "-1:00-02:00",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_window_has_its_first_minute_and_not_its_last() {
        let window = r#"{"days": ["Mon", "Tue"], "hours": ["01:00-04:00", "23:00-24:00"]}"#;
        let window: Window = serde_json::from_str(window).unwrap();
        let every_day = Window {
            days: vec![],
            ..window.clone()
        };
        // A Monday.
        for (at, expected) in [
            ("2026-11-23T00:59:59.999Z", false),
            ("2026-11-23T01:00:00Z", true),
            ("2026-11-23T03:59:59.999Z", true),
            ("2026-11-23T04:00:00Z", false),
            ("2026-11-24T23:59:59.999Z", true),
            ("2026-11-25T00:00:00Z", false),
        ] {
            assert_eq!(window.has(at.parse().unwrap()), expected, "{at}");
        }
        let wednesday = "2026-11-25T01:00:00Z".parse().unwrap();
        assert!(!window.has(wednesday));
        assert!(every_day.has(wednesday));
    }
}
