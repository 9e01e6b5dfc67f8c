//! What known callers were not allowed to do.

use crate::Service;
use db::{Caller, Deed};

impl Service {
    /// Writes down that `caller` was refused at `route`: the first time in a minute, so that repeating it fills no table.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn write_denied(&self, caller: &Caller, route: String, code: &str) -> db::Result<()> {
        let key = (caller.user_id(), route);
        if !self.denials.entry(key.clone()).or_insert(()).is_fresh() {
            return Ok(());
        }
        let deed = Deed::denied("access.denied", &key.1).detail(code);
        let written = async {
            let mut tx = self.db.tenant(caller).await?;
            tx.audit(caller, deed).await?;
            tx.commit().await
        };
        let written = written.await;
        if written.is_err() {
            self.denials.invalidate(&key);
        }
        written
    }
}
