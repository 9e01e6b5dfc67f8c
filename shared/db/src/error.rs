//! What can go wrong in the database, sorted by what the caller can do about it.

use crate::{Cause, Unfit};

/// What can go wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A named constraint refused the write.
    #[error("the constraint {0} refused the write")]
    Constraint(String),
    /// A text holds a character that Postgres cannot store.
    #[error("a text holds a character that cannot be stored")]
    Text,
    /// The database cannot be reached, is full of connections, or took too long: worth trying again.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// The database is there, but others were before this in the time that it may wait: worth trying again.
    #[error("too much waits for the database")]
    Overloaded,
    /// Nothing may be served from this database.
    #[error("the database must not be used")]
    Unfit(#[source] Box<Unfit>),
    /// Anything else: a fault of ours.
    #[error("the database refused a statement")]
    Statement(#[source] Cause),
}

impl Error {
    /// Whether the constraint called `name` refused the write.
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Self::Constraint(refused) if refused == name)
    }
}

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a statement found, or none if it took longer than its transaction allows, which is of no more use then.
pub(crate) fn in_time<T>(found: Result<T, sqlx::Error>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        // PostgreSQL, appendix A: query_canceled.
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("57014") => Ok(None),
        Err(e) => Err(e.into()),
    }
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unreachable(e) => e,
            unfit => Self::Unfit(Box::new(unfit)),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &e {
            E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                Self::Unavailable(e.into())
            }
            // What the server sends while it is shut down can be cut anywhere.
            E::Io(_) | E::Tls(_) | E::Protocol(_) => Self::Unavailable(e.into()),
            E::Database(refused) => match (refused.constraint(), refused.code().as_deref()) {
                (Some(name), _) => Self::Constraint(name.to_owned()),
                // PostgreSQL, appendix A: character_not_in_repertoire, untranslatable_character.
                (None, Some("22021" | "22P05")) => Self::Text,
                // Connection exceptions, insufficient resources, operator intervention, lock_not_available,
                // read_only_sql_transaction (the server has become a standby), transaction timeouts, serialization_failure,
                // deadlock_detected.
                (None, Some(code))
                    if ["08", "53", "57"].contains(&&code[..2])
                        || ["55P03", "25006", "25P03", "25P04", "40001", "40P01"]
                            .contains(&code) =>
                {
                    Self::Unavailable(e.into())
                }
                _ => Self::Statement(e.into()),
            },
            _ => Self::Statement(e.into()),
        }
    }
}
