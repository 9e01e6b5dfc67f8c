//! Measures builds of the service, or a deployment of it, and prints a table; `scripts/bench` is its front.

mod bare;
mod bench;
mod cli;
mod client;
mod compare;
mod cpu;
mod database;
mod flood;
mod load;
mod memory;
mod neighbour;
mod provider;
mod proxy;
mod rows;
mod run;
mod seed;
mod service;
mod start;
mod streams;
mod subject;
mod table;
mod trips;

use anyhow::Result;
use bench::{Bench, Own};
use clap::Parser;
use cli::Cli;
use client::Server;
use compare::{BUILDS, OURS, summary};
use container::cluster::{Cluster, Keep};
use database::{DatabaseServer, FIRST, Place, SECOND, THIRD};
use provider::Provider;
use rows::Row;
use seed::Login;
use service::Program;
use std::{
    io::{Write, stderr, stdout},
    path::Path,
    process::ExitCode,
};
use subject::Subject;
use table::{Line, render};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    web::program("bench", run(Cli::parse())).await
}

async fn run(cli: Cli) -> Result<()> {
    if cli.bare {
        return bare::serve().await;
    }
    let rows = cli.rows()?;
    if rows.contains(&Row::OpenStreams) {
        cli.opening().check_files()?;
    }
    let lines = match &cli.base_url {
        Some(url) => elsewhere(&cli, url, &rows).await?,
        None => here(&cli, &rows).await?,
    };
    let runs = match cli.rounds() {
        1 => "One run".to_owned(),
        n => format!("Median of {n} runs"),
    };
    let seconds = cli.time().as_secs();
    let names = match &cli.against {
        Some(against) => format!(
            " A is {}, B is {}.",
            cli.binary.display(),
            against.display()
        ),
        None => String::new(),
    };
    writeln!(
        stdout(),
        "{runs} of {seconds} s a row.{names}\n\n{}",
        render(&lines).trim_end()
    )?;
    Ok(())
}

async fn elsewhere(cli: &Cli, url: &str, rows: &[Row]) -> Result<Vec<Line>> {
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let login = Login {
        tenant: given(&cli.tenant),
        email: given(&cli.email),
        password: given(&cli.password),
    };
    let subject = Subject::elsewhere(OURS, Server::new(url)?, login).await?;
    measure(cli, None, vec![subject], rows).await
}

/// Starts everything, and stops it however the measuring ends.
async fn here(cli: &Cli, rows: &[Row]) -> Result<Vec<Line>> {
    say("starting a private PostgreSQL and what is measured")?;
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
    let mut server = DatabaseServer::connect(&cluster.url()?).await?;
    let mut surroundings = async |binary: &Path, place: Place| -> Result<(Program, Provider)> {
        let provider = Provider::start(cli.pace(), cli.held_pace()).await?;
        let url = server.create(place).await?;
        Ok((Program::new(binary, place, &url, &provider), provider))
    };
    let mut subjects = Vec::new();
    let ours = if cli.against.is_some() {
        BUILDS[0]
    } else {
        OURS
    };
    let (program, provider) = surroundings(&cli.binary, FIRST).await?;
    subjects.push(Subject::here(ours, program, provider).await?);
    if let Some(against) = &cli.against {
        let (program, provider) = surroundings(against, SECOND).await?;
        subjects.push(Subject::here(BUILDS[1], program, provider).await?);
    }
    if rows.iter().any(|row| row.has_bare()) {
        let (program, provider) = surroundings(&cli.binary, THIRD).await?;
        subjects.push(Subject::bare(program, provider).await?);
    }
    for subject in &mut subjects {
        subject.end();
    }
    let own = Own {
        database: server.process().await?,
        pace: cli.pace(),
    };
    measure(cli, Some(own), subjects, rows).await
}

/// Round by round, so that a moment in which the machine is slow hurts no row more than another; every second round
/// backwards, so that it hurts no subject more.
async fn measure(
    cli: &Cli,
    own: Option<Own>,
    mut subjects: Vec<Subject>,
    rows: &[Row],
) -> Result<Vec<Line>> {
    let bench = Bench {
        time: cli.time(),
        opening: cli.opening(),
        function: cli.function.clone(),
        own,
    };
    let mut measured: Vec<Vec<_>> = rows.iter().map(|_| Vec::new()).collect();
    for round in 1..=cli.rounds() {
        for (row, measured) in rows.iter().zip(&mut measured) {
            say(&format!(
                "round {round} of {}: {}",
                cli.rounds(),
                row.name()
            ))?;
            measured.push(bench.measure(&mut subjects, *row, round % 2 == 0).await?);
        }
    }
    Ok(measured.iter().flat_map(|rounds| summary(rounds)).collect())
}

fn say(what: &str) -> Result<()> {
    Ok(writeln!(stderr(), "bench: {what}")?)
}
