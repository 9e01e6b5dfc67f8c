//! How much processor time processes have used, from Linux's /proc.

use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// Linux tells times in these, whatever its own clock does.
const TICKS_PER_SECOND: u64 = 100;

/// Whose time is measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    /// The process of the service.
    pub service: Option<u32>,
    /// PostgreSQL's first process.
    pub database: Option<u32>,
}

/// Milliseconds of processor time for each request; none of what is not on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub service: Option<f64>,
    pub database: Option<f64>,
}

/// What had been used when it was looked at.
pub struct Reading {
    service: Option<Duration>,
    database: Option<Duration>,
}

impl Meter {
    pub fn read(&self) -> Result<Reading> {
        Ok(Reading {
            service: self.service.map(used).transpose()?,
            database: self.database.map(used).transpose()?,
        })
    }

    /// What `requests` requests since `before` used, each.
    pub fn spent_since(&self, before: &Reading, requests: u64) -> Result<Spent> {
        let now = self.read()?;
        let each = |now: Option<Duration>, before: Option<Duration>| {
            let used = now?.saturating_sub(before?);
            Some(used.as_secs_f64() * 1000.0 / requests.max(1) as f64)
        };
        Ok(Spent {
            service: each(now.service, before.service),
            database: each(now.database, before.database),
        })
    }
}

/// The parent of a process.
pub fn parent(process: u32) -> Result<u32> {
    let stat = Stat::of(process).context("the process has ended, or this is no Linux")?;
    Ok(stat.parent)
}

/// What `root`, the processes under it and those that it waited for have used.
fn used(root: u32) -> Result<Duration> {
    let processes = fs::read_dir("/proc").context("this needs Linux's /proc")?;
    let processes = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One that ends meanwhile has become part of its parent's time.
    let stats: Vec<Stat> = processes.filter_map(Stat::of).collect();
    let mut tree = vec![root];
    let mut ticks = 0;
    let mut next = 0;
    while let Some(process) = tree.get(next).copied() {
        let of = |stat: &&Stat| stat.process == process;
        ticks += stats.iter().find(of).map_or(0, |stat| stat.ticks);
        let children = stats.iter().filter(|stat| stat.parent == process);
        tree.extend(children.map(|stat| stat.process));
        next += 1;
    }
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

struct Stat {
    process: u32,
    parent: u32,
    /// Its own time and that of children that have ended.
    ticks: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name before it may hold anything, even spaces and brackets.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let times = fields.get(11..15)?.iter();
        Some(Self {
            process,
            parent: fields.get(1)?.parse().ok()?,
            ticks: times.filter_map(|time| time.parse::<u64>().ok()).sum(),
        })
    }
}
