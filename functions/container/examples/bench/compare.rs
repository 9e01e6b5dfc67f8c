//! What several rounds of several subjects come to: medians, and how the subjects compare.

use crate::table::{Column, Kind, Line};

/// The build that is measured, when nothing is compared with it.
pub const OURS: &str = "ours";
/// The build that is measured, and the one that it is compared with.
pub const BUILDS: [&str; 2] = ["A", "B"];
/// A handler that does the same work and nothing around it.
pub const BARE: &str = "bare";
/// The provider's calls without a service.
pub const PROVIDER: &str = "provider alone";

/// Of which pairs the table has ratios.
const RATIOS: [(&str, &str); 4] = [
    (BUILDS[0], BUILDS[1]),
    (BUILDS[0], BARE),
    (BUILDS[1], BARE),
    (OURS, BARE),
];

/// What one subject did in one round.
pub struct Measured {
    pub who: &'static str,
    pub lines: Vec<Line>,
}

/// The lines of one row. Medians of what was measured, and of each round's comparisons: what slows the machine for a
/// while slows both sides of them.
pub fn summary(rounds: &[Vec<Measured>]) -> Vec<Line> {
    let first = || rounds.iter().take(1).flatten();
    let mut works: Vec<&str> = Vec::new();
    for line in first().flat_map(|measured| &measured.lines) {
        if !works.contains(&line.work.as_str()) {
            works.push(&line.work);
        }
    }
    let whos: Vec<&str> = first().map(|measured| measured.who).collect();
    let mut lines = Vec::new();
    for work in works {
        let of = |who: &str| -> Vec<Option<&Line>> {
            rounds.iter().map(|round| find(round, who, work)).collect()
        };
        for who in &whos {
            lines.extend(median(
                who,
                work,
                Kind::Measured,
                |n| of(who)[n].cloned(),
                rounds.len(),
            ));
        }
        for (one, other) in RATIOS {
            let ratio = |n: usize| Some(ratio(of(one)[n]?, of(other)[n]?));
            let who = format!("{one} ÷ {other}");
            lines.extend(median(&who, work, Kind::Ratio, ratio, rounds.len()));
        }
        for who in whos.iter().filter(|who| **who != PROVIDER) {
            let added = |n: usize| Some(added(of(who)[n]?, of(PROVIDER)[n]?));
            let who = format!("{who} − {PROVIDER}");
            lines.extend(median(&who, work, Kind::Added, added, rounds.len()));
        }
    }
    lines
}

fn find<'a>(round: &'a [Measured], who: &str, work: &str) -> Option<&'a Line> {
    let measured = round.iter().find(|measured| measured.who == who)?;
    measured.lines.iter().find(|line| line.work == work)
}

fn ratio(one: &Line, other: &Line) -> Line {
    combined(one, other, |one, other| (other > 0.0).then(|| one / other))
}

/// Only times are added to the provider's.
fn added(one: &Line, provider: &Line) -> Line {
    let mut line = combined(one, provider, |one, provider| Some(one - provider));
    for column in [Column::Count, Column::PerSecond, Column::Memory] {
        line.values[column as usize] = None;
    }
    line
}

fn combined(one: &Line, other: &Line, with: impl Fn(f64, f64) -> Option<f64>) -> Line {
    let mut line = Line::new(&one.work);
    for (value, pair) in line
        .values
        .iter_mut()
        .zip(one.values.iter().zip(other.values))
    {
        *value = match pair {
            (Some(one), Some(other)) => with(*one, other),
            _ => None,
        };
    }
    line
}

/// The line of the medians of `rounds` lines; none if there is nothing to tell.
fn median(
    who: &str,
    work: &str,
    kind: Kind,
    line: impl Fn(usize) -> Option<Line>,
    rounds: usize,
) -> Option<Line> {
    let lines: Vec<Line> = (0..rounds).filter_map(line).collect();
    let mut median = Line {
        who: who.to_owned(),
        kind,
        ..Line::new(work)
    };
    for (n, value) in median.values.iter_mut().enumerate() {
        let mut values: Vec<f64> = lines.iter().filter_map(|line| line.values[n]).collect();
        values.sort_by(f64::total_cmp);
        // Of an even number, the mean of the two in the middle.
        let middle = (values.len().saturating_sub(1)) / 2..=values.len() / 2;
        let middle = values.get(middle).unwrap_or(&values);
        let mean = middle.iter().sum::<f64>() / middle.len() as f64;
        *value = (!middle.is_empty()).then_some(mean);
    }
    median.values.iter().any(Option::is_some).then_some(median)
}
