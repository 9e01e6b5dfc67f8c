//! How long a host wants to be left alone.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// The wait that a host asks for: Azure's milliseconds, seconds with or without a fraction, or a date (RFC 9110, 10.2.3).
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok();
    let milliseconds = text("retry-after-ms").and_then(number).map(|n| n / 1000.0);
    let seconds = milliseconds.or_else(|| text(RETRY_AFTER.as_str()).and_then(number));
    match seconds {
        // Not a number, or less than none, is no wait.
        Some(seconds) if seconds >= 0.0 => {
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
        }
        Some(_) => None,
        None => {
            let date = httpdate::parse_http_date(text(RETRY_AFTER.as_str())?).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn seconds(told: &'static str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(told));
        retry_after(&headers, SystemTime::now()).map(|wait| wait.as_secs())
    }

    #[test]
    fn what_is_over_is_not_waited_for() {
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        let late = seconds("Fri, 31 Dec 9999 23:59:59 GMT");
        assert!(late > Some(1_000_000_000), "{late:?}");
        assert_eq!(seconds("soon"), None);
    }
}
