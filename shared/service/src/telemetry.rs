//! Logs: one JSON line per event on stdout, or lines for people on a terminal.

use anyhow::Context;
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging as `RUST_LOG` and `LOG_FORMAT` say.
///
/// # Errors
/// `RUST_LOG` does not parse, or logging was started before.
pub fn start_logging() -> anyhow::Result<()> {
    let filter = filter()?;
    let text = match std::env::var("LOG_FORMAT").as_deref() {
        Ok("text") => true,
        Ok("json") => false,
        _ => std::io::stdout().is_terminal(),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stdout)
        // A file is no terminal, and shows what colours are written with.
        .with_ansi(std::io::stdout().is_terminal() && !no_color);
    let started = if text {
        log.with_target(false).compact().try_init()
    } else {
        log.json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init()
    };
    started.map_err(|e| anyhow::anyhow!("logging cannot be started: {e}"))
}

/// Confirms that `RUST_LOG` says what to log.
///
/// # Errors
/// It does not parse.
pub fn check_logging() -> anyhow::Result<()> {
    filter().map(drop)
}

fn filter() -> anyhow::Result<EnvFilter> {
    match std::env::var("RUST_LOG") {
        Ok(text) if !text.trim().is_empty() => EnvFilter::try_new(text)
            .context("RUST_LOG must be a level such as info, or target=level pairs"),
        _ => Ok(EnvFilter::new("info")),
    }
}
