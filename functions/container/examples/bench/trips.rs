//! How often a request waits for the database, one wait after the other or beside each other.

use crate::{
    client::Call,
    seed,
    service::Program,
    table::{Column, Line},
};
use anyhow::Result;
use serde::de::IgnoredAny;

/// So many turns first: every connection has prepared its statements by then.
const WARM: usize = 60;
/// So many turns are counted, and their median told.
const COUNTED: usize = 9;

/// Counts the round trips of a service that is started for it.
///
/// # Errors
/// It does not stop asking its database, or does not answer.
pub async fn count(program: &Program, token: &str) -> Result<Vec<Line>> {
    let (program, proxy) = program.clone().through_proxy().await?;
    let service = program.serve_until("/health").await?;
    let started = proxy.trips().await?;
    let list = Call::get("/chat/sessions").by(token);
    let turn = seed::turn(token);
    let mut connection = service.server.connect().await?;
    connection.send(&list).await?;
    let first = proxy.trips().await? - started;
    for _ in 0..WARM {
        connection.send(&turn).await?;
        service.server.ask::<IgnoredAny>(&list).await?;
    }
    let mut lines = vec![
        line("round trips: start, with the first background job", started),
        line("round trips: first request after a start", first),
    ];
    for (work, call) in [("page of 20 sessions", &list), ("chat turn", &turn)] {
        let mut counts = Vec::new();
        for _ in 0..COUNTED {
            let before = proxy.trips().await?;
            connection.send(call).await?;
            counts.push(proxy.trips().await? - before);
        }
        counts.sort_unstable();
        lines.push(line(&format!("round trips: {work}"), counts[COUNTED / 2]));
    }
    Ok(lines)
}

fn line(work: &str, trips: usize) -> Line {
    Line::new(work).with(Column::Count, trips as f64)
}
