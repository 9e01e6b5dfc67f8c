//! How each row is measured, on one subject.

use crate::{
    bench::{Bench, work},
    client::Call,
    compare::BARE,
    cpu::Meter,
    flood,
    load::{self, Load, Worker},
    memory::{peak_during, resident},
    neighbour,
    provider::PACED,
    rows::Row,
    seed::{self, QUESTION, marked},
    start, streams,
    subject::Subject,
    table::{Column, Line},
    trips,
};
use anyhow::Result;
use std::time::Duration;
use tokio::time::sleep;

const READERS: usize = 32;
const LOGINS: usize = 8;
/// How long after its start a service counts as idle.
const IDLE: Duration = Duration::from_secs(2);

/// One subject, running.
pub struct Run<'a> {
    pub bench: &'a Bench,
    pub subject: &'a Subject,
}

impl Run<'_> {
    /// Measures `row` once.
    pub async fn lines(&self, row: Row) -> Result<Vec<Line>> {
        let token = self.subject.token();
        let get = |path: &str| Call::get(path).by(token);
        match row {
            Row::Start => self.started().await,
            Row::RoundTrips => self.round_trips().await,
            Row::Profile => {
                let call = get("/login/me");
                self.repeated(row, "authenticated profile", call, READERS)
                    .await
            }
            Row::Sessions => {
                let call = get("/chat/sessions");
                self.repeated(row, "page of 20 sessions", call, READERS)
                    .await
            }
            Row::Turn(connections) => {
                let (load, memory) = self.repeat(row, &seed::turn(token), connections).await?;
                Ok(vec![Line::whole(work(row, "", true), &load, memory)])
            }
            Row::Stream(connections) => self.streams(row, QUESTION, connections).await,
            Row::Completion(connections) => {
                let call = seed::completion(token, false);
                let (load, memory) = self.repeat(row, &call, connections).await?;
                Ok(vec![Line::whole(work(row, "", true), &load, memory)])
            }
            Row::CompletionStream(connections) => {
                let call = seed::completion(token, true);
                let (load, memory) = self.repeat(row, &call, connections).await?;
                let work = |part: &str| work(row, part, self.bench.own.is_some());
                // It begins with its first token.
                Ok(vec![
                    Line::timed(work("first byte"), &load.times.first_byte),
                    Line::whole(work("last byte"), &load, memory),
                ])
            }
            Row::Paced(connections) => self.streams(row, &marked(PACED), connections).await,
            Row::OpenStreams => streams::lines(self.subject, &self.bench.opening).await,
            Row::Refresh => self.refreshes(row).await,
            Row::Login => {
                let call = self.subject.login.call();
                self.repeated(row, "password login", call, LOGINS).await
            }
            Row::Flood => self.flood().await,
            Row::Neighbour(nuisance) => {
                neighbour::measure(self.subject, nuisance, self.bench.time).await
            }
        }
    }

    async fn repeated(
        &self,
        row: Row,
        work: &str,
        call: Call,
        connections: usize,
    ) -> Result<Vec<Line>> {
        let (load, memory) = self.repeat(row, &call, connections).await?;
        let work = format!("{work} ({connections})");
        Ok(vec![Line::whole(work, &load, memory)])
    }

    async fn refreshes(&self, row: Row) -> Result<Vec<Line>> {
        let mut workers = Vec::new();
        for _ in 0..LOGINS {
            let tokens = self.subject.login.tokens(&self.subject.server).await?;
            let connection = self.subject.server.connect().await?;
            workers.push(Worker::Refresh(connection, tokens.refresh_token));
        }
        let (load, _) = self.load(row, workers).await?;
        // Its memory would be that of the logins before it.
        Ok(vec![Line::whole(
            format!("refresh ({LOGINS})"),
            &load,
            None,
        )])
    }

    async fn streams(&self, row: Row, question: &str, connections: usize) -> Result<Vec<Line>> {
        let call = seed::streamed(self.subject.token(), question);
        let (load, memory) = self.repeat(row, &call, connections).await?;
        let work = |part: &str| work(row, part, self.bench.own.is_some());
        Ok(vec![
            Line::timed(work("first byte"), &load.times.first_byte),
            Line::timed(work("first token"), &load.times.first_token),
            Line::whole(work("last byte"), &load, memory),
        ])
    }

    async fn flood(&self) -> Result<Vec<Line>> {
        let process = self.subject.own()?.1;
        let profile = Call::get("/login/me").by(self.subject.token());
        let beside = [profile, Call::get("/health")];
        flood::measure(
            &self.subject.server,
            process,
            &self.subject.login.call(),
            beside,
        )
        .await
    }

    async fn round_trips(&self) -> Result<Vec<Line>> {
        let (program, _) = self.subject.own()?;
        let token = self.subject.token();
        let mut lines = trips::warm(program, token).await?;
        // Where the bare handler starts, it also makes its functions.
        if self.subject.name != BARE {
            let function = self.bench.function.as_deref();
            lines.extend(trips::cold(program, function, token).await?);
        }
        Ok(lines)
    }

    async fn started(&self) -> Result<Vec<Line>> {
        let (program, process) = self.subject.own()?;
        sleep(IDLE).await;
        let idle = Line::new("idle").with(Column::Memory, resident(process)? as f64);
        let mut lines = start::measure(program, self.subject.token()).await?;
        lines.push(idle);
        Ok(lines)
    }

    async fn repeat(
        &self,
        row: Row,
        call: &Call,
        connections: usize,
    ) -> Result<(Load, Option<f64>)> {
        let mut workers = Vec::new();
        for _ in 0..connections {
            let connection = self.subject.server.connect().await?;
            workers.push(Worker::Repeat(connection, call.clone()));
        }
        self.load(row, workers).await
    }

    /// The load, and the most memory that the service had under it.
    async fn load(&self, row: Row, workers: Vec<Worker>) -> Result<(Load, Option<f64>)> {
        let database = self.bench.own.as_ref().map(|own| own.database);
        let meter = match database {
            Some(_) => self.subject.meter(database)?,
            None => Meter::default(),
        };
        let load = load::run(workers, self.bench.plan(row), meter);
        let (load, memory) = peak_during(meter.service, load).await?;
        Ok((load, memory.map(|kib| kib as f64)))
    }
}
