//! How long a provider asks to be left alone.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The longest wait that is passed on, so that a caller can add it to a clock.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The wait that a provider asks for: Azure's milliseconds, seconds with or without a fraction, or a date (RFC 9110,
/// 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok();
    let milliseconds = text("retry-after-ms").and_then(number).map(|n| n / 1000.0);
    let seconds = milliseconds.or_else(|| text(RETRY_AFTER.as_str()).and_then(number));
    let wait = match seconds {
        // Not a number, or less than none, is no wait.
        Some(seconds) if seconds >= 0.0 => {
            Duration::try_from_secs_f64(seconds).unwrap_or(MAX_RETRY_AFTER)
        }
        Some(_) => return None,
        None => {
            let date = httpdate::parse_http_date(text(RETRY_AFTER.as_str())?).ok()?;
            date.duration_since(now).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait(name: &'static str, text: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(text));
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        retry_after(&headers, now)
    }

    #[test]
    fn waits_come_as_numbers_and_dates_and_are_bounded() {
        for (text, expected) in [
            ("7", Some(7.0)),
            ("0", Some(0.0)),
            ("1.5", Some(1.5)),
            ("99999999999", Some(3600.0)),
            ("1e300", Some(3600.0)),
            ("Wed, 21 Oct 2026 07:28:20 GMT", Some(20.0)),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(0.0)),
            ("Thu, 21 Oct 2027 07:28:00 GMT", Some(3600.0)),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
            ("", None),
        ] {
            let expected = expected.map(Duration::from_secs_f64);
            assert_eq!(wait("retry-after", text), expected, "{text}");
        }
        let expected = Some(Duration::from_millis(250));
        assert_eq!(wait("retry-after-ms", "250"), expected);
        assert_eq!(wait("x-retry-after", "7"), None);
    }
}
