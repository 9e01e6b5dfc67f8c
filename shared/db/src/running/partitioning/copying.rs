//! What is done between the beginning and the end: copying, comparing, and the moment in which the names change.

use super::{
    PartitionError, PartitionStep, Partitioning,
    checks::{refuse_dependents, unlike},
    turns::{LOCK, ROWS},
};
use crate::{Operator, OperatorError};
use sqlx::Executor;
use std::time::Instant;
use tokio::time::sleep;
use uuid::Uuid;

/// How many messages are compared in one statement.
const COMPARED: i32 = 5000;

impl Operator {
    /// Copies what was there before what is written was carried over.
    pub(super) async fn copy(
        &mut self,
        of: &Partitioning,
        about: i64,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        let progress = self.progress().await?;
        if progress.stage == "copied" {
            return Ok(());
        }
        let (mut tenant, mut after, mut copied) =
            (progress.tenant, progress.after, progress.copied);
        loop {
            if after.is_max() {
                let Some(next) = self.tenant_after(tenant).await? else {
                    break;
                };
                (tenant, after) = (next, Uuid::nil());
            }
            let sql = "select last, added from parlance.partitioning_copy($1, $2, $3)";
            let (last, added): (Option<Uuid>, i64) = self
                .in_turn(ROWS, async |tx| {
                    let batch = sqlx::query_as(sql).bind(tenant).bind(after).bind(of.batch);
                    batch.fetch_one(tx).await
                })
                .await?;
            after = last.unwrap_or(Uuid::max());
            copied += added;
            if last.is_some() {
                told(PartitionStep::Copied(copied, about));
                sleep(of.pause).await;
            }
        }
        self.connection
            .execute("update parlance.message_partitioning set stage = 'copied'")
            .await?;
        told(PartitionStep::CopiedAll(copied));
        Ok(())
    }

    /// Holds what was copied against what is there, tenant by tenant.
    pub(super) async fn compare(
        &mut self,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        let (mut tenant, mut compared) = (Uuid::nil(), 0);
        while let Some(next) = self.tenant_after(tenant).await? {
            tenant = next;
            let mut after = Some(Uuid::nil());
            while let Some(from) = after {
                let sql =
                    "select last, seen, is_same from parlance.partitioning_compare($1, $2, $3)";
                let (last, seen, is_same): (Option<Uuid>, i64, bool) = self
                    .in_turn(ROWS, async |tx| {
                        let some = sqlx::query_as(sql).bind(tenant).bind(from).bind(COMPARED);
                        some.fetch_one(tx).await
                    })
                    .await?;
                if !is_same {
                    return Err(PartitionError::Unequal(tenant).into());
                }
                compared += seen;
                after = last;
            }
        }
        told(PartitionStep::Compared(compared));
        Ok(())
    }

    /// Has those who name messages name both tables' from now on.
    pub(super) async fn point(
        &mut self,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        for key in self.references("parlance.chat_messages").await? {
            for step in [
                "select parlance.partitioning_point($1::bigint::oid)",
                "select parlance.partitioning_validate($1::bigint::oid)",
            ] {
                self.in_turn(LOCK, async |tx| {
                    sqlx::query(step).bind(key).execute(tx).await
                })
                .await?;
            }
        }
        told(PartitionStep::Pointed);
        Ok(())
    }

    /// Lets the partitioned table take the place of the other one.
    pub(super) async fn change(
        &mut self,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        refuse_dependents(&mut self.connection).await?;
        let (since, refused) = self
            .in_turn(LOCK, async |tx| {
                tx.execute("lock table parlance.chat_messages in access exclusive mode")
                    .await?;
                let since = Instant::now();
                tx.execute("select parlance.partitioning_lock()").await?;
                let refused = unlike(tx).await?;
                if refused.is_none() {
                    tx.execute("select parlance.partitioning_change()").await?;
                }
                Ok((since, refused))
            })
            .await?;
        if let Some(why) = refused {
            return Err(why.into());
        }
        told(PartitionStep::Changed(since.elapsed()));
        Ok(())
    }

    /// Drops the table that is of no more use, and all that was there for this.
    pub(super) async fn finish(&mut self, table: &'static str) -> Result<(), OperatorError> {
        self.in_turn(LOCK, async |tx| {
            sqlx::query("select parlance.partitioning_detach(to_regclass($1))")
                .bind(table)
                .execute(tx)
                .await
        })
        .await?;
        self.in_turn(LOCK, async |tx| {
            tx.execute("select parlance.partitioning_end()").await
        })
        .await?;
        Ok(())
    }

    /// Takes back all that was made, while the table as it was is still the one that is used.
    pub(super) async fn give_up(&mut self) -> Result<(), OperatorError> {
        if self.progress().await?.stage == "changed" {
            return Err(PartitionError::Changed.into());
        }
        self.install().await?;
        for key in self
            .references("parlance.chat_messages_partitioned")
            .await?
        {
            self.in_turn(LOCK, async |tx| {
                sqlx::query("select parlance.partitioning_unpoint($1::bigint::oid)")
                    .bind(key)
                    .execute(tx)
                    .await
            })
            .await?;
        }
        self.in_turn(LOCK, async |tx| {
            tx.execute("select parlance.partitioning_give_up()").await
        })
        .await?;
        self.finish("parlance.chat_messages_partitioned").await
    }

    async fn references(&mut self, table: &str) -> Result<Vec<i64>, OperatorError> {
        let sql = "select id::bigint from parlance.partitioning_references(to_regclass($1))";
        let keys = sqlx::query_scalar(sql).bind(table);
        Ok(keys.fetch_all(&mut self.connection).await?)
    }

    async fn tenant_after(&mut self, tenant: Uuid) -> Result<Option<Uuid>, OperatorError> {
        let next = sqlx::query_scalar("select parlance.partitioning_tenant($1)").bind(tenant);
        Ok(next.fetch_one(&mut self.connection).await?)
    }
}
