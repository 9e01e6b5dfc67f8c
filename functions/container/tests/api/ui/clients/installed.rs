//! The clients, from npm.

use crate::kit::left_out;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

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
    install(
        &format!("ai-{}", version.ai),
        &packages(version).to_string(),
    )
}

/// Installs what a `package.json` names, once.
pub(super) fn install(name: &str, package: &str) -> Option<PathBuf> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = at.join("installed.json");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == package) {
        return Some(at);
    }
    fs::create_dir_all(&at).expect("a folder can be made");
    fs::write(at.join("package.json"), package).expect("a file can be written");
    let npm = Command::new("npm")
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
        ])
        .current_dir(&at)
        .output();
    let why = match npm {
        Ok(npm) if npm.status.success() => {
            fs::write(done, package).expect("a file can be written");
            return Some(at);
        }
        Ok(npm) => String::from_utf8_lossy(&npm.stderr).into_owned(),
        Err(e) => e.to_string(),
    };
    left_out(&format!("npm cannot install {package}: {why}"));
    None
}
