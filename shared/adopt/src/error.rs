//! Why an adoption ended.

use db::{Cause, OperatorError};

/// Why an adoption ended.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// Nothing was written, for these reasons.
    #[error("nothing was copied:{}", lines(.0))]
    Refused(Vec<String>),
    /// What was to be written out was not.
    #[error("the SQL could not be written. Is the disk full?")]
    Output(#[from] std::io::Error),
    /// The database there does not answer.
    #[error(
        "the database of --from cannot be reached or refuses the login. Check host, port, user and password"
    )]
    Unreachable(#[source] Cause),
    /// The database there stopped answering.
    #[error("the database of --from was lost. Run the same command again: it goes on where it was")]
    Lost(#[source] Cause),
    /// The database there refused a statement.
    #[error("the database of --from refused a statement")]
    Source(#[source] Cause),
    /// The database here refused or was lost.
    #[error(
        "the database of DATABASE_URL refused a statement or was lost. Run the same command again: it goes on where it was"
    )]
    Target(#[from] db::Error),
    /// The same, of the operator's connection.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// What was read is not all there is.
    #[error(
        "{read} messages were read of {all}, without a reason that is known. Nothing of those that were read is wrong; look at the conversations that `parlance adopt verify` names"
    )]
    Incomplete {
        /// Messages that were read, or are known to belong to nobody.
        read: u64,
        /// Messages there are.
        all: u64,
    },
}

impl AdoptError {
    /// A row that was copied from another database has the same id there.
    pub(crate) fn another(id: &str) -> Self {
        Self::Refused(vec![format!(
            "{id} was copied before from a database in which it is another row. Users without a tenant of two databases need two slugs for --default-tenant"
        )])
    }
}

impl From<sqlx::Error> for AdoptError {
    fn from(e: sqlx::Error) -> Self {
        match crate::source::rows::is_lost(&e) {
            true => Self::Lost(e.into()),
            false => Self::Source(e.into()),
        }
    }
}

fn lines(problems: &[String]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  - {problem}"))
        .collect()
}
