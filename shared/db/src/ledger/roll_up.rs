//! Sums of days that are over.

use crate::{Db, Need, Result, Whose};
use uuid::Uuid;

/// How many tenants one statement looks at: it must end well within the role's statement timeout.
const TENANTS: i32 = 500;

/// What was rolled up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RolledUp {
    /// Calls of days that are over, which are in the sums now.
    pub calls: i64,
    /// Whether another process is at it, so that not everything need be done.
    pub is_busy: bool,
}

impl Db {
    /// Rolls up all days that are over, of every tenant. May run anywhere, at any time, and twice at once.
    ///
    /// # Errors
    /// The database could not do it; what was done is kept.
    pub async fn roll_up_usage(&self) -> Result<RolledUp> {
        let (mut rolled, mut from) = (RolledUp::default(), None);
        loop {
            let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
            let (next, calls, is_busy): (Option<Uuid>, i64, bool) =
                sqlx::query_as("select next_tenant, calls, is_busy from roll_up_usage($1, $2)")
                    .bind(from)
                    .bind(TENANTS)
                    .fetch_one(tx.conn())
                    .await?;
            tx.commit().await?;
            rolled.calls += calls;
            rolled.is_busy = is_busy;
            match next {
                Some(_) => from = next,
                None => return Ok(rolled),
            }
        }
    }
}
