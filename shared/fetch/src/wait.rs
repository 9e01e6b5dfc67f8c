//! How long a host wants to be left alone.

use std::time::{SystemTime, UNIX_EPOCH};

/// How many seconds, which are told as their number or as a date (RFC 9110, 10.2.3).
pub(crate) fn seconds(told: &str) -> Option<u64> {
    let told = told.trim();
    told.parse().ok().or_else(|| {
        let until = chrono::DateTime::parse_from_rfc2822(told).ok()?;
        until.timestamp().try_into().ok().map(seconds_until)
    })
}

/// How many seconds until a Unix time; none, if it is over.
pub(crate) fn seconds_until(unix: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    unix.saturating_sub(now.unwrap_or_default().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_not_waited_for() {
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        let late = seconds("Fri, 31 Dec 9999 23:59:59 GMT");
        assert!(late > Some(1_000_000_000), "{late:?}");
        assert_eq!(seconds("soon"), None);
    }
}
