//! The end of a rehearsal, and what becomes of the settings that were tried.

use super::{Decision, Rehearsal, VerdictCounts};
use crate::{AdminTx, Deed, Result, TenantTx};
use uuid::Uuid;

impl TenantTx {
    /// Has others wait who want to change a rehearsal.
    pub(crate) async fn lock_rehearsal(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("select from rehearsals where id = $1 for no key update")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl AdminTx {
    /// Ends a rehearsal, if it is running: no question more is asked. False if it had ended. `None` if there is no such rehearsal.
    ///
    /// # Errors
    /// The database is away.
    pub async fn cancel_rehearsal(&mut self, id: Uuid) -> Result<Option<bool>> {
        self.lock_rehearsal(id).await?;
        // The call that is being made cannot be taken back, nor is its end waited for.
        let ended = sqlx::query(
            "update rehearsals set status = 'cancelled', ended_at = clock_timestamp(), spent = spent + held, held = 0, note = null
             where id = $1 and status = 'running'",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        if ended.rows_affected() == 0 {
            let sql = "select false from rehearsals where id = $1";
            let ended = sqlx::query_scalar(sql).bind(id);
            return Ok(ended.fetch_optional(self.conn()).await?);
        }
        sqlx::query("delete from jobs where document_id = $1 and kind = 'rehearse'")
            .bind(id)
            .execute(self.conn())
            .await?;
        self.audit(Deed::done("rehearsal.cancel", id)).await?;
        Ok(Some(true))
    }

    /// Notes what became of the changed settings.
    ///
    /// # Errors
    /// The database is away.
    pub async fn decide_rehearsal(&mut self, of: &Rehearsal, decision: Decision) -> Result<()> {
        sqlx::query(
            "update rehearsals set decision = $2, decided_at = clock_timestamp() where id = $1 and decision is null",
        )
        .bind(of.id)
        .bind(decision)
        .execute(self.conn())
        .await?;
        let action = match decision {
            Decision::Published => "rehearsal.publish",
            Decision::Dropped => "rehearsal.drop",
        };
        let VerdictCounts { now, changed, same } = of.verdicts;
        let detail = format!("better: now {now}, changed {changed}, same {same}");
        self.audit(Deed::done(action, of.id).detail(detail)).await
    }
}
