//! How far it is, as the database says.

use super::checks;
use crate::{Operator, OperatorError, Size, Unfit};
use uuid::Uuid;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionState {
    /// It is one table, and nothing was begun.
    Whole,
    /// Something was begun and is not finished.
    UnderWay {
        /// With so many partitions.
        partitions: u16,
        /// So many messages were copied.
        copied: i64,
        /// Whether the partitioned one is used, and only the table as it was is still there.
        is_changed: bool,
    },
    /// It has so many partitions.
    Partitioned(u16),
}

/// The table of messages.
#[derive(Debug)]
pub struct MessageTable {
    /// How far it is.
    pub state: PartitionState,
    /// How large it is.
    pub size: Size,
    /// What depends on it that cannot be moved.
    pub dependents: Vec<String>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Found {
    pub(super) is_whole: bool,
    pub(super) partitions: i64,
    pub(super) is_under_way: bool,
    #[sqlx(flatten)]
    pub(super) size: Size,
}

/// What the database says of itself.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Progress {
    pub(super) partitions: i32,
    pub(super) stage: String,
    pub(super) tenant: Uuid,
    pub(super) after: Uuid,
    pub(super) copied: i64,
}

const FOUND: &str = "
    select c.relkind = 'r' as is_whole, (select count(*) from pg_inherits i where i.inhparent = c.oid) as partitions,
           to_regclass('parlance.message_partitioning') is not null as is_under_way, of.*
    from pg_class c
    cross join lateral (
      select sum(greatest(p.reltuples, pg_stat_get_live_tuples(p.oid), 0))::bigint as rows,
             sum(pg_table_size(p.oid))::bigint as bytes, sum(pg_indexes_size(p.oid))::bigint as index_bytes
      from (select c.oid as id union select relid from pg_partition_tree(c.oid)) part join pg_class p on p.oid = part.id
    ) of
    where c.oid = to_regclass('parlance.chat_messages')";

impl Operator {
    /// How far it is, and what stands in its way; nothing is changed.
    ///
    /// # Errors
    /// There is no such table, or the database does not answer.
    pub async fn message_table(&mut self) -> Result<MessageTable, OperatorError> {
        self.check_owner().await?;
        let found = self.found().await?;
        let under_way = found.is_under_way;
        let state = match under_way {
            true => {
                self.act_as_owner().await?;
                let progress = self.progress().await;
                self.act_as_itself().await?;
                let progress = progress?;
                PartitionState::UnderWay {
                    partitions: few(progress.partitions.into()),
                    copied: progress.copied,
                    is_changed: progress.stage == "changed",
                }
            }
            false if found.is_whole => PartitionState::Whole,
            false => PartitionState::Partitioned(few(found.partitions)),
        };
        let dependents = match found.is_whole {
            true => checks::dependents(&mut self.connection).await?,
            false => Vec::new(),
        };
        Ok(MessageTable {
            state,
            size: found.size,
            dependents,
        })
    }

    pub(super) async fn found(&mut self) -> Result<Found, OperatorError> {
        let found = sqlx::query_as(FOUND).fetch_optional(&mut self.connection);
        found
            .await?
            .ok_or_else(|| OperatorError::Unfit(Box::new(Unfit::Behind(1))))
    }

    /// The owner asks.
    pub(super) async fn progress(&mut self) -> Result<Progress, OperatorError> {
        let sql =
            "select partitions, stage, tenant, after, copied from parlance.message_partitioning";
        Ok(sqlx::query_as(sql).fetch_one(&mut self.connection).await?)
    }
}

pub(super) fn few(count: i64) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
