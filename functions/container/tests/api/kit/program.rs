//! `parlance serve` as a process of its own: what a signal does to it can be tried on nothing less.

use super::{
    Kit,
    database::Database,
    environment,
    http::send,
    request,
    wait::{wait_for, wait_until},
};
use axum::body::Body;
use hyper::{Request, Response, body::Incoming};
use procfs::{
    ProcResult,
    net::TcpState,
    process::{FDTarget, Process},
};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    task::JoinHandle,
};

/// A running service.
pub struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts it on the database of `kit` and waits until it is ready.
    pub async fn serve(kit: &Kit, vars: &[(String, String)]) -> Self {
        Self::start(kit, vars, Stdio::null()).await
    }

    /// As [`Program::serve`]; also all that it has logged when it ends.
    pub async fn serve_logging(kit: &Kit, vars: &[(String, String)]) -> (Self, JoinHandle<String>) {
        let mut program = Self::start(kit, vars, Stdio::piped()).await;
        let mut log = program.child.stdout.take().expect("stdout is a pipe");
        let read = async move {
            let mut all = String::new();
            log.read_to_string(&mut all).await.expect("a log is UTF-8");
            all
        };
        (program, tokio::spawn(read))
    }

    /// Another build of the program, on a database that may be newer than it.
    pub async fn of(binary: &str, database: &Database, vars: &[(String, String)]) -> Self {
        let program = Self::spawn(Command::new(binary), database, vars, Stdio::null()).await;
        program.answers("/health").await;
        program
    }

    /// As [`Program::serve`]; what it logs goes to `log`.
    pub async fn start(kit: &Kit, vars: &[(String, String)], log: Stdio) -> Self {
        let binary = std::env::var("CHECK_BINARY");
        let binary = binary.unwrap_or_else(|_| env!("CARGO_BIN_EXE_parlance").to_owned());
        Self::start_by(Command::new(binary), kit, vars, log).await
    }

    /// As [`Program::serve`], by a command that becomes the program when it is told what to do.
    pub async fn start_by(
        command: Command,
        kit: &Kit,
        vars: &[(String, String)],
        log: Stdio,
    ) -> Self {
        let program = Self::spawn(command, &kit.database, vars, log).await;
        program.answers("/ready").await;
        program
    }

    async fn spawn(
        mut command: Command,
        database: &Database,
        vars: &[(String, String)],
        log: Stdio,
    ) -> Self {
        command
            .arg("serve")
            .env_clear()
            .envs(environment(database))
            .envs(vars.iter().cloned())
            .env("PORT", "0")
            .stdout(log)
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let port = listening(&mut child).await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { child, address }
    }

    /// Waits until it answers 200 there.
    async fn answers(&self, path: &str) {
        wait_until(format!("`parlance serve` to answer {path}"), async || {
            let asked = request("", "GET", path).body(Body::empty());
            let asked = asked.expect("the request is well formed");
            match self.send(asked).await.status().as_u16() {
                200 => Ok(()),
                status => Err(format!("{path} answers {status}")),
            }
        })
        .await;
    }

    /// Sends a request on a connection of its own.
    pub async fn send(&self, request: Request<Body>) -> Response<Incoming> {
        send(self.address, request).await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What Linux tells of it in a file of /proc.
    pub fn told(&self, file: &str) -> String {
        let id = self.child.id().expect("it still runs");
        let told = std::fs::read_to_string(format!("/proc/{id}/{file}"));
        told.expect("Linux tells about processes")
    }

    /// The most memory that it has had, in KiB.
    pub fn peak_memory(&self) -> u64 {
        let status = self.told("status");
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|l| l.trim().strip_suffix(" kB"));
        let peak = peak.expect("it has had memory").trim();
        peak.parse().expect("it is a number")
    }

    /// SIGTERM.
    pub async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Any signal that does not end it at once.
    pub async fn signal(&self, signal: &str) {
        signalled(&self.child, signal).await;
    }

    /// Whether it has ended, which nobody but a test should make it do.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// SIGKILL; returns when it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it still ran");
    }

    /// How it ended.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = wait_for("the end of `parlance serve`", self.child.wait());
        ended.await.expect("it is our child")
    }
}

/// The port that a program listens on that was told to take any. One that a test chose could be another's by the time that the
/// program is there to take it, and the other would answer in its place.
///
/// # Panics
/// It ends instead; its reason is on standard error.
pub async fn listening(child: &mut Child) -> u16 {
    wait_until("a program to listen", async || {
        let ended = child.try_wait().expect("it is our child");
        assert!(ended.is_none(), "a program ended instead of listening");
        let id = child.id().expect("it still runs").cast_signed();
        match port_of(id) {
            Ok(Some(port)) => Ok(port),
            Ok(None) => Err("it listens on no port".to_owned()),
            Err(e) => Err(e.to_string()),
        }
    })
    .await
}

/// The port of a process's listening socket, if it has one: the first that it opened.
fn port_of(id: i32) -> ProcResult<Option<u16>> {
    let process = Process::new(id)?;
    let mut own = HashMap::new();
    for file in process.fd()? {
        let file = file?;
        if let FDTarget::Socket(inode) = file.target {
            own.insert(inode, file.fd);
        }
    }
    let sockets = process.tcp()?.into_iter().chain(process.tcp6()?);
    let listening = sockets.filter(|s| s.state == TcpState::Listen);
    let own = listening.filter_map(|s| Some((own.get(&s.inode)?, s.local_address.port())));
    Ok(own.min().map(|(_, port)| port))
}

/// Sends a process a signal.
pub async fn signalled(process: &Child, signal: &str) {
    let id = process.id().expect("it still runs");
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("kill -{signal} {id}")]);
    assert!(kill.status().await.expect("there is a shell").success());
}
