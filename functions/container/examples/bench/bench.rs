//! One row after the other, each by everything that is compared.

use crate::{
    client::Server,
    compare::{Measured, PROVIDER},
    cpu::Meter,
    load::{self, Plan, Times, Worker},
    provider::{PACED, Provider, TOKENS},
    rows::Row,
    run::Run,
    seed::{QUESTION, marked, provider_calls},
    streams::Opening,
    subject::Subject,
    table::Line,
};
use anyhow::{Context, Result};
use std::{path::PathBuf, time::Duration};

/// What the rows need, whatever they measure.
pub struct Bench {
    /// How long a row runs.
    pub time: Duration,
    pub opening: Opening,
    /// The program of the function `chat`, whose first request is looked at.
    pub function: Option<PathBuf>,
    /// What there is only if the service is started here.
    pub own: Option<Own>,
}

/// The surroundings of what is started here.
pub struct Own {
    /// PostgreSQL's first process.
    pub database: u32,
    /// Between two tokens of a paced answer.
    pub pace: Duration,
}

impl Bench {
    /// Measures `row` once on each of `subjects`: in their order, or from the last to the first.
    pub async fn measure(
        &self,
        subjects: &mut [Subject],
        row: Row,
        backwards: bool,
    ) -> Result<Vec<Measured>> {
        let mut measured = Vec::new();
        for n in 0..subjects.len() {
            let n = if backwards { subjects.len() - 1 - n } else { n };
            let subject = &mut subjects[n];
            if !subject.does(row) {
                continue;
            }
            let failed = || {
                format!(
                    "the row {} of {} could not be measured",
                    row.name(),
                    subject.name
                )
            };
            let failed = failed();
            subject.begin().await.with_context(|| failed.clone())?;
            let run = Run {
                bench: self,
                subject,
            };
            let lines = run.lines(row).await.with_context(|| failed)?;
            measured.push((
                n,
                Measured {
                    who: subject.name,
                    lines,
                },
            ));
            subject.end();
        }
        measured.sort_by_key(|(n, _)| *n);
        let mut measured: Vec<Measured> = measured.into_iter().map(|(_, m)| m).collect();
        let provider = subjects.first().and_then(Subject::provider);
        measured.extend(match provider {
            Some(provider) => self.provider_alone(row, provider).await?,
            None => None,
        });
        Ok(measured)
    }

    /// The three calls of a turn, without a service.
    async fn provider_alone(&self, row: Row, provider: &Provider) -> Result<Option<Measured>> {
        let (connections, question, streamed) = match row {
            Row::Turn(n) => (n, QUESTION.to_owned(), false),
            Row::Stream(n) => (n, QUESTION.to_owned(), true),
            Row::Paced(n) => (n, marked(PACED), true),
            _ => return Ok(None),
        };
        let server = Server::new(&provider.url())?;
        let mut workers = Vec::new();
        for _ in 0..connections {
            let calls = provider_calls(&question, streamed);
            workers.push(Worker::Turn(server.connect().await?, calls));
        }
        let plan = Plan {
            time: self.time / 4,
            ..self.plan(row)
        };
        let Times {
            first_byte, whole, ..
        } = load::run(workers, plan, Meter::default()).await?.times;
        let line = match streamed {
            true => Line::timed(work(row, "first token", true), &first_byte),
            false => Line::timed(work(row, "", true), &whole),
        };
        Ok(Some(Measured {
            who: PROVIDER,
            lines: vec![line],
        }))
    }

    /// How long `row` runs.
    pub fn plan(&self, row: Row) -> Plan {
        let answer = self.own.as_ref().map(|own| own.pace * TOKENS as u32);
        let spread = answer.filter(|_| matches!(row, Row::Paced(_)));
        Plan {
            time: self.time,
            spread: spread.unwrap_or_default(),
        }
    }
}

/// How the table names the work of a row, or a part of it.
pub fn work(row: Row, part: &str, own: bool) -> String {
    let tokens = if own {
        format!(", {TOKENS} tokens")
    } else {
        String::new()
    };
    match row {
        Row::Turn(n) => format!("chat turn ({n})"),
        Row::Stream(n) => format!("streamed{tokens} ({n}): {part}"),
        Row::Completion(n) => format!("/v1 chat turn ({n})"),
        Row::CompletionStream(n) => format!("/v1 streamed{tokens} ({n}): {part}"),
        Row::Paced(n) => format!("paced{tokens} ({n}): {part}"),
        _ => row.name(),
    }
}
