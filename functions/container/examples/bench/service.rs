//! The service as a program of its own, on a database and a provider that are there for nothing else.

use crate::{
    client::{Call, Server},
    database::Place,
    provider::Provider,
    proxy::Proxy,
};
use anyhow::{Context, Result, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use std::{
    env::current_exe,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tenant_auth::generate_password;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::sleep,
};
use url::Url;

/// A service that is not ready by then has failed.
const START: Duration = Duration::from_secs(60);
/// Between two questions whether it is ready; much shorter than what is measured.
const POLL: Duration = Duration::from_millis(1);

/// The program, how it is told to serve, and the environment to run it in.
#[derive(Clone)]
pub struct Program {
    binary: PathBuf,
    serve: &'static str,
    vars: Vec<(&'static str, String)>,
}

/// A running service; it is killed when this is dropped.
pub struct Service {
    child: Child,
    pub server: Server,
    /// From before the program was started to its first 200.
    pub started_in: Duration,
}

impl Program {
    /// The build `binary` of the service, on a database of its own.
    pub fn new(
        binary: &Path,
        place: Place,
        database_url: &SecretString,
        provider: &Provider,
    ) -> Self {
        let secret = || {
            let half = || generate_password().expose_secret().to_owned();
            half() + &half()
        };
        let mut vars = vec![
            ("DATABASE_URL", database_url.expose_secret().to_owned()),
            ("ROLE_PREFIX", place.name.to_owned()),
            ("SECRET_KEY", secret()),
            ("JWT_SECRET_KEY", secret()),
            // Attempts are counted as ever, and none is refused.
            (
                "LIMITS",
                r#"{"tenant": {"concurrent_answers": 1000000}, "user": {"concurrent_answers": 1000000}}"#.to_owned(),
            ),
            ("LOGINS_PER_MINUTE_BY_EMAIL", "1000000".to_owned()),
            ("LOGINS_PER_MINUTE_BY_ADDRESS", "1000000".to_owned()),
        ];
        vars.extend(provider.vars());
        Self {
            binary: binary.to_owned(),
            serve: "serve",
            vars,
        }
    }

    /// The bare handler, which is a part of this program, in the same surroundings.
    pub fn bare(mut self) -> Result<Self> {
        self.binary = current_exe()?;
        self.serve = "--bare";
        Ok(self)
    }

    /// Another program of the service, in the same surroundings.
    pub fn of(mut self, binary: &Path) -> Self {
        self.binary = binary.to_owned();
        self
    }

    /// The same, but that it reaches its database through a port of this machine.
    pub async fn through_proxy(mut self) -> Result<(Self, Proxy)> {
        let var = self
            .vars
            .iter_mut()
            .find(|(name, _)| *name == "DATABASE_URL");
        let (_, value) = var.context("every program has a database")?;
        let mut url = Url::parse(value)?;
        let proxy = Proxy::start(url.port().unwrap_or(5432)).await?;
        // It fails for URLs without a host, which this is not.
        url.set_port(Some(proxy.port)).ok();
        *value = url.into();
        Ok((self, proxy))
    }

    /// Runs one of the operator's commands.
    pub async fn operate(&self, arguments: &[&str], input: &str) -> Result<()> {
        let mut command = self.command();
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().with_context(|| self.cannot_run())?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let status = child.wait().await?;
        ensure!(
            status.success(),
            "parlance {} failed; its reason is above",
            arguments[0]
        );
        Ok(())
    }

    /// Starts the service on a free port and waits until it is ready.
    pub async fn serve(&self) -> Result<Service> {
        self.serve_until("/ready").await
    }

    /// Starts the service on a free port and waits for the first 200 of `path`.
    pub async fn serve_until(&self, path: &str) -> Result<Service> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = free.local_addr()?.port();
        drop(free);
        let server = Server::new(&format!("http://127.0.0.1:{port}"))?;
        let mut command = self.command();
        command.arg(self.serve).env("PORT", port.to_string());
        // One machine plays all clients.
        command.env("MAX_CONNECTIONS_PER_CLIENT", "16384");
        // A log line for each request is part of the work; reading them is not.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().with_context(|| self.cannot_run())?;
        while server.ask::<IgnoredAny>(&Call::get(path)).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("the service ended at once ({status}); its reason is above");
            }
            ensure!(
                begun.elapsed() < START,
                "the service is not ready after {START:?}"
            );
            sleep(POLL).await;
        }
        Ok(Service {
            child,
            server,
            started_in: begun.elapsed(),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(self.vars.iter().cloned())
            .kill_on_drop(true);
        command
    }

    fn cannot_run(&self) -> String {
        format!("{} cannot be run", self.binary.display())
    }
}

impl Service {
    /// Its process.
    pub fn process(&self) -> Result<u32> {
        self.child.id().context("the service has ended")
    }
}
