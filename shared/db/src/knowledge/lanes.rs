//! What is worked on side by side.

use super::jobs::JobKind;

/// What is done side by side: neither of them waits for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Work on documents.
    Documents,
    /// Reading connectors, and rehearsals, which wait for others most of the time.
    Connectors,
}

impl Lane {
    /// What is done in it.
    pub(crate) fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Documents => &["extract", "index", "forget", "purge"],
            Self::Connectors => &["sync", "rehearse"],
        }
    }
}

impl JobKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Index => "index",
            Self::Forget => "forget",
            Self::Purge => "purge",
            Self::Sync => "sync",
            Self::Rehearse => "rehearse",
        }
    }
}
