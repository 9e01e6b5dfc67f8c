//! What was measured, as a Markdown table.

use hdrhistogram::Histogram;

/// One line of the table; what does not apply is `None`.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub work: String,
    /// How many, written before the work.
    pub count: Option<f64>,
    pub per_second: Option<f64>,
    /// Milliseconds.
    pub p50: Option<f64>,
    /// Milliseconds.
    pub p99: Option<f64>,
    /// KiB.
    pub memory: Option<f64>,
    /// The times are what is added to another's, and so have a sign.
    pub added: bool,
}

impl Line {
    /// The times of one kind of answer, in microseconds; none of those that never came.
    pub fn timed(work: String, times: &Histogram<u64>) -> Self {
        let at = |quantile| {
            let value = times.value_at_quantile(quantile) as f64 / 1000.0;
            (!times.is_empty()).then_some(value)
        };
        Self {
            work,
            p50: at(0.5),
            p99: at(0.99),
            ..Self::default()
        }
    }
}

/// The medians of several runs of the same lines.
pub fn medians(runs: &[Vec<Line>]) -> Vec<Line> {
    let first = runs.first().into_iter().flatten().enumerate();
    first
        .map(|(n, line)| {
            let of = |field: fn(&Line) -> Option<f64>| {
                median(runs.iter().filter_map(|run| field(run.get(n)?)).collect())
            };
            Line {
                count: of(|line| line.count),
                per_second: of(|line| line.per_second),
                p50: of(|line| line.p50),
                p99: of(|line| line.p99),
                memory: of(|line| line.memory),
                ..line.clone()
            }
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The table.
pub fn render(lines: &[Line]) -> String {
    let mut table = String::from(
        "| work (connections) | per second | p50, ms | p99, ms | resident memory |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
    );
    for line in lines {
        let time = |value: Option<f64>| match line.added {
            true => shown(value, |ms| format!("{ms:+.2}")),
            false => shown(value, milliseconds),
        };
        let cells = [
            line.count.map_or_else(String::new, |n| format!("{n:.0} ")) + &line.work,
            shown(line.per_second, number),
            time(line.p50),
            time(line.p99),
            shown(line.memory, memory),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

fn shown(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

fn number(value: f64) -> String {
    match value < 100.0 {
        true => format!("{value:.1}"),
        false => format!("{value:.0}"),
    }
}

fn milliseconds(value: f64) -> String {
    match value < 10.0 {
        true => format!("{value:.2}"),
        false => format!("{value:.1}"),
    }
}

fn memory(kib: f64) -> String {
    match kib < 1024.0 {
        true => format!("{kib:.0} KiB"),
        false => format!("{:.1} MiB", kib / 1024.0),
    }
}
