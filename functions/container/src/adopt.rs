//! `parlance adopt`: a deployment of the FastAPI service before this one becomes one of this.

mod bar;

use adopt::{AdoptError, Done, Look, Mapping, MissingTenants, OldKey, Options, Report, Target};
use anyhow::{Context, Result, bail};
use bar::Bar;
use clap::ValueEnum;
use container::{cluster::private_file, say};
use db::{Asked, Operator};
use secrecy::SecretString;
use service::{Clock, OperatorConfig};
use std::{
    fs,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
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
    /// Put conversations and messages that name another tenant than their user's into their user's
    #[arg(long)]
    tenant_of_user: bool,
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
    /// Where `back` writes its SQL; to standard output without it
    #[arg(long)]
    sql: Option<PathBuf>,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Compare both sides row by row, and fail with the first differences
    Verify,
    /// Write out as SQL what was written here since the switch, for the way back
    Back,
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
            tenant_of_user: self.tenant_of_user,
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
        let asked = Asked::by_operator("parlance adopt", Clock::System.now());
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
            Some(Action::Back) => self.back(&options, &mut target).await,
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

    /// Nothing is changed, here or there.
    async fn back(
        &self,
        options: &Options,
        target: &mut Target<'_>,
    ) -> Result<ExitCode, AdoptError> {
        let mut out: Box<dyn Write + Send> = match &self.sql {
            Some(file) => {
                let file = private_file(file).map_err(io::Error::other)?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        for line in adopt::back(options, target, &mut *out).await?.lines() {
            // Standard output may be the SQL.
            writeln!(io::stderr(), "{line}")?;
        }
        Ok(ExitCode::SUCCESS)
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
        Look::Everything(done, took) => format!(
            "everything is copied ({}). Now what changes there is copied, too, until Ctrl-C or SIGTERM",
            copied(done, *took)
        ),
        Look::Copied(done, _) if *done == Done::default() => return,
        Look::Copied(done, took) => format!("copied {}", copied(done, *took)),
        Look::Failed(e) => format!("{e}; trying again"),
    };
    // Whoever does not watch misses nothing.
    drop(writeln!(io::stderr(), "{line}"));
}

fn copied(done: &Done, took: Duration) -> String {
    format!(
        "{} users, {} conversations with {} messages in {:.1} s",
        done.users,
        done.sessions,
        done.messages,
        took.as_secs_f64()
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_said_for_an_id() {
        assert_eq!(slug("a=b=c"), Ok(("a=b".to_owned(), "c".to_owned())));
        assert!(slug("acme").is_err());
    }
}
