//! Measures a build of the service, or a deployment of it, and prints a table; `scripts/bench` is its front.

mod bench;
mod client;
mod flood;
mod load;
mod memory;
mod provider;
mod rows;
mod seed;
mod service;
mod streams;
mod table;

use anyhow::{Context, Result, bail, ensure};
use bench::{Bench, Own};
use clap::Parser;
use client::Server;
use container::cluster::{Cluster, Keep};
use provider::Provider;
use rows::{ROWS, Row};
use seed::Login;
use service::Program;
use std::{
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use table::{Line, medians, render};
use tokio::signal::unix::{SignalKind, signal};

/// Measures the service on this machine: a private PostgreSQL, a stand-in for OpenAI and Pinecone, and the load.
#[derive(Parser)]
#[command(name = "scripts/bench", max_term_width = 100)]
struct Cli {
    /// The program `parlance` to measure
    #[arg(long, default_value = "target/release/parlance")]
    binary: PathBuf,
    /// Measure a running deployment instead; rows that ask its model run only if --only names them
    #[arg(long, requires_all = ["tenant", "email", "password"])]
    base_url: Option<String>,
    /// The tenant to log in to there
    #[arg(long)]
    tenant: Option<String>,
    /// The user to log in as there
    #[arg(long)]
    email: Option<String>,
    /// The user's password
    #[arg(long, env = "BENCH_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// One run of 2 seconds for each row, not three of 10
    #[arg(long)]
    quick: bool,
    /// Only rows whose names hold the word; may be repeated
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// How many streams are opened at once
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    streams: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    web::program("bench", run(Cli::parse())).await
}

async fn run(cli: Cli) -> Result<()> {
    let rows = cli.rows()?;
    let lines = match &cli.base_url {
        Some(url) => elsewhere(&cli, url, &rows).await?,
        None => here(&cli, &rows).await?,
    };
    let runs = match cli.rounds() {
        1 => "One run".to_owned(),
        n => format!("Median of {n} runs"),
    };
    let seconds = cli.time().as_secs();
    writeln!(
        stdout(),
        "{runs} of {seconds} s a row.\n\n{}",
        render(&lines).trim_end()
    )?;
    Ok(())
}

impl Cli {
    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 2 } else { 10 })
    }

    fn rows(&self) -> Result<Vec<Row>> {
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

async fn elsewhere(cli: &Cli, url: &str, rows: &[Row]) -> Result<Vec<Line>> {
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let login = Login {
        tenant: given(&cli.tenant),
        email: given(&cli.email),
        password: given(&cli.password),
    };
    measure(cli, Server::new(url)?, login, None, rows).await
}

/// Starts everything, and stops it however the measuring ends.
async fn here(cli: &Cli, rows: &[Row]) -> Result<Vec<Line>> {
    say("starting a private PostgreSQL and the service")?;
    let dir = Path::new(".parlance/scratch").join(std::process::id().to_string());
    // Its commits wait for the disk, as they do where it matters.
    let cluster = Cluster::start(&dir, Keep::Data)?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let lines = tokio::select! {
        lines = on(&cluster, cli, rows) => lines,
        _ = interrupt.recv() => Err(anyhow::anyhow!("stopped before the end")),
        _ = terminate.recv() => Err(anyhow::anyhow!("stopped before the end")),
    };
    cluster.discard()?;
    lines
}

async fn on(cluster: &Cluster, cli: &Cli, rows: &[Row]) -> Result<Vec<Line>> {
    let provider = Provider::start().await?;
    let program = Program::new(&cli.binary, &cluster.url()?, &provider);
    let (service, login) = seed::begin(&program).await?;
    let own = Own {
        program,
        provider,
        service,
    };
    let server = own.service.server.clone();
    measure(cli, server, login, Some(own), rows).await
}

/// Round by round, so that a moment in which the machine is slow hurts no row more than another.
async fn measure(
    cli: &Cli,
    server: Server,
    login: Login,
    own: Option<Own>,
    rows: &[Row],
) -> Result<Vec<Line>> {
    let tokens = login.tokens(&server).await.context("the login failed")?;
    let mut bench = Bench {
        server,
        login,
        tokens,
        time: cli.time(),
        streams: cli.streams.into(),
        own,
    };
    let mut runs = vec![Vec::new(); rows.len()];
    for round in 1..=cli.rounds() {
        for (row, runs) in rows.iter().zip(&mut runs) {
            say(&format!(
                "round {round} of {}: {}",
                cli.rounds(),
                row.name()
            ))?;
            let failed = || format!("the row {} could not be measured", row.name());
            runs.push(bench.measure(*row).await.with_context(failed)?);
        }
    }
    Ok(runs.iter().flat_map(|runs| medians(runs)).collect())
}

fn say(what: &str) -> Result<()> {
    Ok(writeln!(stderr(), "bench: {what}")?)
}
