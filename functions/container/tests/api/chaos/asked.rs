//! What a run was asked for: `scripts/chaos` says it in the environment.

use super::faults::{ALL, Fault};
use std::{path::PathBuf, time::Duration};
use uuid::Uuid;

#[derive(Clone)]
pub(super) struct Asked {
    /// Where logs, the report and the server's files are.
    pub(super) dir: PathBuf,
    pub(super) time: Duration,
    pub(super) seed: u64,
    pub(super) faults: Vec<(&'static str, Fault)>,
    /// Why which faults do not happen.
    pub(super) left_out: Vec<&'static str>,
    /// A small disk, mounted.
    pub(super) disk: Option<PathBuf>,
    /// The library that changes what time a program is told.
    pub(super) faketime: Option<String>,
}

impl Asked {
    pub(super) fn read() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let number = |name: &str| var(name).map(|n| n.parse::<u64>().expect("it is a number"));
        let disk = var("CHAOS_DISK").map(PathBuf::from);
        let faketime = var("CHAOS_FAKETIME");
        let mut left_out = Vec::new();
        if disk.is_none() {
            left_out.push("`database-disk-full`: no small disk can be mounted here");
        }
        if faketime.is_none() {
            left_out.push("`service-clock`: there is no libfaketime");
        }
        let words = var("CHAOS_FAULTS").unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
        let possible = |fault: &Fault| match fault {
            Fault::DiskFull => disk.is_some(),
            Fault::Clock => faketime.is_some(),
            _ => true,
        };
        let faults = ALL.iter().copied();
        let faults = faults.filter(|(name, fault)| wanted(name) && possible(fault));
        let faults: Vec<_> = faults.collect();
        assert!(
            !faults.is_empty(),
            "no fault is called so; all are {}",
            names()
        );
        Self {
            dir: var("CHAOS_DIR")
                .expect("run scripts/chaos, which sets CHAOS_DIR")
                .into(),
            time: Duration::from_secs(number("CHAOS_SECONDS").unwrap_or(300)),
            seed: number("CHAOS_SEED").unwrap_or_else(|| Uuid::new_v4().as_fields().0.into()),
            faults,
            left_out,
            disk,
            faketime,
        }
    }

    /// The log of a program.
    pub(super) fn log(&self, program: usize) -> PathBuf {
        self.dir.join(format!("service-{}.log", program + 1))
    }
}

fn names() -> String {
    ALL.map(|(name, _)| name).join(", ")
}
