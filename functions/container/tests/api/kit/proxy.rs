//! TCP proxies on the way to the database: one that slows what passes, so that a request can be cancelled between two
//! messages, and one that can swallow it.

use super::database::{Database, pooler};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How the app role reaches a database over a slow way.
pub async fn slow_url(database: &Database) -> String {
    let slow = slow(server_of(database), Duration::from_millis(50)).await;
    url_through(slow, database)
}

/// How the app role reaches a database through a proxy.
pub fn url_through(proxy: SocketAddr, database: &Database) -> String {
    let url = database.url_as("app");
    let (login, rest) = url.split_once('@').expect("the URL has a user");
    let (_, name) = rest.split_once('/').expect("the URL has a database");
    format!("{login}@{proxy}/{name}")
}

/// What a proxy stands before: the server, or the pooler before it.
fn server_of(database: &Database) -> String {
    let url = database.url_as("app");
    let rest = url.split_once('@').expect("the URL has a user").1;
    let server = rest.split_once('/').expect("the URL has a database").0;
    pooler().unwrap_or_else(|| server.to_owned())
}

/// Forwards to `target`, each chunk `delay` late in both directions; its address.
async fn slow(target: String, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&target).await else {
                return;
            };
            let (client_in, client_out) = client.into_split();
            let (server_in, server_out) = server.into_split();
            tokio::spawn(forward(client_in, server_out, delay));
            tokio::spawn(forward(server_in, client_out, delay));
        }
    });
    address
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    delay: Duration,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

/// A way to the database that can be broken.
pub struct Breakable {
    /// Where it begins.
    pub address: SocketAddr,
    swallow: watch::Sender<()>,
    cut: watch::Sender<()>,
    taken: Arc<AtomicU64>,
}

impl Breakable {
    /// To the database, open.
    pub async fn to(database: &Database) -> Self {
        let target = server_of(database);
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let way = Self {
            address: listener.local_addr().expect("it has an address"),
            swallow: watch::Sender::new(()),
            cut: watch::Sender::new(()),
            taken: Arc::default(),
        };
        let (swallow, cut, taken) = (way.swallow.clone(), way.cut.clone(), way.taken.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else {
                    return;
                };
                let (swallowed, mut cut) = (swallow.subscribe(), cut.subscribe());
                let taken = taken.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = until_swallowed(client, server, swallowed, taken) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        way
    }

    /// From now on the connections that are open lead nowhere: what is sent is taken and never answered. New ones are
    /// as before.
    pub fn swallow(&self) {
        self.swallow.send_replace(());
    }

    /// Ends the connections that are open. New ones are as before.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }

    /// How many bytes were taken and never answered.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

async fn until_swallowed(
    mut client: TcpStream,
    mut server: TcpStream,
    mut swallowed: watch::Receiver<()>,
    taken: Arc<AtomicU64>,
) {
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = swallowed.changed() => {}
    }
    // As by a network that has lost the other end.
    let mut lost = [0; 4096];
    while let Ok(n @ 1..) = client.read(&mut lost).await {
        taken.fetch_add(n as u64, Ordering::Relaxed);
    }
}
