//! How long a provider asks to be left alone.

use reqwest::header::HeaderMap;
use std::time::{Duration, SystemTime};

/// The longest wait that is passed on, so that a caller can add it to a clock.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The wait that a provider asks for, as far as it is heeded.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    fetch::retry_after(headers, now).map(|wait| wait.min(MAX_RETRY_AFTER))
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
