//! The months of the ledger.

use crate::{Db, Need, Result, running::slots::Whose};

/// What was done to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptMonths {
    /// Months that are to come: made.
    pub made: i32,
    /// Months that are kept no longer: dropped, with every call in them.
    pub dropped: i32,
}

impl Db {
    /// Makes the months that are to come, and drops those that ended more than `months` months ago, if it is said. May run anywhere, at any
    /// time, and twice at once.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn keep_ledger(&self, months: Option<u16>) -> Result<KeptMonths> {
        let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
        let (made, dropped) = sqlx::query_as("select made, dropped from keep_ledger($1)")
            .bind(months.map(i32::from))
            .fetch_one(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(KeptMonths { made, dropped })
    }
}
