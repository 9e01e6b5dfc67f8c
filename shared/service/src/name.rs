//! Names of people.

use crate::{Error, Result};

/// Confirms that a `full_name` can be stored: at most 200 characters of any kind, or none.
///
/// # Errors
/// 422: it is longer.
pub fn check_full_name(name: &str) -> Result<()> {
    match name.chars().count() <= 200 {
        true => Ok(()),
        false => Err(Error::field("full_name", "must be at most 200 characters")),
    }
}
