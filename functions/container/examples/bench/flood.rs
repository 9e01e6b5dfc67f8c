//! Many logins at once, and what others notice of them.

use crate::{
    client::{Call, Connection, Server},
    load::Times,
    memory::peak,
    table::{Column, Line},
};
use anyhow::{Result, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::task::JoinSet;

/// Logins that are sent at the same moment.
const LOGINS: usize = 300;

/// What a login may be answered: served, tried too often, too many at once.
const STATUSES: [u16; 3] = [200, 429, 503];

/// However fast the service is, somebody else stops asking after so many requests.
const MOST_REQUESTS: usize = 1_000_000;

/// Sends the logins, while others go on asking for `beside`; what came of it.
///
/// # Errors
/// A login is answered with another status, or one of the others with none that is good.
pub async fn measure(
    server: &Server,
    process: u32,
    login: &Call,
    beside: [Call; 2],
) -> Result<Vec<Line>> {
    let before = peak(process)?;
    let over = Arc::new(AtomicBool::new(false));
    let others = beside.each_ref().map(|call| {
        let (server, call, over) = (server.clone(), call.clone(), Arc::clone(&over));
        tokio::spawn(async move { meanwhile(server.connect().await?, &call, &over).await })
    });
    let answers = all_at_once(server, login).await;
    over.store(true, Ordering::Relaxed);
    let after = peak(process)?;

    let mut lines = Vec::new();
    for (status, times) in STATUSES.into_iter().zip(&answers?) {
        let work = format!("of {LOGINS} logins at once: {status}");
        let count = times.whole.len() as f64;
        lines.push(Line::timed(work, &times.whole).with(Column::Count, count));
    }
    let [most, added] = [after, after - before].map(|kib| kib as f64);
    lines.push(Line::new("– memory with them").with(Column::Memory, most));
    lines.push(Line::new("– memory that they added").with(Column::Memory, added));
    for (call, other) in beside.iter().zip(others) {
        let (per_second, times) = other.await??;
        let slowest = times.whole.max() as f64 / 1000.0;
        let work = format!("– {} meanwhile", call.path);
        lines.push(Line::timed(work, &times.whole).with(Column::PerSecond, per_second));
        let work = format!("– the slowest {} meanwhile", call.path);
        lines.push(Line::new(work).with(Column::P99, slowest));
    }
    Ok(lines)
}

/// The times of the answers, by [`STATUSES`].
async fn all_at_once(server: &Server, login: &Call) -> Result<[Times; 3]> {
    let mut connections = Vec::new();
    for _ in 0..LOGINS {
        connections.push(server.connect().await?);
    }
    let send = |mut connection: Connection| {
        let login = login.clone();
        async move { connection.exchange(&login).await }
    };
    let mut sent: JoinSet<_> = connections.into_iter().map(send).collect();
    let mut answers = [Times::new()?, Times::new()?, Times::new()?];
    while let Some(answer) = sent.join_next().await {
        let (status, answer) = answer??;
        let Some(at) = STATUSES.iter().position(|known| status == *known) else {
            bail!("a login was answered with {status}");
        };
        answers[at].add(answer.timing)?;
    }
    Ok(answers)
}

/// Asks one thing after the other until it is over: how often in a second, and how long it took.
async fn meanwhile(
    mut connection: Connection,
    call: &Call,
    over: &AtomicBool,
) -> Result<(f64, Times)> {
    let (mut times, begun) = (Times::new()?, Instant::now());
    for _ in 0..MOST_REQUESTS {
        times.add(connection.send(call).await?.timing)?;
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
    let per_second = times.whole.len() as f64 / begun.elapsed().as_secs_f64();
    Ok((per_second, times))
}
