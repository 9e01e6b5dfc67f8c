//! `chat_messages` becomes partitions by the tenant's hash, while everybody goes on reading and writing it.
//!
//! Another table is made beside it, a trigger carries over what is written, what there is is copied and compared, and then the
//! two change names. Each step is a short transaction, and how far it is says the database: whatever ended it, running it again
//! goes on. What each step does is SQL, in `migrations/partitioning.sql`.

mod checks;
mod copying;
mod state;
mod turns;

pub use checks::PartitionError;
pub use state::{MessageTable, PartitionState};

use crate::{Operator, OperatorError};
use sqlx::{
    Executor,
    migrate::{Migrate, MigrateError},
};
use state::{Found, few};
use std::time::Duration;
use turns::LOCK;

const SQL: &str = include_str!("../../../../migrations/partitioning.sql");

/// How many partitions, where nobody says.
const PARTITIONS: u16 = 16;

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub struct Partitioning {
    /// How many partitions; `None`: as many as it was begun with, or else 16.
    pub partitions: Option<u16>,
    /// How many messages are copied in one transaction.
    pub batch: i32,
    /// How long others are alone between two of these.
    pub pause: Duration,
}

/// What was done, as it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionStep {
    /// The other table is there, with so many partitions.
    Made(u16),
    /// What is written from now on is carried over.
    Followed,
    /// So many messages are copied, of about so many.
    Copied(i64, i64),
    /// All that there were are copied.
    CopiedAll(i64),
    /// So many are the same in both.
    Compared(i64),
    /// Those who name messages name the partitioned ones, too.
    Pointed,
    /// The names have changed; for so long nobody could use the table.
    Changed(Duration),
    /// The table as it was is dropped, or the other one where it was given up.
    Dropped,
}

impl Operator {
    /// Partitions the messages, or goes on with it; `told` is given each step. Whether there was anything to do.
    ///
    /// # Errors
    /// Something stands in the way, or somebody holds for minutes what has to be locked: what was done stays, and running it
    /// again goes on.
    pub async fn partition_messages(
        &mut self,
        of: &Partitioning,
        mut told: impl FnMut(PartitionStep),
    ) -> Result<bool, OperatorError> {
        self.check_owner().await?;
        self.be_alone().await?;
        let found = self.found().await?;
        if !found.is_whole && !found.is_under_way {
            return Ok(false);
        }
        self.act_as_owner().await?;
        let done = self.partition(of, &found, &mut told).await;
        self.act_as_itself().await?;
        done.map(|()| true)
    }

    /// Gives up what was begun, before the names have changed: everything is as it was. Whether there was anything to give up.
    ///
    /// # Errors
    /// The names have changed; or somebody holds for minutes what has to be locked, and running it again goes on.
    pub async fn give_up_partitioning(
        &mut self,
        mut told: impl FnMut(PartitionStep),
    ) -> Result<bool, OperatorError> {
        self.check_owner().await?;
        self.be_alone().await?;
        if !self.found().await?.is_under_way {
            return Ok(false);
        }
        self.act_as_owner().await?;
        let done = self.give_up().await;
        self.act_as_itself().await?;
        done?;
        told(PartitionStep::Dropped);
        Ok(true)
    }

    async fn partition(
        &mut self,
        of: &Partitioning,
        found: &Found,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        if found.is_whole {
            checks::refuse_dependents(&mut self.connection).await?;
        }
        self.install().await?;
        if found.is_whole {
            self.make(of, found.is_under_way, told).await?;
            self.follow(told).await?;
            self.copy(of, found.size.rows, told).await?;
            self.compare(told).await?;
            self.point(told).await?;
            // By what it knows of the rows the database chooses how to read them.
            self.connection
                .execute("analyze parlance.chat_messages_partitioned")
                .await?;
            self.change(told).await?;
        }
        self.finish("parlance.chat_messages_whole").await?;
        told(PartitionStep::Dropped);
        Ok(())
    }

    /// Makes the other table, unless it is there.
    async fn make(
        &mut self,
        of: &Partitioning,
        is_there: bool,
        told: &mut impl FnMut(PartitionStep),
    ) -> Result<(), OperatorError> {
        if is_there {
            let there = few(self.progress().await?.partitions.into());
            return match of.partitions {
                Some(asked) if asked != there => Err(PartitionError::Partitions(there).into()),
                _ => Ok(()),
            };
        }
        let partitions = of.partitions.unwrap_or(PARTITIONS);
        // A migration that comes later asks whether this is under way.
        self.connection.lock().await.map_err(not_locked)?;
        let made = self.in_turn(LOCK, async |tx| {
            sqlx::query("select parlance.partitioning_make($1)")
                .bind(i32::from(partitions))
                .execute(tx)
                .await
        });
        let made = made.await;
        self.connection.unlock().await.map_err(not_locked)?;
        made?;
        told(PartitionStep::Made(partitions));
        Ok(())
    }

    /// Has what is written carried over, unless it is.
    async fn follow(&mut self, told: &mut impl FnMut(PartitionStep)) -> Result<(), OperatorError> {
        match &*self.progress().await?.stage {
            "made" => {}
            "given up" => return Err(PartitionError::GivenUp.into()),
            _ => return checks::refuse_unlike(&mut self.connection).await,
        }
        for step in [
            "select parlance.partitioning_attach()",
            "select parlance.partitioning_follow()",
        ] {
            self.in_turn(LOCK, async |tx| tx.execute(step).await)
                .await?;
        }
        told(PartitionStep::Followed);
        Ok(())
    }

    /// Only one of several does this; the lock goes with the connection.
    async fn be_alone(&mut self) -> Result<(), OperatorError> {
        // One that was killed may be at its last statement.
        let sql = "set lock_timeout = '3s';
                   select pg_advisory_lock(hashtext('parlance.partition_messages'));
                   reset lock_timeout";
        match self.connection.execute(sql).await {
            Ok(_) => Ok(()),
            Err(e) if turns::is_in_use(&e) => Err(PartitionError::Elsewhere.into()),
            Err(e) => Err(e.into()),
        }
    }

    /// Makes the functions that the steps are.
    async fn install(&mut self) -> Result<(), OperatorError> {
        sqlx::query("select set_config('parlance.role_prefix', $1, false)")
            .bind(self.roles.prefix())
            .execute(&mut self.connection)
            .await?;
        self.connection.execute(SQL).await?;
        Ok(())
    }
}

fn not_locked(e: MigrateError) -> OperatorError {
    OperatorError::Migrate(e.into())
}
