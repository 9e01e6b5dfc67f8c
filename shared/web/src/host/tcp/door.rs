//! Who comes in: a connection among all that there may be, and among those of its client.

use super::{
    Listeners, MAX_CONNECTIONS,
    clients::{Clients, Seat},
};
use crate::{App, Error, client::Peer, edge};
use service::Seldom;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Refused connections beyond this are closed without a word.
const MAX_REFUSALS: usize = 64;

/// Who comes in.
pub(super) struct Door {
    free: Arc<Semaphore>,
    clients: Arc<Clients>,
    told: Seldom,
    /// How many that are refused may be told so at once: each holds a file until it has heard.
    refusing: Arc<Semaphore>,
}

pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: Peer,
    /// Its place among all connections, and among those of its client.
    pub(super) held: (OwnedSemaphorePermit, Seat),
}

impl Door {
    pub(super) fn new(app: &App) -> Self {
        Self {
            free: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            clients: Clients::new(app.config.connections_per_client),
            told: Seldom::of_many(),
            refusing: Arc::new(Semaphore::new(MAX_REFUSALS)),
        }
    }

    /// The next connection, unless it cannot be had or is refused.
    pub(super) async fn accept(&self, listeners: &Listeners) -> Option<Accepted> {
        // The semaphore is never closed.
        let permit = self.free.clone().acquire_owned().await.ok()?;
        let (stream, peer) = match listeners.accept().await {
            Ok((stream, address)) => (stream, Peer(address.ip())),
            Err(e) => {
                // Out of file descriptors, most likely: waiting helps, spinning does not.
                tracing::error!(error = %e, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                return None;
            }
        };
        // Events of a stream are small and must not wait for one another.
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(error = %e, "connection ended");
        }
        match self.clients.seat(peer.0) {
            Ok(seat) => Some(Accepted {
                stream,
                peer,
                held: (permit, seat),
            }),
            Err(network) => {
                self.refuse(stream, permit, &network);
                None
            }
        }
    }

    /// Tells a client that it has too many connections.
    fn refuse(&self, mut stream: TcpStream, permit: OwnedSemaphorePermit, network: &str) {
        if self.told.is_new(network) {
            tracing::warn!(
                client = network,
                "has as many connections as MAX_CONNECTIONS_PER_CLIENT allows; behind a proxy, set TRUSTED_PROXY_HOPS"
            );
        }
        let Ok(place) = self.refusing.clone().try_acquire_owned() else {
            return;
        };
        let words = edge::unasked(&Error::TooManyConnections);
        tokio::spawn(async move {
            let told = async {
                stream.write_all(&words).await?;
                stream.shutdown().await?;
                // What it sent must be read: else the connection is reset, and the answer lost.
                let mut asked = [0; 4096];
                while stream.read(&mut asked).await? > 0 {}
                std::io::Result::Ok(())
            };
            if let Ok(Err(e)) = timeout(Duration::from_secs(1), told).await {
                tracing::debug!(error = %e, "connection ended");
            }
            drop((permit, place));
        });
    }
}
