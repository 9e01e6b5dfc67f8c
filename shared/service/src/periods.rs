//! The days whose answers are looked at.

use crate::{Error, Result};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use db::Period;

/// The days that are looked at where nobody says otherwise, and at most.
const DAYS: (i64, i64) = (30, 92);

/// From one moment to another, as far as either is said.
///
/// # Errors
/// 422: they are the wrong way round, too far apart, or in no year.
pub fn period(
    now: DateTime<Utc>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Period> {
    for (field, moment) in [("from", from), ("to", to)] {
        if moment.is_some_and(|moment| !(1..=9999).contains(&moment.year())) {
            return Err(Error::field(field, "must be in the years 1 to 9999"));
        }
    }
    let (usual, most) = DAYS;
    let to = to.unwrap_or(now);
    let from = from.unwrap_or(to - TimeDelta::days(usual));
    if from >= to {
        return Err(Error::field("to", "must be later than from"));
    }
    if to - from > TimeDelta::days(most) {
        return Err(Error::field("to", "must be at most 92 days after from"));
    }
    Ok(Period { from, to })
}
