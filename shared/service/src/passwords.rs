//! Which new passwords are accepted.

use crate::{Error, FieldError, Result, Service};
use secrecy::{ExposeSecret, SecretString};
use tenant_auth::{PasswordFault, PasswordOwner, check_new_password};

impl Service {
    /// Accepts a new password of `owner` that came in `field`. Asks nobody; takes well under a millisecond.
    ///
    /// # Errors
    /// 422: too short, too long, or easy to guess.
    pub fn check_new_password(
        &self,
        field: &str,
        password: &SecretString,
        owner: &PasswordOwner<'_>,
    ) -> Result<()> {
        let min_len = self.config.password_min_length;
        check_new_password(password.expose_secret(), min_len, owner).map_err(|fault| {
            let error = FieldError {
                field: field.to_owned(),
                message: fault.to_string(),
            };
            match fault {
                PasswordFault::Blocked => Error::PasswordBlocked(error),
                _ => Error::Invalid(vec![error]),
            }
        })
    }
}
