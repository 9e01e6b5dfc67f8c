//! A TCP port: our own accept loop, because `axum::serve` 0.8 neither times out a half-sent header, nor limits
//! connections, nor ends a shutdown that an open stream holds up.

mod clients;
mod connection;
mod door;
mod turn;
mod unread;

use crate::{App, client::Peer, edge::Misaddressed};
use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, Version, header},
    response::Response,
};
use connection::Connection;
use door::Door;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{
    convert::Infallible,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    task::Poll,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};
use tower::ServiceExt;
use turn::Turn;
use unread::Unread;

/// The largest header (Railway's own limit is 32 KiB).
const HEADER_SIZE: usize = 16 * 1024;
/// Connections beyond this wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 16_384;
/// How long whoever has asked too often waits to be told so; `Retry-After` is never shorter.
const PAUSE: Duration = Duration::from_millis(100);
/// How long ended answers get to be stored and their last event to be sent.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or Ctrl-C; a second signal ends the process at once.
///
/// # Errors
/// Signals cannot be received.
pub async fn serve_tcp(
    listeners: impl Into<Listeners>,
    service: Router,
    app: App,
) -> anyhow::Result<()> {
    let (listeners, stopped) = (listeners.into(), stopped()?);
    // A connection is a file, and what a shell allows is far below what the system does.
    if let Err(e) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(error = %e, "the limit of open files could not be raised");
    }
    for address in listeners.addresses() {
        tracing::info!(%address, "listening");
    }
    serve_on(listeners, service, app, stopped).await;
    Ok(())
}

/// Listens on every address, IPv6 and IPv4; on a machine without IPv6, on IPv4.
///
/// # Errors
/// The port is taken or not ours to take.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    listen(
        port,
        &[Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
    )
    .await
}

/// Listens on this machine's loopback addresses only; on a machine without IPv6, on the one of IPv4. A browser that is told
/// `localhost` tries both, with one port.
///
/// # Errors
/// The port is taken or not ours to take.
pub async fn bind_loopback(port: u16) -> anyhow::Result<Listeners> {
    let first = listen(port, &[Ipv4Addr::LOCALHOST.into()]).await?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(listener) => listeners.push(listener),
        Err(e) if e.kind() == ErrorKind::AddrInUse => return Err(e).with_context(|| taken(port)),
        Err(_) => {}
    }
    Ok(Listeners(listeners))
}

/// One or several addresses to serve on.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

impl From<TcpListener> for Listeners {
    fn from(listener: TcpListener) -> Self {
        Self(vec![listener])
    }
}

impl Listeners {
    /// The port of the first of them, if the system tells.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.addresses().next().map(|address| address.port())
    }

    /// Where they listen, as far as the system tells.
    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.0
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
    }

    /// The next connection to any of them.
    async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|cx| {
            let mut polled = self.0.iter().map(|listener| listener.poll_accept(cx));
            polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
        })
        .await
    }
}

/// The first of the addresses that can be had.
async fn listen(port: u16, addresses: &[IpAddr]) -> anyhow::Result<TcpListener> {
    let addresses: Vec<_> = addresses
        .iter()
        .map(|ip| SocketAddr::new(*ip, port))
        .collect();
    let listener = TcpListener::bind(&addresses[..]).await;
    listener.with_context(|| taken(port))
}

fn taken(port: u16) -> String {
    format!("port {port} is taken or not allowed. Set PORT to another one")
}

fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            tracing::warn!("told to stop twice: ending now");
            std::process::exit(1);
        });
    })
}

/// Serves until `stopped`, then lets open answers finish for as long as the configuration says, ends the
/// rest so that they are stored, and closes the database.
pub async fn serve_on(
    listeners: impl Into<Listeners>,
    service: Router,
    app: App,
    stopped: impl Future<Output = ()>,
) {
    let listeners = listeners.into();
    let told = app.clone();
    tokio::spawn(async move { told.db.listen(|answer| told.answers.stop(answer)).await });
    let connections = GracefulShutdown::new();
    let door = Door::new(&app);
    tokio::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = door.accept(&listeners) => accepted,
            () = &mut stopped => break,
        };
        let Some(accepted) = accepted else {
            continue;
        };
        let turn = Turn::default();
        let unread = Unread::default();
        let times = app.config.times;
        let connection = Connection::new(accepted.stream, times, turn.clone(), unread.clone());
        let service = service.clone();
        let begun = begun(accepted.peer, turn.clone(), unread.clone());
        let service = service.map_request(begun).then(unhurried);
        let service = service.then(move |answer| unread.clone().settle(answer));
        let service = service.map_response(move |answer| turn.clone().until_the_end_of(answer));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // It counts idle time as well; the connection itself knows better.
            .header_read_timeout(None)
            .max_buf_size(HEADER_SIZE)
            .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's affair; its request has its own log line.
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, "connection ended");
            }
            drop(accepted.held);
        });
    }
    drop(listeners);
    shut_down(connections, app).await;
}

/// What every request has besides what the client sent.
fn begun(peer: Peer, turn: Turn, unread: Unread) -> impl Fn(Request<Incoming>) -> Request + Clone {
    move |request| {
        turn.asked();
        let mut request = unread.of(request);
        request.extensions_mut().insert(peer);
        // RFC 9112, section 3.2.
        let hosts = request.headers().get_all(header::HOST).iter().count();
        if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
            request.extensions_mut().insert(Misaddressed);
        }
        request
    }
}

/// Holds back what tells a client that it has asked too often: who sends the next at once would else take the processor
/// from everybody.
async fn unhurried(answer: Result<Response, Infallible>) -> Result<Response, Infallible> {
    if matches!(&answer, Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS) {
        sleep(PAUSE).await;
    }
    answer
}

async fn shut_down(connections: GracefulShutdown, app: App) {
    tracing::info!("stopping: open answers may finish");
    app.draining.cancel();
    app.tasks.close();
    let finished = async {
        connections.shutdown().await;
        app.tasks.wait().await;
    };
    tokio::pin!(finished);
    if timeout(app.config.shutdown, &mut finished).await.is_err() {
        tracing::warn!("ending the answers that are still open");
        app.stop.cancel();
        if timeout(LAST_WORDS, finished).await.is_err() {
            tracing::error!("some connections did not end in time");
        }
    }
    if timeout(LAST_WORDS, app.db.close()).await.is_err() {
        tracing::error!("some database connections did not close in time");
    }
    tracing::info!("stopped");
}
