//! How much memory a process has in use, from Linux's /proc.

use anyhow::{Context, Result};
use std::{fs, time::Duration};
use tokio::time::{Instant, sleep_until};

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// Resident memory of a process, in KiB.
pub fn resident(process: u32) -> Result<u64> {
    status(process, "VmRSS:")
}

/// The most that it has ever been, in KiB.
pub fn peak(process: u32) -> Result<u64> {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("the service has ended, or this is no Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.context("/proc tells no resident memory")
}

/// What `work` answers, and the most memory that the process had while it ran; none without a process.
pub async fn peak_during<T>(
    process: Option<u32>,
    work: impl Future<Output = Result<T>>,
) -> Result<(T, Option<u64>)> {
    let Some(process) = process else {
        return Ok((work.await?, None));
    };
    tokio::pin!(work);
    let mut peak = resident(process)?;
    loop {
        tokio::select! {
            done = &mut work => return Ok((done?, Some(peak.max(resident(process)?)))),
            () = sleep_until(Instant::now() + INTERVAL) => peak = peak.max(resident(process)?),
        }
    }
}
