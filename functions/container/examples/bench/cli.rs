//! What can be asked for.

use crate::{
    rows::{ROWS, Row},
    streams::Opening,
};
use anyhow::{Result, bail, ensure};
use clap::{Parser, value_parser};
use std::{path::PathBuf, time::Duration};

/// Measures the service on this machine: a private PostgreSQL, a stand-in for OpenAI and Pinecone, and the load.
#[derive(Parser)]
#[command(name = "scripts/bench", max_term_width = 100)]
pub struct Cli {
    /// The program `parlance` to measure
    #[arg(long, default_value = "target/release/parlance")]
    pub binary: PathBuf,
    /// Another build of it, which is measured in turn with the first, row by row; the table has the ratios
    #[arg(long, value_name = "BINARY", conflicts_with = "base_url")]
    pub against: Option<PathBuf>,
    /// Measure a running deployment instead; rows that ask its model run only if --only names them
    #[arg(long, requires_all = ["tenant", "email", "password"])]
    pub base_url: Option<String>,
    /// The tenant to log in to there
    #[arg(long)]
    pub tenant: Option<String>,
    /// The user to log in as there
    #[arg(long)]
    pub email: Option<String>,
    /// The user's password
    #[arg(long, env = "BENCH_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// One round of 2 seconds a row, unless --rounds or --seconds says otherwise
    #[arg(long)]
    quick: bool,
    /// How often every row is measured; the table has the medians [default: 3]
    #[arg(long, value_parser = value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// How long a row runs each time [default: 10]
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Only rows whose names hold the word; may be repeated
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// How many streams are opened at once
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u16).range(1..))]
    streams: u16,
    /// How many of them each second
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..))]
    rate: u32,
    /// Milliseconds between two tokens of each of them; the service gives up a provider that is silent for longer
    #[arg(long, default_value_t = 500, value_parser = value_parser!(u64).range(1..=20_000))]
    held_pace: u64,
    /// Milliseconds between two tokens of the paced rows
    #[arg(long, default_value_t = 15, value_parser = value_parser!(u64).range(1..))]
    pace: u64,
    /// The program `chat`, in any build: how often its first request waits for the database is counted as well
    #[arg(long, value_name = "BINARY", conflicts_with = "base_url")]
    pub function: Option<PathBuf>,
    /// Serve as the bare handler
    #[arg(long, hide = true)]
    pub bare: bool,
}

impl Cli {
    pub fn rounds(&self) -> usize {
        let usual = if self.quick { 1 } else { 3 };
        self.rounds.unwrap_or(usual).into()
    }

    pub fn time(&self) -> Duration {
        let usual = if self.quick { 2 } else { 10 };
        Duration::from_secs(self.seconds.unwrap_or(usual))
    }

    pub fn opening(&self) -> Opening {
        Opening {
            count: self.streams.into(),
            per_second: self.rate,
        }
    }

    pub fn pace(&self) -> Duration {
        Duration::from_millis(self.pace)
    }

    pub fn held_pace(&self) -> Duration {
        Duration::from_millis(self.held_pace)
    }

    pub fn rows(&self) -> Result<Vec<Row>> {
        let named = |row: &Row| {
            self.only
                .iter()
                .any(|word| row.name().contains(word.as_str()))
        };
        let wanted = |row: &Row| match (self.only.is_empty(), &self.base_url) {
            (true, Some(_)) => !row.asks_a_model() && !row.needs_own(),
            (true, None) => true,
            (false, _) => named(row),
        };
        let rows: Vec<Row> = ROWS.into_iter().filter(wanted).collect();
        let all = ROWS.map(Row::name).join(", ");
        ensure!(!rows.is_empty(), "--only names no row; the rows are {all}");
        let impossible = rows
            .iter()
            .find(|row| self.base_url.is_some() && row.needs_own());
        if let Some(row) = impossible {
            bail!(
                "{} needs a service that is started here; leave --base-url out",
                row.name()
            );
        }
        Ok(rows)
    }
}
