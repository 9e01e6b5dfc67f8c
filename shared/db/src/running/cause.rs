//! What PostgreSQL, or the way to it, said: as an operator should read it.

use std::fmt;

/// A message of PostgreSQL or of the driver, in one line. It names roles and tables, never a password.
#[derive(Debug)]
pub struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl From<sqlx::Error> for Cause {
    fn from(e: sqlx::Error) -> Self {
        Self(match e.as_database_error() {
            // The driver's own text adds a line number, which is one in PostgreSQL's source.
            Some(said) => match said.code().as_deref() {
                // PostgreSQL, appendix A: admin_shutdown, crash_shutdown, cannot_connect_now.
                Some("57P01" | "57P02" | "57P03") => format!(
                    "PostgreSQL is restarting or was stopped, and said: {}",
                    said.message()
                ),
                _ => said.message().to_owned(),
            },
            None => e.to_string(),
        })
    }
}

impl From<sqlx::migrate::MigrateError> for Cause {
    fn from(e: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as E;
        match e {
            E::Execute(e) => e.into(),
            E::ExecuteMigration(e, version) => {
                Self(format!("migration {version}: {}", Self::from(e)))
            }
            other => Self(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_says_is_said() {
        let cause = Cause::from(sqlx::Error::PoolTimedOut);
        assert_eq!(cause.to_string(), sqlx::Error::PoolTimedOut.to_string());
        let missing = sqlx::migrate::MigrateError::VersionMissing(7);
        assert_eq!(
            Cause::from(missing).to_string(),
            sqlx::migrate::MigrateError::VersionMissing(7).to_string()
        );
    }
}
