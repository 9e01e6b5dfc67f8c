//! A private PostgreSQL, for `parlance dev` and for tests: its own files, a loopback port, and an end.

mod files;
mod programs;
mod standby;

use anyhow::{Context, Result, bail};
use files::Files;
pub use files::private_file;
use programs::{Programs, Stop};
use secrecy::{ExposeSecret, SecretString};
use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{ExitCode, ExitStatus},
};
use tokio::signal::unix::{SignalKind, signal};

/// What the data is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is kept; a crash of the machine must not damage it.
    Data,
    /// It is thrown away, so the disk need not be waited for.
    Nothing,
}

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    files: Files,
    port: u16,
}

impl Cluster {
    /// Starts the server whose files are in `dir`, making them first if there are none. One that a crash left
    /// running is stopped first.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start; the sentence says where its log is.
    pub fn start(dir: &Path, keep: Keep) -> Result<Self> {
        let programs = Programs::find()?;
        let files = Files::prepare(dir, programs.user)?;
        if !files.data().exists() {
            create(&programs, &files, keep)?;
        }
        programs.stop(&files, Stop::Fast)?;
        let port = free_port(&files)?;
        programs.start(&files, port)?;
        Ok(Self {
            programs,
            files,
            port,
        })
    }

    /// How to log in as its superuser.
    ///
    /// # Errors
    /// The file with the password is gone.
    pub fn url(&self) -> Result<SecretString> {
        let password = self.files.password()?;
        let (password, port) = (password.expose_secret(), self.port);
        Ok(format!("postgresql://parlance:{password}@127.0.0.1:{port}/postgres").into())
    }

    /// Stops the server, ending its connections.
    ///
    /// # Errors
    /// It did not stop within a minute.
    pub fn stop(&self) -> Result<()> {
        self.programs.stop(&self.files, Stop::Fast)
    }

    /// Ends the server as if the machine had: what it has begun is lost, and the next start recovers.
    ///
    /// # Errors
    /// It did not end within a minute.
    pub fn crash(&self) -> Result<()> {
        self.programs.stop(&self.files, Stop::Immediate)
    }

    /// Stops the server and deletes its files.
    ///
    /// # Errors
    /// It did not stop within a minute, or a file cannot be deleted.
    pub fn discard(self) -> Result<()> {
        self.stop()?;
        self.files.delete()
    }
}

fn create(programs: &Programs, files: &Files, keep: Keep) -> Result<()> {
    files.begin_data()?;
    files.write_password(&tenant_auth::generate_password())?;
    programs.initdb(files)?;
    let mut settings = String::from(
        "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\n",
    );
    if keep == Keep::Nothing {
        settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
    }
    files.add_settings(&settings)?;
    files.finish_data()
}

/// The port of the last run if it is still free, else any free one.
fn free_port(files: &Files) -> Result<u16> {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|l| l.local_addr());
    let found = files.last_port().and_then(|port| free(port).ok());
    let address = found
        .map_or_else(|| free(0), Ok)
        .context("no port of this machine is free")?;
    files.remember_port(address.port())?;
    Ok(address.port())
}

/// Runs `command` with `DATABASE_URL` set to a new server, which ends and is deleted with it; with a replica, `REPLICA` says host
/// and port of that. The command's exit code is the answer.
///
/// # Errors
/// A server does not start, or there is no such command.
pub async fn run_with(dir: &Path, replica: bool, command: &[String]) -> Result<ExitCode> {
    let dir = dir.join(std::process::id().to_string());
    // What is not waited for on its way to the disk is not on its way to a replica either.
    let keep = if replica { Keep::Data } else { Keep::Nothing };
    let cluster = Cluster::start(&dir, keep)?;
    let standby = match replica {
        true => Some(cluster.standby(&dir.join("replica"))?),
        false => None,
    };
    let status = run_command(&cluster, standby.as_ref(), command).await;
    if let Some(standby) = standby {
        standby.discard()?;
    }
    cluster.discard()?;
    let code = status?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

async fn run_command(
    cluster: &Cluster,
    standby: Option<&Cluster>,
    command: &[String],
) -> Result<ExitStatus> {
    let [program, arguments @ ..] = command else {
        bail!("say which command to run");
    };
    // Ctrl-C reaches the command as well; the server must outlive it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let url = cluster.url()?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", url.expose_secret())
        .envs(standby.map(|standby| ("REPLICA", format!("127.0.0.1:{}", standby.port))))
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{program} cannot be run"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => child.start_kill()?,
        }
    }
}
