//! The closed loop: as many workers as connections, each sending its next request when the last is answered.

use crate::{
    client::{Call, Connection, Timing},
    cpu::{Meter, Spent},
};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{task::JoinSet, time::sleep};

/// However fast the service is, a worker stops after so many requests.
const MOST_REQUESTS: usize = 1_000_000;

/// What one connection does over and over.
pub enum Worker {
    /// Sends the same request.
    Repeat(Connection, Call),
    /// Renews a login with the refresh token that the last renewal gave.
    Refresh(Connection, String),
    /// Calls the provider as one turn of the service does, without the service.
    Turn(Connection, Vec<Call>),
}

/// What a refresh answers, and a login.
#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

/// The times that many answers took, in microseconds.
pub struct Times {
    pub first_byte: Histogram<u64>,
    pub first_token: Histogram<u64>,
    pub whole: Histogram<u64>,
}

/// What a loop did.
pub struct Load {
    pub per_second: f64,
    pub times: Times,
    pub spent: Spent,
}

/// How long a loop runs.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub time: Duration,
    /// Over how long the workers' beginnings are spread: answers that take equally long would else end, and the next
    /// begin, all at the same moment.
    pub spread: Duration,
}

pub fn refresh(refresh_token: &str) -> Call {
    Call::post("/login/refresh", &json!({ "refresh_token": refresh_token }))
}

impl Worker {
    async fn once(&mut self) -> Result<Timing> {
        match self {
            Self::Repeat(connection, call) => Ok(connection.send(call).await?.timing),
            Self::Refresh(connection, token) => {
                let answer = connection.send(&refresh(token)).await?;
                let tokens: Tokens = serde_json::from_slice(&answer.body)?;
                *token = tokens.refresh_token;
                Ok(answer.timing)
            }
            Self::Turn(connection, calls) => {
                let (last, before) = calls.split_last().context("a turn has calls")?;
                let begun = Instant::now();
                for call in before {
                    connection.send(call).await?;
                }
                let waited = begun.elapsed();
                let Timing {
                    first_byte,
                    first_token,
                    whole,
                } = connection.send(last).await?.timing;
                Ok(Timing {
                    first_byte: waited + first_byte,
                    first_token: waited + first_token,
                    whole: waited + whole,
                })
            }
        }
    }

    async fn until(mut self, end: Instant) -> Result<(Self, Times)> {
        let mut times = Times::new()?;
        for _ in 0..MOST_REQUESTS {
            times.add(self.once().await?)?;
            if Instant::now() >= end {
                break;
            }
        }
        Ok((self, times))
    }
}

impl Times {
    pub fn new() -> Result<Self> {
        let empty = Histogram::<u64>::new(3)?;
        Ok(Self {
            first_byte: empty.clone(),
            first_token: empty.clone(),
            whole: empty,
        })
    }

    pub fn add(&mut self, timing: Timing) -> Result<()> {
        let micros = |time: Duration| u64::try_from(time.as_micros());
        self.first_byte.record(micros(timing.first_byte)?)?;
        self.first_token.record(micros(timing.first_token)?)?;
        Ok(self.whole.record(micros(timing.whole)?)?)
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.first_byte.add(&other.first_byte)?;
        self.first_token.add(&other.first_token)?;
        Ok(self.whole.add(&other.whole)?)
    }
}

/// Runs `workers` for a tenth of the time unmeasured, and then for all of it.
///
/// # Errors
/// The first request that fails ends it.
pub async fn run(workers: Vec<Worker>, plan: Plan, meter: Meter) -> Result<Load> {
    let warm = Plan {
        time: plan.time / 10,
        ..plan
    };
    let (workers, _) = all(workers, warm).await?;
    let (begun, before) = (Instant::now(), meter.read()?);
    let (_, times) = all(workers, plan).await?;
    let requests = times.whole.len();
    Ok(Load {
        per_second: requests as f64 / begun.elapsed().as_secs_f64(),
        spent: meter.spent_since(&before, requests)?,
        times,
    })
}

async fn all(workers: Vec<Worker>, plan: Plan) -> Result<(Vec<Worker>, Times)> {
    let begun = Instant::now();
    let apart = plan.spread.div_f64(workers.len().max(1) as f64);
    let wait = (0_u32..).map(|n| apart * n);
    let begin = |(worker, wait): (Worker, Duration)| async move {
        sleep(wait).await;
        worker.until(begun + wait + plan.time).await
    };
    let mut running: JoinSet<_> = workers.into_iter().zip(wait).map(begin).collect();
    let (mut workers, mut times) = (Vec::new(), Times::new()?);
    while let Some(ended) = running.join_next().await {
        let (worker, own) = ended??;
        workers.push(worker);
        times.merge(&own)?;
    }
    Ok((workers, times))
}
