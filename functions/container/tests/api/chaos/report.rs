//! What came of it, as Markdown.

use super::asked::Asked;
use crate::turns::checker::client::Client;
use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    fs,
    time::{Duration, Instant},
};

pub(super) struct Report {
    seed: u64,
    begun: Instant,
    left_out: Vec<&'static str>,
    /// How long after each fault there were answers again.
    survived: BTreeMap<&'static str, Vec<Duration>>,
    /// How often there were two at once.
    at_once: usize,
    came: Vec<String>,
    /// What was acknowledged how often, and how much of it was lost.
    writes: Vec<(&'static str, usize, usize)>,
    pub(super) questions: usize,
    answered: BTreeMap<u16, u64>,
    resumed: u64,
    /// What must not be.
    pub(super) wrong: Vec<String>,
}

impl Report {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            seed: asked.seed,
            begun: Instant::now(),
            left_out: asked.left_out.clone(),
            survived: BTreeMap::new(),
            at_once: 0,
            came: Vec::new(),
            writes: Vec::new(),
            questions: 0,
            answered: BTreeMap::new(),
            resumed: 0,
            wrong: Vec::new(),
        }
    }

    /// Faults that happened at once.
    pub(super) fn survived(&mut self, faults: &[&'static str], answered: Duration) {
        self.at_once += usize::from(faults.len() > 1);
        for fault in faults {
            self.survived.entry(fault).or_default().push(answered);
        }
    }

    /// What came by itself when all was over.
    pub(super) fn came(&mut self, what: &'static str, after: Duration) {
        self.came.push(format!("{what} after {after:.0?}"));
    }

    pub(super) fn acknowledged(&mut self, what: &'static str, times: usize, wrong: Vec<String>) {
        self.writes.push((what, times, wrong.len()));
        self.wrong.extend(wrong);
    }

    pub(super) fn answered(&mut self, client: &Client) {
        self.resumed += client.resumed;
        for (status, times) in &client.answered {
            *self.answered.entry(*status).or_default() += times;
        }
    }

    /// Looks for panics in the logs of the service.
    pub(super) fn panics(&mut self, asked: &Asked) {
        for n in 0..2 {
            let log = fs::read_to_string(asked.log(n)).expect("it has logged");
            let panics = log.lines().filter(|line| line.contains("panic"));
            self.wrong.extend(panics.map(str::to_owned));
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: usize = self.survived.values().map(Vec::len).sum();
        writeln!(
            f,
            "{faults} faults in {:.0?}, {} times two at once; seed {}.\n",
            self.begun.elapsed(),
            self.at_once,
            self.seed
        )?;
        writeln!(
            f,
            "| fault | times | answers again after, median | at most |\n| --- | --: | --: | --: |"
        )?;
        for (fault, answered) in &self.survived {
            let mut answered = answered.clone();
            answered.sort();
            let (median, most) = (answered[answered.len() / 2], answered[answered.len() - 1]);
            let seconds = |time: Duration| time.as_secs_f64();
            writeln!(
                f,
                "| {fault} | {} | {:.1} s | {:.1} s |",
                answered.len(),
                seconds(median),
                seconds(most)
            )?;
        }
        for why in &self.left_out {
            writeln!(f, "\nLeft out: {why}.")?;
        }
        writeln!(f, "\n| acknowledged | times | lost |\n| --- | --: | --: |")?;
        for (what, times, lost) in &self.writes {
            writeln!(f, "| {what} | {times} | {lost} |")?;
        }
        let answered = self.answered.iter().map(|(status, times)| match status {
            0 => format!("none {times} times"),
            status => format!("{status} {times} times"),
        });
        writeln!(
            f,
            "\n{} questions, {} answers read on after a cut. Answered with {}.",
            self.questions,
            self.resumed,
            answered.collect::<Vec<_>>().join(", ")
        )?;
        if !self.came.is_empty() {
            writeln!(f, "\nWhen all was over came {}.", self.came.join(", "))?;
        }
        match self.wrong.len() {
            0 => writeln!(
                f,
                "\nNothing was lost, nothing stayed broken, no process ended by itself."
            ),
            wrong => writeln!(f, "\n**{wrong} things are wrong.**"),
        }
    }
}
