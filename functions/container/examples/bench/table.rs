//! What was measured, as a Markdown table.

use crate::load::Load;
use hdrhistogram::Histogram;

/// What a line can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Count,
    PerSecond,
    /// Milliseconds.
    P50,
    /// Milliseconds.
    P99,
    /// Milliseconds of the service's processor time for each request.
    ServiceCpu,
    /// The same of PostgreSQL, with everything that it does beside.
    DatabaseCpu,
    /// KiB.
    Memory,
}

const COLUMNS: [(Column, &str); 7] = [
    (Column::Count, "count"),
    (Column::PerSecond, "per second"),
    (Column::P50, "p50, ms"),
    (Column::P99, "p99, ms"),
    (Column::ServiceCpu, "CPU ms each: service"),
    (Column::DatabaseCpu, "PostgreSQL"),
    (Column::Memory, "resident memory"),
];

/// What the values of a line are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Measured,
    /// One subject's through another's.
    Ratio,
    /// What is added to another's: it has a sign.
    Added,
}

/// One line of the table; what does not apply is `None`.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub work: String,
    /// What did the work.
    pub who: String,
    pub kind: Kind,
    pub values: [Option<f64>; COLUMNS.len()],
}

impl Line {
    pub fn new(work: impl Into<String>) -> Self {
        Self {
            work: work.into(),
            ..Self::default()
        }
    }

    /// The times of one kind of answer, in microseconds; none of those that never came.
    pub fn timed(work: impl Into<String>, times: &Histogram<u64>) -> Self {
        let at = |quantile| {
            let value = times.value_at_quantile(quantile) as f64 / 1000.0;
            (!times.is_empty()).then_some(value)
        };
        Self::new(work)
            .with(Column::P50, at(0.5))
            .with(Column::P99, at(0.99))
    }

    /// A loop of whole answers.
    pub fn whole(work: impl Into<String>, load: &Load, memory: Option<f64>) -> Self {
        Self::timed(work, &load.times.whole)
            .with(Column::PerSecond, load.per_second)
            .with(Column::ServiceCpu, load.spent.service)
            .with(Column::DatabaseCpu, load.spent.database)
            .with(Column::Memory, memory)
    }

    pub fn with(mut self, column: Column, value: impl Into<Option<f64>>) -> Self {
        self.values[column as usize] = value.into();
        self
    }

    pub fn value(&self, column: Column) -> Option<f64> {
        self.values[column as usize]
    }
}

/// The table. The work is named on the first of its lines.
pub fn render(lines: &[Line]) -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|(_, name)| *name).collect();
    let mut table = format!(
        "| work (connections) | of | {} |\n| --- | --- |{}\n",
        names.join(" | "),
        " ---: |".repeat(COLUMNS.len())
    );
    let mut before = "";
    for line in lines {
        let work = if line.work == before { "" } else { &line.work };
        before = &line.work;
        let cells = COLUMNS.map(|(column, _)| cell(line, column));
        table.push_str(&format!(
            "| {work} | {} | {} |\n",
            line.who,
            cells.join(" | ")
        ));
    }
    table
}

fn cell(line: &Line, column: Column) -> String {
    let Some(value) = line.value(column) else {
        return "–".to_owned();
    };
    match (line.kind, column) {
        (Kind::Ratio, _) => format!("{value:.2} ×"),
        (Kind::Added, _) => format!("{value:+.2}"),
        (Kind::Measured, Column::Memory) => memory(value),
        (Kind::Measured, Column::Count) => format!("{value:.0}"),
        (Kind::Measured, Column::PerSecond) if value >= 100.0 => format!("{value:.0}"),
        (Kind::Measured, Column::PerSecond) => format!("{value:.1}"),
        (Kind::Measured, Column::ServiceCpu | Column::DatabaseCpu) => format!("{value:.3}"),
        (Kind::Measured, _) if value >= 10.0 => format!("{value:.1}"),
        (Kind::Measured, _) => format!("{value:.2}"),
    }
}

fn memory(kib: f64) -> String {
    match kib < 1024.0 {
        true => format!("{kib:.0} KiB"),
        false => format!("{:.1} MiB", kib / 1024.0),
    }
}
