//! The service as a program of its own, on a database and a provider that are there for nothing else.

use crate::{
    client::{Call, Server},
    provider::Provider,
};
use anyhow::{Context, Result, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use std::{
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

/// A service that is not ready by then has failed.
const START: Duration = Duration::from_secs(60);
/// Between two questions whether it is ready; much shorter than what is measured.
const POLL: Duration = Duration::from_millis(1);

/// The program, and the environment to run it in.
pub struct Program {
    binary: PathBuf,
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
    pub fn new(binary: &Path, database_url: &SecretString, provider: &Provider) -> Self {
        let secret = || {
            let half = || generate_password().expose_secret().to_owned();
            half() + &half()
        };
        let mut vars = vec![
            ("DATABASE_URL", database_url.expose_secret().to_owned()),
            ("SECRET_KEY", secret()),
            ("JWT_SECRET_KEY", secret()),
            // Attempts are counted as ever, and none is refused.
            ("LOGINS_PER_MINUTE_BY_EMAIL", "1000000".to_owned()),
            ("LOGINS_PER_MINUTE_BY_ADDRESS", "1000000".to_owned()),
        ];
        vars.extend(provider.vars());
        let binary = binary.to_owned();
        Self { binary, vars }
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

    /// Starts the service on a free port and waits for its first 200.
    pub async fn serve(&self) -> Result<Service> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = free.local_addr()?.port();
        drop(free);
        let server = Server::new(&format!("http://127.0.0.1:{port}"))?;
        let mut command = self.command();
        command.arg("serve").env("PORT", port.to_string());
        // A log line for each request is part of the work; reading them is not.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().with_context(|| self.cannot_run())?;
        while server
            .ask::<IgnoredAny>(&Call::get("/ready"))
            .await
            .is_err()
        {
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
