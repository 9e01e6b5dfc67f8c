//! A way to PostgreSQL that counts how often its client waits for it.

use anyhow::{Context, Result};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    time::sleep,
};

/// Nothing was sent for so long: what was to be sent, was.
const QUIET: Duration = Duration::from_millis(100);
/// It is quiet by then, or never.
const MOST_WAITS: usize = 100;

/// The running proxy. It ends with this program.
pub struct Proxy {
    pub port: u16,
    connections: Arc<Mutex<Vec<Arc<Counted>>>>,
}

/// A connection.
struct Counted {
    /// Whether requests use it, as far as is known: what listens for changes, and superusers' requests, are left out.
    counts: AtomicBool,
    /// How often the client sent something after the server had.
    trips: AtomicUsize,
    /// Whether the server spoke last.
    answered: AtomicBool,
}

impl Proxy {
    /// Starts it on a free port of this machine, in front of the server on port `to`.
    pub async fn start(to: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let connections = Arc::default();
        let all = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A connection that fails shows in its client.
                tokio::spawn(serve(
                    client,
                    (Ipv4Addr::LOCALHOST, to).into(),
                    Arc::clone(&all),
                ));
            }
        });
        Ok(Self { port, connections })
    }

    /// All round trips until now, once there are no more.
    ///
    /// # Errors
    /// There are more and more.
    pub async fn trips(&self) -> Result<usize> {
        let mut before = self.so_far();
        for _ in 0..MOST_WAITS {
            sleep(QUIET).await;
            let now = self.so_far();
            if now == before {
                return Ok(now);
            }
            before = now;
        }
        Err(anyhow::anyhow!("the service goes on asking its database"))
            .context("round trips cannot be counted")
    }

    /// All round trips that have begun.
    pub fn so_far(&self) -> usize {
        let connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let counted = connections
            .iter()
            .filter(|c| c.counts.load(Ordering::Relaxed));
        counted.map(|c| c.trips.load(Ordering::Relaxed)).sum()
    }
}

async fn serve(
    client: TcpStream,
    to: SocketAddr,
    all: Arc<Mutex<Vec<Arc<Counted>>>>,
) -> Result<()> {
    let server = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let counted = Arc::new(Counted {
        counts: AtomicBool::new(true),
        trips: AtomicUsize::new(0),
        answered: AtomicBool::new(true),
    });
    all.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Arc::clone(&counted));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let sent = |part: &[u8]| {
        if counted.answered.swap(false, Ordering::Relaxed) {
            counted.trips.fetch_add(1, Ordering::Relaxed);
        }
        // Only the first message of a connection names its role and its purpose.
        let other = [&b"_platform\0"[..], b"parlance listen\0"];
        if counted.trips.load(Ordering::Relaxed) <= 2
            && other.iter().any(|name| crate::client::holds(part, name))
        {
            counted.counts.store(false, Ordering::Relaxed);
        }
    };
    let answered = |_: &[u8]| counted.answered.store(true, Ordering::Relaxed);
    tokio::try_join!(
        pass(from_client, to_server, sent),
        pass(from_server, to_client, answered)
    )?;
    Ok(())
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, saw: impl Fn(&[u8])) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(to.shutdown().await?);
        }
        saw(&buffer[..length]);
        to.write_all(&buffer[..length]).await?;
    }
}
