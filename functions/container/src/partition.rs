//! `parlance partition-messages`.

use anyhow::Result;
use container::say;
use db::{MessageTable, Operator, PartitionState, PartitionStep, Partitioning};
use service::OperatorConfig;
use std::time::{Duration, Instant};

/// How often it says how far it is.
const OFTEN: Duration = Duration::from_secs(5);

/// How it is done.
#[derive(clap::Args)]
pub(crate) struct Partition {
    /// How many partitions; 16 unless it was begun with another number
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=256))]
    partitions: Option<u16>,
    /// Change nothing: say how far it is, what will be locked, and what disk it takes
    #[arg(long, conflicts_with = "abandon")]
    plan: bool,
    /// Take back what was begun, as long as the names have not changed
    #[arg(long)]
    abandon: bool,
    /// How many messages are copied in one transaction
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    batch: i32,
    /// How long to leave the database to others after each of these
    #[arg(long, default_value_t = 20, value_name = "MILLISECONDS")]
    pause: u64,
}

impl Partition {
    pub(crate) async fn run(&self) -> Result<()> {
        let OperatorConfig {
            database_url,
            roles,
            ..
        } = OperatorConfig::from_env().await?;
        let mut operator = Operator::connect(&database_url, roles).await?;
        if self.plan {
            let table = operator.message_table().await?;
            return say(&planned(&table, self.partitions));
        }
        if self.abandon {
            return match operator.give_up_partitioning(|_| {}).await? {
                true => say("Given up: all is as it was before it was begun."),
                false => say("Nothing was begun that could be given up."),
            };
        }
        let of = Partitioning {
            partitions: self.partitions,
            batch: self.batch,
            pause: Duration::from_millis(self.pause),
        };
        let (mut told, mut last) = (Ok(()), None);
        let done = operator
            .partition_messages(&of, |step| {
                if matches!(step, PartitionStep::Copied(..))
                    && last.is_some_and(|last: Instant| last.elapsed() < OFTEN)
                {
                    return;
                }
                last = Some(Instant::now());
                let line = line(step);
                told = std::mem::replace(&mut told, Ok(())).and_then(|()| say(&line));
            })
            .await?;
        told?;
        if !done {
            let table = operator.message_table().await?;
            return say(&state(&table));
        }
        say("Done: chat_messages is partitioned.")
    }
}

fn line(step: PartitionStep) -> String {
    match step {
        PartitionStep::Made(partitions) => {
            format!("Made the table that takes its place, with {partitions} partitions.")
        }
        PartitionStep::Followed => "What is written from now on is carried over.".to_owned(),
        PartitionStep::Copied(copied, about) => format!("Copied: {copied} of about {about}."),
        PartitionStep::CopiedAll(copied) => format!("Copied all that there were: {copied}."),
        PartitionStep::Compared(compared) => {
            format!("Compared, tenant by tenant: {compared} messages are the same in both.")
        }
        PartitionStep::Pointed => "What names messages names the partitioned ones, too.".to_owned(),
        PartitionStep::Changed(held) => format!(
            "The partitioned table has taken its place. For {} ms nobody could use it.",
            held.as_millis()
        ),
        PartitionStep::Dropped => "Dropped the table as it was.".to_owned(),
    }
}

fn state(table: &MessageTable) -> String {
    match table.state {
        PartitionState::Whole => "chat_messages is one table.".to_owned(),
        PartitionState::UnderWay {
            is_changed: true, ..
        } => "chat_messages is partitioned, and the table as it was is still to be dropped."
            .to_owned(),
        PartitionState::UnderWay {
            partitions, copied, ..
        } => format!(
            "It was begun, with {partitions} partitions: {copied} messages are copied. Running it goes on, and --abandon takes it back."
        ),
        PartitionState::Partitioned(partitions) => {
            format!("chat_messages has {partitions} partitions already. There is nothing to do.")
        }
    }
}

fn planned(table: &MessageTable, partitions: Option<u16>) -> String {
    let mut lines = vec![state(table)];
    let copied = match table.state {
        PartitionState::Partitioned(_)
        | PartitionState::UnderWay {
            is_changed: true, ..
        } => return lines.remove(0),
        PartitionState::UnderWay { copied, .. } => copied,
        PartitionState::Whole => 0,
    };
    let size = table.size;
    let megabytes = (size.bytes + size.index_bytes).div_euclid(1_000_000);
    let partitions = match table.state {
        PartitionState::UnderWay { partitions, .. } => partitions,
        _ => partitions.unwrap_or(16),
    };
    lines.push(format!(
        "About {} messages, {megabytes} MB with their indexes. Until the table as it was is dropped, its {partitions} partitions take about as much again, and so does the log (WAL) of writing them. Nothing was changed.",
        size.rows
    ));
    lines.extend(
        [
            "",
            "What it does, each step in short transactions:",
            "  1. makes the partitioned table beside it: nobody waits",
            "  2. has it go with the conversations, and has a trigger carry over what is written: chat_sessions SHARE ROW EXCLUSIVE, chat_messages ACCESS EXCLUSIVE, each for a moment. From now on a message is written twice",
        ]
        .map(str::to_owned),
    );
    lines.push(format!(
        "  3. copies about {} messages, a batch at a time: who deletes one of a batch waits for it, nobody else does",
        (size.rows - copied).max(0)
    ));
    lines.extend(
        [
            "  4. compares both, tenant by tenant: nobody waits",
            "  5. has feedback and rehearsals name the partitioned messages, too: SHARE ROW EXCLUSIVE, each for a moment, and a check that keeps nobody waiting",
            "  6. changes the names: chat_messages, message_feedback and rehearsal_questions ACCESS EXCLUSIVE, for a moment",
            "  7. drops the table as it was: chat_sessions ACCESS EXCLUSIVE, for a moment",
            "A lock is waited for by turns of a second, with pauses for those who wait behind it.",
        ]
        .map(str::to_owned),
    );
    if !table.dependents.is_empty() {
        lines.push(format!(
            "It will refuse, since this depends on the table itself: {}.",
            table.dependents.join("; ")
        ));
    }
    lines.join("\n")
}
