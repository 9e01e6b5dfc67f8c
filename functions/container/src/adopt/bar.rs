//! How far an adoption is.

use adopt::Progress;
use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How far it is: in one line that changes on a terminal, else in a line now and then.
pub(super) struct Bar {
    began: Instant,
    told: Option<Instant>,
    is_terminal: bool,
}

/// How often it is told elsewhere, and on a terminal.
const LINES: Duration = Duration::from_secs(10);
const CHANGES: Duration = Duration::from_millis(200);

impl Bar {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            told: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    pub(super) fn tell(&mut self, progress: Progress) {
        let every = if self.is_terminal { CHANGES } else { LINES };
        if self.told.unwrap_or(self.began).elapsed() < every {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(progress, self.began.elapsed());
        let mut stderr = io::stderr();
        // Whoever does not watch misses nothing.
        drop(match self.is_terminal {
            true => write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush()),
            false => writeln!(stderr, "{line}"),
        });
    }

    pub(super) fn end(&self) {
        if self.is_terminal && self.told.is_some() {
            drop(writeln!(io::stderr()));
        }
    }
}

/// As in `430000 of 1000000 messages (43 %), 21500 a second, 26 s left`.
fn line(Progress { done, all }: Progress, took: Duration) -> String {
    let millis = took.as_millis().max(1);
    let rate = u128::from(done) * 1000 / millis;
    let left = u128::from(all.saturating_sub(done)) / rate.max(1);
    let percent = done * 100 / all.max(1);
    format!("{done} of {all} messages ({percent} %), {rate} a second, {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_rest() {
        let half = Progress {
            done: 430_000,
            all: 1_000_000,
        };
        let told = line(half, Duration::from_secs(20));
        assert_eq!(
            told,
            "430000 of 1000000 messages (43 %), 21500 a second, 26 s left"
        );
        let none = line(Progress::default(), Duration::ZERO);
        assert_eq!(none, "0 of 0 messages (0 %), 0 a second, 0 s left");
    }
}
