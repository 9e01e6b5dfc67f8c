//! How long a service takes to start.

use crate::{client::Call, service::Program, table::Line};
use anyhow::Result;
use hdrhistogram::Histogram;
use serde::de::IgnoredAny;
use std::time::Instant;

/// One start is over too soon to be told from another.
const STARTS: usize = 10;

/// Starts it several times. Its database is warm by then.
pub async fn measure(program: &Program, token: &str) -> Result<Vec<Line>> {
    let mut ready = Histogram::<u64>::new(3)?;
    let mut first = ready.clone();
    for _ in 0..STARTS {
        let service = program.serve().await?;
        ready.record(u64::try_from(service.started_in.as_micros())?)?;
        let begun = Instant::now();
        let call = Call::get("/chat/sessions").by(token);
        service.server.ask::<IgnoredAny>(&call).await?;
        first.record(u64::try_from(begun.elapsed().as_micros())?)?;
    }
    Ok(vec![
        Line::timed("start to ready", &ready),
        Line::timed("first request after a start", &first),
    ])
}
