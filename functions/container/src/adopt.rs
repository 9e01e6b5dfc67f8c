//! `parlance adopt`: a deployment of the FastAPI service before this one becomes one of this.

use adopt::{
    AdoptError, Done, Look, Mapping, MissingTenants, OldKey, Options, Progress, Report, Target,
};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use container::say;
use db::{Asked, Operator};
use secrecy::SecretString;
use service::{Clock, OperatorConfig};
use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::signal::unix::{SignalKind, signal};

/// What is copied, and how.
#[derive(clap::Args)]
pub(crate) struct Adopt {
    /// What to do; without it, copy
    #[arg(value_enum)]
    action: Option<Action>,
    /// The database of the service before, as in postgresql://user:password@host:5432/name
    #[arg(long, env = "LEGACY_DATABASE_URL", hide_env_values = true)]
    from: SecretString,
    /// Its SECRET_KEY, which encrypted the tenants' provider keys; may be said more than once
    #[arg(long = "secret-key", env = "LEGACY_SECRET_KEY", hide_env_values = true)]
    secret_keys: Vec<SecretString>,
    /// A file that says where things are in a database of another shape
    #[arg(long)]
    map: Option<PathBuf>,
    /// The slug of the tenant for users who have none there
    #[arg(long)]
    default_tenant: Option<String>,
    /// Another slug than is made for the tenant with this id there; may be said more than once
    #[arg(long = "slug", value_name = "ID=SLUG", value_parser = slug)]
    slugs: Vec<(String, String)>,
    /// What becomes of users whose tenant has no row
    #[arg(long, value_enum)]
    missing_tenants: Option<Missing>,
    /// The time zone of times without one
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// A column of tenants whose values are provider keys although they are not encrypted; may be said more than once
    #[arg(long = "plain-key", value_name = "COLUMN")]
    plain_keys: Vec<String>,
    /// Write nothing; print the whole plan and every problem
    #[arg(long)]
    dry_run: bool,
    /// Go on copying what is written there, until SIGINT (Ctrl-C) or SIGTERM: then once more, and the last
    #[arg(long, conflicts_with_all = ["action", "dry_run"])]
    follow: bool,
    /// Where to write the report as JSON
    #[arg(long)]
    report: Option<PathBuf>,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Compare both sides row by row, and fail with the first differences
    Verify,
}

#[derive(Clone, Copy, ValueEnum)]
enum Missing {
    /// It is made
    Create,
    /// They are put into --default-tenant
    Default,
}

fn slug(text: &str) -> Result<(String, String), String> {
    // An id may hold the sign, a slug never does.
    let parts = text.rsplit_once('=');
    let parts = parts.map(|(id, slug)| (id.to_owned(), slug.to_owned()));
    parts.ok_or_else(|| "it looks like 'old id=new-slug'".to_owned())
}

impl Adopt {
    fn options(&self) -> Result<Options> {
        let mapping = match &self.map {
            Some(file) => {
                let text = fs::read_to_string(file);
                let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
                Mapping::read(&text).map_err(anyhow::Error::msg)?
            }
            None => Mapping::default(),
        };
        Ok(Options {
            from: self.from.clone(),
            keys: self.secret_keys.iter().map(OldKey::new).collect(),
            mapping,
            default_tenant: self.default_tenant.clone(),
            slugs: self.slugs.clone(),
            missing_tenants: self.missing_tenants.map(|missing| match missing {
                Missing::Create => MissingTenants::Create,
                Missing::Default => MissingTenants::Default,
            }),
            time_zone: (self.time_zone != "UTC").then(|| self.time_zone.clone()),
            plain_keys: self.plain_keys.clone(),
            dry_run: self.dry_run,
        })
    }

    /// `parlance adopt`.
    pub(crate) async fn run(&self) -> Result<ExitCode> {
        let options = self.options()?;
        let OperatorConfig {
            database_url,
            root,
            roles,
        } = OperatorConfig::from_env().await?;
        let operator = Operator::connect(&database_url, roles).await?;
        let Some(mut adoption) = operator.adopting(&database_url, &root).await? else {
            bail!(
                "another `parlance adopt` is running on this database. Wait for its end, or end it"
            );
        };
        let asked = Asked {
            at: Clock::System.now(),
            request_id: "parlance adopt".into(),
            client_ip: None,
        };
        let mut target = Target {
            adoption: &mut adoption,
            root: &root,
            asked: &asked,
        };
        let mut report = Report::default();
        let mut bar = Bar::new();
        let mut progress = |progress| bar.tell(progress);
        let ended = match self.action {
            None if self.follow => {
                let (report, progress) = (&mut report, &mut progress);
                adopt::follow(
                    &options,
                    &mut target,
                    report,
                    progress,
                    &mut looked,
                    stopped,
                )
                .await
                .map(|()| ExitCode::SUCCESS)
            }
            None => {
                let copied = adopt::copy(&options, &mut target, &mut report, &mut progress).await;
                copied.map(|_| ExitCode::SUCCESS)
            }
            Some(Action::Verify) => {
                adopt::verify(&options, &mut target, &mut report, &mut progress)
                    .await
                    .map(|differences| {
                        report.differences = Some(differences);
                        match report.is_equal() {
                            true => ExitCode::SUCCESS,
                            false => ExitCode::FAILURE,
                        }
                    })
            }
        };
        bar.end();
        self.tell(&report, &ended)?;
        adoption.close().await;
        Ok(ended?)
    }

    /// Tells what is known, also when it ended early: then it says how far it came.
    fn tell(&self, report: &Report, ended: &Result<ExitCode, AdoptError>) -> Result<()> {
        if !report.source.is_empty() {
            for line in report.lines() {
                say(&line)?;
            }
        }
        if let Some(file) = &self.report {
            let text = serde_json::to_string_pretty(report)?;
            let written = fs::write(file, text + "\n");
            written
                .with_context(|| format!("the report cannot be written to {}", file.display()))?;
        }
        if ended.is_ok() && self.dry_run {
            say("Nothing was written: this was a rehearsal.")?;
        }
        Ok(())
    }
}

/// Tells what a look found, if it found anything.
fn looked(look: &Look) {
    let line = match look {
        Look::Copied(done, _) if *done == Done::default() => return,
        Look::Copied(done, took) => format!(
            "copied {} users, {} conversations with {} messages in {:.1} s",
            done.users,
            done.sessions,
            done.messages,
            took.as_secs_f64()
        ),
        Look::Failed(e) => format!("{e}; trying again"),
    };
    // Whoever does not watch misses nothing.
    drop(writeln!(io::stderr(), "{line}"));
}

/// Ends when somebody wants the last look.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// How far it is: in one line that changes on a terminal, else in a line now and then.
struct Bar {
    began: Instant,
    told: Option<Instant>,
    is_terminal: bool,
}

/// How often it is told elsewhere, and on a terminal.
const LINES: Duration = Duration::from_secs(10);
const CHANGES: Duration = Duration::from_millis(200);

impl Bar {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            told: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    fn tell(&mut self, progress: Progress) {
        let every = if self.is_terminal { CHANGES } else { LINES };
        if self.told.unwrap_or(self.began).elapsed() < every {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(progress, self.began.elapsed());
        let mut stderr = io::stderr();
        // Whoever does not watch misses nothing.
        drop(match self.is_terminal {
            true => write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush()),
            false => writeln!(stderr, "{line}"),
        });
    }

    fn end(&self) {
        if self.is_terminal && self.told.is_some() {
            drop(writeln!(io::stderr()));
        }
    }
}

/// As in `430000 of 1000000 messages (43 %), 21500 a second, 26 s left`.
fn line(Progress { done, all }: Progress, took: Duration) -> String {
    let millis = took.as_millis().max(1);
    let rate = u128::from(done) * 1000 / millis;
    let left = u128::from(all.saturating_sub(done)) / rate.max(1);
    let percent = done * 100 / all.max(1);
    format!("{done} of {all} messages ({percent} %), {rate} a second, {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_rest() {
        let half = Progress {
            done: 430_000,
            all: 1_000_000,
        };
        let told = line(half, Duration::from_secs(20));
        assert_eq!(
            told,
            "430000 of 1000000 messages (43 %), 21500 a second, 26 s left"
        );
        let none = line(Progress::default(), Duration::ZERO);
        assert_eq!(none, "0 of 0 messages (0 %), 0 a second, 0 s left");
    }

    #[test]
    fn a_slug_is_said_for_an_id() {
        assert_eq!(slug("a=b=c"), Ok(("a=b".to_owned(), "c".to_owned())));
        assert!(slug("acme").is_err());
    }
}
