//! What known callers were not allowed to do.

use crate::Service;
use db::{Caller, Deed};

impl Service {
    /// Writes down that `caller` was refused at `route`: the first time in a minute, so that repeating it fills no table.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn write_denied(&self, caller: &Caller, route: &str, code: &str) -> db::Result<()> {
        let thing = format!("{} {route}", caller.user_id());
        if !self.denials.is_new(&thing) {
            return Ok(());
        }
        let deed = Deed::denied("access.denied", route).detail(code);
        let written = async {
            let mut tx = self.db.tenant(caller).await?;
            tx.audit(caller, deed).await?;
            tx.commit().await
        };
        let written = written.await;
        if written.is_err() {
            self.denials.forget(&thing);
        }
        written
    }
}
