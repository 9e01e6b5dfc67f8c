//! When a connector is read, and when it is not any more.

use super::jobs::ForWhom;
use crate::{AdminTx, Deed, JobKind, Result};
use uuid::Uuid;

impl AdminTx {
    /// Has the next run be as far from the last as is wanted now, unless one is on its way. One that was never read is read at once, if it is
    /// wanted.
    pub(crate) async fn plan(
        &mut self,
        id: Uuid,
        (every_hours, is_wanted): (Option<i32>, bool),
        whom: ForWhom,
    ) -> Result<()> {
        sqlx::query(
            "delete from jobs j where j.document_id = $1 and j.kind = 'sync' and j.run_at > now()
               and not exists (select from connector_runs r where r.connector_id = $1 and r.status = 'running')",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        let Some(hours) = every_hours else {
            return Ok(());
        };
        sqlx::query(
            "insert into jobs (id, kind, document_id, user_id, api_key_id, run_at)
             values ($1, 'sync', $2, $3, $4, coalesce(
               (select max(r.finished_at) + make_interval(hours => $5) from connector_runs r where r.connector_id = $2), now() + make_interval(hours => $6)))
             on conflict (tenant_id, document_id, kind) where kind <> 'forget' do nothing",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .bind(hours)
        .bind(if is_wanted { 0 } else { hours })
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Has a connector be read now; one that is being read goes on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run_connector(&mut self, id: Uuid) -> Result<()> {
        let whom = self.for_whom();
        sqlx::query("update connectors set user_id = $2, api_key_id = $3 where id = $1")
            .bind(id)
            .bind(whom.user_id)
            .bind(whom.api_key_id)
            .execute(self.conn())
            .await?;
        self.audit(Deed::done("connector.run", id)).await?;
        self.queue(JobKind::Sync, id, whom).await
    }

    /// Ends the run of a connector, and the next one is as far away as if it had ended by itself. False if there is no such connector.
    ///
    /// # Errors
    /// The database is away.
    pub async fn cancel_connector(&mut self, id: Uuid) -> Result<bool> {
        let sql = "select every_hours from connectors where id = $1 for no key update";
        let known: Option<Option<i32>> = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?;
        let Some(every_hours) = known else {
            return Ok(false);
        };
        self.cancel_run(id).await?;
        self.audit(Deed::done("connector.cancel", id)).await?;
        let whom = self.for_whom();
        self.plan(id, (every_hours, false), whom).await?;
        Ok(true)
    }

    /// Ends what is being read, and plans nothing.
    pub(crate) async fn cancel_run(&mut self, id: Uuid) -> Result<()> {
        sqlx::query(
            "update connector_runs set status = 'cancelled', finished_at = clock_timestamp(), robots = null
             where connector_id = $1 and status = 'running'",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        sqlx::query("delete from jobs where document_id = $1 and kind = 'sync'")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Deletes a connector with its documents; or it alone, and its documents are like others from then on. False if there is none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn delete_connector(&mut self, id: Uuid, keeps_documents: bool) -> Result<bool> {
        let Some(connector) = self.connector(id).await? else {
            return Ok(false);
        };
        // Whoever reads it ends before that, or finds it gone.
        self.lock_connector(id).await?;
        if !keeps_documents {
            let sql = "select id from documents where connector_id = $1";
            let documents: Vec<Uuid> = sqlx::query_scalar(sql)
                .bind(id)
                .fetch_all(self.conn())
                .await?;
            let whom = self.for_whom();
            self.hide_documents(&documents, whom).await?;
        }
        for sql in [
            "update documents set connector_id = null where connector_id = $1",
            "delete from jobs where document_id = $1 and kind = 'sync'",
            "delete from connectors where id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(self.conn()).await?;
        }
        let what = if keeps_documents { "kept" } else { "deleted" };
        let deed = Deed::done("connector.delete", id);
        let detail = format!(
            "{}, {} documents {what}",
            connector.name, connector.documents
        );
        self.audit(deed.detail(detail)).await?;
        Ok(true)
    }
}
