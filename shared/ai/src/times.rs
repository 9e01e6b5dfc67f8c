//! How long providers take, measured since the process began.

use prometheus_client::{
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};
use std::time::Instant;

use crate::{Error, Event};

/// Bounds in seconds.
const BOUNDS: [f64; 13] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0,
];

type Labels<const N: usize> = [(&'static str, String); N];
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

/// The measurements of one client. Clones measure together.
#[derive(Clone, Debug)]
pub struct Times {
    whole: Histograms<3>,
    first: Histograms<1>,
}

impl Times {
    /// Of nothing yet.
    pub(crate) fn none() -> Self {
        let bounds = || Histogram::new(BOUNDS);
        Self {
            whole: Family::new_with_constructor(bounds),
            first: Family::new_with_constructor(bounds),
        }
    }

    /// Puts them into `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "provider_seconds",
            "Calls of providers with all their attempts, by provider, operation and outcome",
            self.whole.clone(),
        );
        registry.register(
            "provider_first_token_seconds",
            "From a question to a provider to the first of its answer, by provider",
            self.first.clone(),
        );
    }

    /// A call begins; it ends when what is given is dropped.
    pub(crate) fn begin(&self, provider: &str, operation: &'static str) -> Timed {
        Timed {
            times: self.clone(),
            provider: provider.to_owned(),
            operation,
            begun: Instant::now(),
            has_begun_to_answer: false,
            outcome: "abandoned",
        }
    }
}

/// A call that is measured.
pub(crate) struct Timed {
    times: Times,
    provider: String,
    operation: &'static str,
    begun: Instant,
    has_begun_to_answer: bool,
    outcome: &'static str,
}

impl Timed {
    /// An item of an answer has come.
    pub(crate) fn saw_item(&mut self, item: &Result<Event, Error>) {
        match item {
            Ok(Event::Done { .. }) => self.outcome = "complete",
            Err(error) => self.outcome = error.code(),
            Ok(_) if self.has_begun_to_answer => {}
            Ok(_) => {
                self.has_begun_to_answer = true;
                let labels = [("provider", self.provider.clone())];
                let time = self.times.first.get_or_create(&labels);
                time.observe(self.begun.elapsed().as_secs_f64());
            }
        }
    }

    /// It has ended.
    pub(crate) fn saw(&mut self, error: Option<&Error>) {
        self.outcome = error.map_or("complete", Error::code);
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let labels = [
            ("provider", std::mem::take(&mut self.provider)),
            ("operation", self.operation.to_owned()),
            ("outcome", self.outcome.to_owned()),
        ];
        let time = self.times.whole.get_or_create(&labels);
        time.observe(self.begun.elapsed().as_secs_f64());
    }
}
