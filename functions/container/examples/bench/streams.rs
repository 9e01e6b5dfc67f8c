//! Many answers that are streamed at the same time.

use crate::{
    client::{Call, Server, Timing, holds},
    load::Times,
    memory::resident,
    provider::{HELD, Provider},
    say,
    seed::{marked, streamed},
    subject::Subject,
    table::{Column, Line},
};
use anyhow::{Context, Result, bail, ensure};
use std::{fs, time::Duration};
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, interval, sleep},
};

/// At these numbers of open streams, and with all of them, the memory is looked at.
const MARKS: [usize; 3] = [1000, 5000, 10_000];
/// Between two looks at how many have begun.
const LOOK: Duration = Duration::from_millis(5);
/// None began or was refused for so long: no more will be.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long all stay open, in which the provider sends each of them some more tokens.
const OPEN: Duration = Duration::from_secs(3);
/// Files that a process has open beside its streams, at most.
const OTHER_FILES: usize = 150;

/// How streams are opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub count: usize,
    pub per_second: u32,
}

/// How one stream went.
enum Ended {
    /// It was answered to its end.
    Whole(Timing),
    /// It was not begun, or cut off; why.
    Refused(String),
}

/// What was seen.
struct Open {
    /// Times by the mark that a stream belongs to.
    times: Vec<Times>,
    refused: Vec<String>,
    /// In KiB, before the first.
    memory_before: u64,
    /// How many were open, and KiB then.
    memory: Vec<(usize, u64)>,
}

/// Opens the streams, holds them, and tells what that took.
///
/// # Errors
/// Streams neither begin nor are refused any more, or the service has ended.
pub async fn lines(subject: &Subject, opening: &Opening) -> Result<Vec<Line>> {
    let (_, process) = subject.own()?;
    let provider = subject
        .provider()
        .context("a provider that holds answers")?;
    let call = streamed(subject.token(), &marked(HELD));
    let open = open(&subject.server, provider, &call, process, opening).await?;
    if let Some(why) = open.refused.first() {
        say(&format!("a stream was refused: {why}"))?;
    }
    let name = |part: String| format!("{} streams: {part}", opening.count);
    let mut lines = Vec::new();
    for (mark, times) in opening.marks().into_iter().zip(&open.times) {
        let part = |kind| name(format!("{kind} of those up to {mark}"));
        lines.push(Line::timed(part("first byte"), &times.first_byte));
        lines.push(Line::timed(part("first token"), &times.first_token));
    }
    for (mark, (count, memory)) in opening.marks().into_iter().zip(&open.memory) {
        let grown = memory.saturating_sub(open.memory_before) as f64 / *count as f64;
        let open = Line::new(name(format!("open of {mark}")));
        let open = open.with(Column::Count, *count as f64);
        lines.push(open.with(Column::Memory, *memory as f64));
        let each = Line::new(name(format!("– memory of each of {mark}")));
        lines.push(each.with(Column::Memory, grown));
    }
    let refused = open.refused.len() as f64;
    lines.push(Line::new(name("refused or cut off".into())).with(Column::Count, refused));
    Ok(lines)
}

impl Opening {
    fn marks(&self) -> Vec<usize> {
        let below = MARKS.into_iter().filter(|mark| *mark < self.count);
        below.chain([self.count]).collect()
    }

    /// The service has a connection to the client and one to the provider for each, and so has this program.
    ///
    /// # Errors
    /// That is more than a process may open; the sentence says what to do.
    pub fn check_files(&self) -> Result<()> {
        let limits = fs::read_to_string("/proc/self/limits")?;
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        let limit = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        // Anything but a number is no limit.
        let limit = limit.unwrap_or(usize::MAX);
        ensure!(
            limit >= self.count * 2 + OTHER_FILES,
            "{} streams need {} open files in each of two processes, and {limit} are allowed. Ask for at most \
             --streams {}, or raise the hard limit (`ulimit -Hn`, LimitNOFILE=, or docker run --ulimit nofile=65536)",
            self.count,
            self.count * 2 + OTHER_FILES,
            limit.saturating_sub(OTHER_FILES) / 2
        );
        Ok(())
    }
}

async fn open(
    server: &Server,
    provider: &Provider,
    call: &Call,
    process: u32,
    opening: &Opening,
) -> Result<Open> {
    let marks = opening.marks();
    let mut open = Open {
        times: marks.iter().map(|_| Times::new()).collect::<Result<_>>()?,
        refused: Vec::new(),
        memory_before: resident(process)?,
        memory: Vec::new(),
    };
    provider.hold();
    let mut running = JoinSet::new();
    let mut pace = interval(Duration::from_secs(1) / opening.per_second);
    let (mut asked, mut next, mut progress) = (0, 0, (0, Instant::now()));
    while next < marks.len() {
        tokio::select! {
            _ = pace.tick(), if asked < marks[next] => {
                running.spawn(one(server.clone(), call.clone(), asked));
                asked += 1;
            }
            Some(ended) = running.join_next() => open.note(&marks, ended)?,
            () = sleep(LOOK) => {}
        }
        let settled = provider.begun() + open.refused.len();
        if settled > progress.0 {
            progress = (settled, Instant::now());
        }
        if progress.1.elapsed() > PATIENCE {
            bail!("only {} of {asked} streams began", provider.begun());
        }
        if asked == marks[next] && settled >= asked {
            open.memory.push((running.len(), resident(process)?));
            next += 1;
            // What waited for this look is not made up for.
            pace.reset();
        }
    }
    sleep(OPEN).await;
    if let Some(last) = open.memory.last_mut() {
        *last = (running.len(), resident(process)?);
    }
    provider.let_go();
    while let Some(ended) = running.join_next().await {
        open.note(&marks, ended)?;
    }
    Ok(open)
}

impl Open {
    fn note(&mut self, marks: &[usize], ended: Result<(usize, Ended), JoinError>) -> Result<()> {
        let (number, ended) = ended.context("a stream's task failed")?;
        match ended {
            Ended::Refused(why) => self.refused.push(why),
            Ended::Whole(timing) => {
                let mark = marks.iter().position(|mark| number < *mark);
                self.times[mark.unwrap_or_default()].add(timing)?;
            }
        }
        Ok(())
    }
}

async fn one(server: Server, call: Call, number: usize) -> (usize, Ended) {
    let answer = async {
        let mut connection = server.connect().await?;
        let answer = connection.send(&call).await?;
        if !holds(&answer.body, b"event: done") {
            let text = String::from_utf8_lossy(&answer.body);
            let last = text.rfind("event: ").unwrap_or_default();
            bail!("cut off: {}", &text[last..]);
        }
        Ok(answer.timing)
    };
    let ended = match answer.await {
        Ok(timing) => Ended::Whole(timing),
        Err(e) => Ended::Refused(format!("{e:#}")),
    };
    (number, ended)
}
