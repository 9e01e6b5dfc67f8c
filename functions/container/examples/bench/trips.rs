//! How often a request waits for the database; waits beside each other count as well, and so
//! do those after the answer, in which connections go back to their pool.

use crate::{
    client::Call,
    seed,
    service::Program,
    table::{Column, Line},
};
use anyhow::Result;
use serde::de::IgnoredAny;
use std::path::Path;

/// So many turns first: every connection has prepared its statements by then.
const WARM: usize = 60;
/// So many turns are counted, and their median told.
const COUNTED: usize = 9;

/// Those of a service that was just started, and of a function if there is one.
///
/// # Errors
/// It does not stop asking its database, or does not answer.
pub async fn cold(program: &Program, function: Option<&Path>, token: &str) -> Result<Vec<Line>> {
    let (through, proxy) = program.clone().through_proxy().await?;
    let service = through.serve_until("/health").await?;
    let started = proxy.trips().await?;
    let list = Call::get("/chat/sessions").by(token);
    service.server.ask::<IgnoredAny>(&list).await?;
    let answered = proxy.so_far() - started;
    let first = proxy.trips().await? - started;
    let mut lines = vec![
        line("start, with the first background job", started),
        line("first request after a start", first),
        line("– of these, until it was answered", answered),
    ];
    if let Some(function) = function {
        let [all, answered] = of_function(program.clone().of(function), token).await?;
        lines.push(line("first request of a cold function", all));
        lines.push(line("– of the function's, until it was answered", answered));
    }
    Ok(lines)
}

/// A function has nothing to do in the background: all that it asks until it has answered is for its first request.
async fn of_function(program: Program, token: &str) -> Result<[usize; 2]> {
    let (program, proxy) = program.through_proxy().await?;
    let service = program.serve_until("/health").await?;
    let list = Call::get("/chat/sessions").by(token);
    service.server.ask::<IgnoredAny>(&list).await?;
    let answered = proxy.so_far();
    Ok([proxy.trips().await?, answered])
}

/// Those of single requests, once there is nothing left to prepare.
///
/// # Errors
/// As [`cold`].
pub async fn warm(program: &Program, token: &str) -> Result<Vec<Line>> {
    let (program, proxy) = program.clone().through_proxy().await?;
    let service = program.serve_until("/health").await?;
    let list = Call::get("/chat/sessions").by(token);
    let turn = seed::turn(token);
    let mut connection = service.server.connect().await?;
    for _ in 0..WARM {
        connection.send(&turn).await?;
        connection.send(&list).await?;
    }
    let mut lines = Vec::new();
    for (work, call) in [("page of 20 sessions", &list), ("chat turn", &turn)] {
        let mut counts = Vec::new();
        for _ in 0..COUNTED {
            let before = proxy.trips().await?;
            connection.send(call).await?;
            counts.push(proxy.trips().await? - before);
        }
        counts.sort_unstable();
        lines.push(line(work, counts[COUNTED / 2]));
    }
    Ok(lines)
}

fn line(work: &str, trips: usize) -> Line {
    Line::new(format!("round trips: {work}")).with(Column::Count, trips as f64)
}
