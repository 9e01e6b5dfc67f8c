//! The clients, from npm.

use crate::kit::packages::npm;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A version of `ai`, and the one of `@ai-sdk/react` that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Version {
    pub(super) ai: &'static str,
    react: &'static str,
}

pub(super) const OLDEST_5: Version = version("5.0.0", "2.0.0");
pub(super) const NEWEST_5: Version = version("5.0.277", "2.0.280");
pub(super) const OLDEST_6: Version = version("6.0.0", "3.0.0");
pub(super) const NEWEST_6: Version = version("6.0.326", "3.0.328");
pub(super) const OLDEST_7: Version = version("7.0.0", "4.0.0");
pub(super) const NEWEST_7: Version = version("7.0.173", "4.0.177");

const fn version(ai: &'static str, react: &'static str) -> Version {
    Version { ai, react }
}

/// What is to be installed for it.
pub(super) fn packages(version: Version) -> Value {
    json!({
        "type": "module",
        "dependencies": {
            "ai": version.ai, "@ai-sdk/react": version.react, "react": "19.2.1", "react-dom": "19.2.1", "zod": "4.1.13",
        },
        // `@ai-sdk/react` brings the `ai` that it was published with.
        "overrides": { "ai": version.ai },
    })
}

/// Where its packages are; if they cannot be had, a sentence says why.
pub(super) fn folder(version: Version) -> Option<PathBuf> {
    npm(
        &format!("ai-{}", version.ai),
        &packages(version).to_string(),
    )
}
