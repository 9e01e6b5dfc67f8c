//! How long what the service does takes, measured since the process began, for whoever watches it.

use prometheus_client::{
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};
use std::{borrow::Cow, time::Duration};
use uuid::Uuid;

/// Bounds, in seconds, of what is done at once, and of what a model is waited for.
const AT_ONCE: [f64; 12] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const BY_MODELS: [f64; 12] = [
    0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0,
];

type Label = (&'static str, Cow<'static, str>);
type Times = Family<Vec<Label>, Histogram, fn() -> Histogram>;

/// The measurements of one service. Clones measure together.
#[derive(Clone, Debug)]
pub struct Timings {
    requests: Times,
    first_tokens: Times,
    answers: Times,
    retrievals: Times,
    jobs: Times,
    job_waits: Times,
    by_tenant: bool,
}

/// An answer that is measured: where it was asked for, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The route.
    pub route: &'static str,
    /// The tenant, of which the measurements tell only where the deployment wants it.
    pub tenant: Uuid,
}

impl Timings {
    /// Of nothing yet. `by_tenant`: answers are measured for each tenant by itself.
    pub(crate) fn new(by_tenant: bool) -> Self {
        let at_once = || Family::new_with_constructor((|| Histogram::new(AT_ONCE)) as fn() -> _);
        let by_models =
            || Family::new_with_constructor((|| Histogram::new(BY_MODELS)) as fn() -> _);
        Self {
            requests: at_once(),
            first_tokens: by_models(),
            answers: by_models(),
            retrievals: at_once(),
            jobs: by_models(),
            job_waits: by_models(),
            by_tenant,
        }
    }

    /// A request was answered, as far as its headers, with a status.
    pub fn request(&self, method: &'static str, route: Option<&str>, status: u16, took: Duration) {
        let outcome = match status {
            ..400 => "ok",
            400..500 => "refused",
            _ => "failed",
        };
        let labels = vec![
            ("method", method.into()),
            ("route", route.unwrap_or("none").to_owned().into()),
            ("outcome", outcome.into()),
        ];
        seen(&self.requests, &labels, took);
    }

    /// The first of an answer came, so long after it was asked for.
    pub fn first_token(&self, of: Measured, took: Duration) {
        let mut labels = vec![("route", of.route.into())];
        labels.extend(self.tenant(of));
        seen(&self.first_tokens, &labels, took);
    }

    /// An answer ended, so long after it was asked for.
    pub fn answer(&self, of: Measured, outcome: &'static str, took: Duration) {
        let mut labels = vec![("route", of.route.into()), ("outcome", outcome.into())];
        labels.extend(self.tenant(of));
        seen(&self.answers, &labels, took);
    }

    fn tenant(&self, of: Measured) -> Option<Label> {
        self.by_tenant
            .then(|| ("tenant", of.tenant.to_string().into()))
    }

    /// Passages were looked for.
    pub(crate) fn retrieval(&self, outcome: &'static str, took: Duration) {
        seen(&self.retrievals, &vec![("outcome", outcome.into())], took);
    }

    /// A job was worked on, which had been due for so long before.
    pub fn job(&self, kind: &'static str, outcome: &'static str, waited: Duration, took: Duration) {
        let mut labels: Vec<Label> = vec![("kind", kind.into())];
        seen(&self.job_waits, &labels, waited);
        labels.push(("outcome", outcome.into()));
        seen(&self.jobs, &labels, took);
    }

    /// Puts each into `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let mut put = |name, help, times: &Times| registry.register(name, help, times.clone());
        put(
            "request_seconds",
            "From a request to the headers of its answer, by route and outcome",
            &self.requests,
        );
        put(
            "first_token_seconds",
            "From a question to the first of its answer, by route",
            &self.first_tokens,
        );
        put(
            "answer_seconds",
            "From a question to the end of its answer, by route and outcome",
            &self.answers,
        );
        put(
            "retrieval_seconds",
            "Finding the passages for a question, by outcome",
            &self.retrievals,
        );
        put(
            "job_seconds",
            "Work on a background job until it ends or gives way, by kind and outcome",
            &self.jobs,
        );
        put(
            "job_wait_seconds",
            "From when a background job was due until it was taken, by kind",
            &self.job_waits,
        );
    }
}

fn seen(times: &Times, labels: &Vec<Label>, took: Duration) {
    times.get_or_create(labels).observe(took.as_secs_f64());
}
