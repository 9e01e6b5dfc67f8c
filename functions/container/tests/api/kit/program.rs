//! `parlance serve` as a process of its own: what a signal does to it can be tried on nothing less.

use super::{
    Kit, environment,
    http::send,
    request,
    wait::{wait_for, wait_until},
};
use axum::body::Body;
use hyper::{Request, Response, body::Incoming};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
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
        Self::start(kit, vars, Stdio::null).await
    }

    /// As [`Program::serve`]; also all that it has logged when it ends.
    pub async fn serve_logging(kit: &Kit, vars: &[(String, String)]) -> (Self, JoinHandle<String>) {
        let mut program = Self::start(kit, vars, Stdio::piped).await;
        let mut log = program.child.stdout.take().expect("stdout is a pipe");
        let read = async move {
            let mut all = String::new();
            log.read_to_string(&mut all).await.expect("a log is UTF-8");
            all
        };
        (program, tokio::spawn(read))
    }

    async fn start(kit: &Kit, vars: &[(String, String)], log: fn() -> Stdio) -> Self {
        // Somebody else may take the free port before the program does.
        for _ in 0..5 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            let address = listener.and_then(|l| l.local_addr());
            let address = address.expect("a port is free");
            let binary = std::env::var("CHECK_BINARY");
            let binary = binary.unwrap_or_else(|_| env!("CARGO_BIN_EXE_parlance").to_owned());
            let mut command = Command::new(binary);
            command
                .arg("serve")
                .env_clear()
                .envs(environment(&kit.database))
                .envs(vars.iter().cloned())
                .env("PORT", address.port().to_string())
                .stdout(log())
                .kill_on_drop(true);
            let child = command.spawn().expect("the program starts");
            let mut program = Self { child, address };
            if program.is_ready().await {
                return program;
            }
        }
        panic!("the program does not start; its reason is above");
    }

    /// False if it ended instead.
    async fn is_ready(&mut self) -> bool {
        wait_until("`parlance serve` to be ready", async || {
            if self.child.try_wait().expect("it is our child").is_some() {
                return Ok(false);
            }
            if TcpStream::connect(self.address).await.is_err() {
                return Err("it accepts no connection".to_owned());
            }
            let ready = request("", "GET", "/ready").body(Body::empty());
            let ready = self.send(ready.expect("the request is well formed")).await;
            match ready.status().as_u16() {
                200 => Ok(true),
                status => Err(format!("/ready answers {status}")),
            }
        })
        .await
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
        signalled(&self.child, "TERM").await;
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

/// Sends a process a signal.
pub async fn signalled(process: &Child, signal: &str) {
    let id = process.id().expect("it still runs");
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("kill -{signal} {id}")]);
    assert!(kill.status().await.expect("there is a shell").success());
}
