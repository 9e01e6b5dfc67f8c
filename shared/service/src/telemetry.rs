//! Logs: one JSON line per event on stdout, or lines for people on a terminal. And traces, for a collector of OpenTelemetry.

use anyhow::Context;
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::LevelFilter,
    fmt,
    layer::SubscriberExt,
    registry::LookupSpan,
    util::{SubscriberInitExt, TryInitError},
};

/// Starts logging as `RUST_LOG` and `LOG_FORMAT` say, and telling the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names. Not on
/// AWS Lambda, which freezes a process before it could tell anybody.
///
/// # Errors
/// `RUST_LOG` or `OTEL_EXPORTER_OTLP_ENDPOINT` does not parse, or logging was started before.
pub fn start_logging() -> anyhow::Result<()> {
    let filter = filter()?;
    let told = match cfg!(feature = "lambda") {
        true => None,
        false => traces::begin::<Registry>()?,
    };
    let started: Result<(), TryInitError> = match told {
        Some(told) => {
            let log = log().with_filter(filter);
            tracing_subscriber::registry()
                .with(told)
                .with(log)
                .try_init()
        }
        // A filter of all is cheaper than one of a part.
        None => tracing_subscriber::registry()
            .with(log())
            .with(filter)
            .try_init(),
    };
    started.map_err(|e| anyhow::anyhow!("logging cannot be started: {e}"))
}

/// What writes the lines.
fn log<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let text = match std::env::var("LOG_FORMAT").as_deref() {
        Ok("text") => true,
        Ok("json") => false,
        _ => std::io::stdout().is_terminal(),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let log = fmt::layer()
        .with_writer(std::io::stdout)
        // A file is no terminal, and shows what colours are written with.
        .with_ansi(std::io::stdout().is_terminal() && !no_color);
    match text {
        true => log.with_target(false).compact().boxed(),
        false => log.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// Confirms that `RUST_LOG` says what to log.
///
/// # Errors
/// It does not parse.
pub fn check_logging() -> anyhow::Result<()> {
    filter().map(drop)
}

fn filter() -> anyhow::Result<EnvFilter> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.trim().is_empty() => {
            anyhow::ensure!(
                !has_no_level(&text),
                "RUST_LOG has a word that is no level: write error, warn, info, debug, trace or off, or target=level"
            );
            EnvFilter::try_new(text)
                .context("RUST_LOG must be a level such as info, or target=level pairs")?
        }
        _ => EnvFilter::new("info"),
    };
    // A line tells of its request, whatever span of a trace it is written in.
    Ok(filter.add_directive(format!("{}=off", traces::TARGET).parse()?))
}

/// Whether a word stands where a level should: it would be taken for a target of which everything is logged, and nothing else.
fn has_no_level(text: &str) -> bool {
    let mut said = text.split(',').map(str::trim);
    said.any(|one| {
        let is_word = !one.is_empty() && one.chars().all(char::is_alphanumeric);
        is_word && one.parse::<LevelFilter>().is_err()
    })
}
