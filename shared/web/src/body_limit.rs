//! How large a body may be, where the answer to a larger one can say so.

use crate::{App, Routes};
use axum::{Extension, extract::DefaultBodyLimit, http::Extensions};
use std::fmt;

/// The largest body that a route takes.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    bytes: usize,
    advice: &'static str,
}

impl BodyLimit {
    /// So many kibibytes.
    pub const fn kib(kib: usize) -> Self {
        Self {
            bytes: kib * 1024,
            advice: "",
        }
    }

    /// The same, where a larger body can be avoided: a sentence says how.
    pub const fn advising(self, advice: &'static str) -> Self {
        Self { advice, ..self }
    }

    /// The most, in bytes.
    pub(crate) fn bytes(self) -> usize {
        self.bytes
    }

    /// How to avoid a larger body; empty if nothing is known of that.
    pub(crate) fn advice(self) -> &'static str {
        self.advice
    }

    /// `routes`, each of which takes so much unless it has a limit already.
    pub fn on(self, routes: Routes<App>) -> Routes<App> {
        routes
            .layer(DefaultBodyLimit::max(self.bytes))
            .layer(Extension(self))
    }

    /// The limit of the route that a request is on its way to.
    pub(crate) fn of(request: &Extensions) -> Option<Self> {
        request.get().copied()
    }
}

impl fmt::Display for BodyLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = self.bytes / 1024;
        match kib % 1024 {
            0 => write!(f, "{} MiB", kib / 1024),
            _ => write!(f, "{kib} KiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BodyLimit;

    #[test]
    fn is_told_in_the_larger_unit() {
        assert_eq!(BodyLimit::kib(64).to_string(), "64 KiB");
        assert_eq!(BodyLimit::kib(2048).to_string(), "2 MiB");
        assert_eq!(BodyLimit::kib(1536).to_string(), "1536 KiB");
    }
}
