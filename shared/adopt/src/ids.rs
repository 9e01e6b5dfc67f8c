//! Ids here of what has another one there: the same each time, so that copying again finds what it has copied.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The id here of the row `id` of `table` there, which is as old as `created`. As every id here it begins with the time
/// (UUIDv7), by which lists are in order; of a number there follow its bits, so that those of one moment stay in order.
pub(crate) fn id(table: &str, id: &str, created: DateTime<Utc>) -> Uuid {
    let micros = u64::try_from(created.timestamp_micros()).unwrap_or(0);
    let millis = (micros / 1000) & 0xffff_ffff_ffff;
    let digest = Sha256::new()
        .chain_update(table)
        .chain_update([0])
        .chain_update(id)
        .finalize();
    let mut rest = [0; 10];
    rest.copy_from_slice(&digest[..10]);
    let fraction = u16::try_from(micros % 1000).unwrap_or(0) << 2;
    rest[..2].copy_from_slice(&fraction.to_be_bytes());
    if let Ok(number) = id.parse::<u32>() {
        // The two highest bits are the variant's.
        let number = u64::from(number) << 30;
        let tail =
            u64::from_be_bytes([0, 0, 0, 0, rest[6], rest[7], rest[8], rest[9]]) & 0x3fff_ffff;
        rest[2..].copy_from_slice(&(number | tail).to_be_bytes());
    }
    Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// The id of a row that has no time.
pub(crate) fn timeless(table: &str, row: &str) -> Uuid {
    id(table, row, DateTime::default())
}

/// A time there, in microseconds of UTC, if it is one that can be kept.
pub(crate) fn time(micros: i64) -> Option<DateTime<Utc>> {
    // PostgreSQL begins in 4714 BC.
    let time = DateTime::from_timestamp_micros(micros)?;
    (micros > -210_000_000_000_000_000).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_each_time_and_in_order() {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        let now = at(1_744_621_200_123_456);
        assert_eq!(id("a", "1", now), id("a", "1", now));
        assert_eq!(id("a", "1", now).get_version_num(), 7);
        assert_ne!(id("a", "1", now), id("b", "1", now));
        assert_ne!(id("a", "x", now), id("a", "y", now));
        let later = at(1_744_621_200_123_457);
        assert!(id("a", "2", now) < id("a", "10", now));
        assert!(id("a", "4294967295", now) < id("a", "1", later));
        assert!(id("a", "z", now) < id("a", "a", at(1_744_621_200_124_000)));
        for odd in [at(0), at(-1), at(4_102_444_800_000_000)] {
            assert_eq!(id("a", "1", odd).get_version_num(), 7, "{odd}");
        }
    }
}
