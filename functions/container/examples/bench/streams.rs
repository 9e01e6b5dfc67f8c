//! Many answers that are streamed at the same time.

use crate::{
    client::{Server, Timing, holds},
    load::Times,
    memory::resident,
    provider::{Provider, SLOWLY},
    seed::streamed,
};
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;
use tokio::{
    task::JoinSet,
    time::{interval, sleep, timeout},
};

/// Between the openings of two streams.
const PACE: Duration = Duration::from_millis(5);
/// All are open by then, after the last was asked for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long all stay open, in which the provider sends each of them some more tokens.
const OPEN: Duration = Duration::from_secs(3);

/// What was seen.
pub struct Open {
    pub times: Times,
    /// In KiB, with all of them open.
    pub memory: u64,
    /// In KiB, before the first.
    pub memory_before: u64,
}

/// Opens `count` streams, and ends them when all were open for a while.
///
/// # Errors
/// One of them is not answered to its end.
pub async fn open(
    server: &Server,
    provider: &Provider,
    token: &str,
    process: u32,
    count: usize,
) -> Result<Open> {
    let memory_before = resident(process)?;
    provider.hold();
    let mut running = JoinSet::new();
    let mut pace = interval(PACE);
    for _ in 0..count {
        pace.tick().await;
        running.spawn(one(server.clone(), token.to_owned()));
    }
    let begun = async {
        while provider.begun() < count {
            sleep(PACE).await;
        }
        sleep(OPEN).await;
        Ok(())
    };
    let begun = timeout(PATIENCE, async {
        tokio::select! {
            begun = begun => begun,
            Some(early) = running.join_next() => {
                early??;
                bail!("a stream ended before its time")
            }
        }
    });
    begun
        .await
        .with_context(|| format!("only {} of {count} streams began", provider.begun()))??;
    let memory = resident(process)?;
    provider.let_go();
    let mut times = Times::new()?;
    while let Some(ended) = running.join_next().await {
        times.add(ended??)?;
    }
    Ok(Open {
        times,
        memory,
        memory_before,
    })
}

async fn one(server: Server, token: String) -> Result<Timing> {
    let mut connection = server.connect().await?;
    let call = streamed(&token, &format!("{SLOWLY}: how long does a refund take?"));
    let answer = connection.send(&call).await?;
    ensure!(
        holds(&answer.body, b"event: done"),
        "a stream was cut off: {}",
        String::from_utf8_lossy(&answer.body)
    );
    Ok(answer.timing)
}
