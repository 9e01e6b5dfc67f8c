//! The closed loop: as many workers as connections, each sending its next request when the last is answered.

use crate::client::{Call, Connection, Timing};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

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

/// Runs `workers` for a tenth of `time` unmeasured, and then for `time`.
///
/// # Errors
/// The first request that fails ends it.
pub async fn run(workers: Vec<Worker>, time: Duration) -> Result<Load> {
    let (workers, _) = all(workers, time / 10).await?;
    let begun = Instant::now();
    let (_, times) = all(workers, time).await?;
    let per_second = times.whole.len() as f64 / begun.elapsed().as_secs_f64();
    Ok(Load { per_second, times })
}

async fn all(workers: Vec<Worker>, time: Duration) -> Result<(Vec<Worker>, Times)> {
    let end = Instant::now() + time;
    let mut running: JoinSet<_> = workers.into_iter().map(|w| w.until(end)).collect();
    let (mut workers, mut times) = (Vec::new(), Times::new()?);
    while let Some(ended) = running.join_next().await {
        let (worker, own) = ended??;
        workers.push(worker);
        times.merge(&own)?;
    }
    Ok((workers, times))
}
