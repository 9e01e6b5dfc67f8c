//! TCP proxies that stand before the database, a provider or the service: ways that can be slow, and break.

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
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// How the app role reaches a database over a slow way, so that a request can be cancelled between two messages.
pub async fn slow_url(database: &Database) -> String {
    let way = Breakable::to(database).await;
    way.delay(Duration::from_millis(50));
    url_through(way.address, database)
}

/// How the app role reaches a database through a proxy.
pub fn url_through(proxy: SocketAddr, database: &Database) -> String {
    moved(&database.url_as("app"), proxy)
}

/// The URL of a database, with a proxy in the place of its server.
pub fn moved(url: &str, proxy: SocketAddr) -> String {
    let (login, rest) = url.split_once('@').expect("the URL has a user");
    let (_, name) = rest.split_once('/').expect("the URL has a database");
    format!("{login}@{proxy}/{name}")
}

/// What a proxy stands before: the server, or the pooler before it.
pub fn server_of(database: &Database) -> String {
    let url = database.url_as("app");
    let rest = url.split_once('@').expect("the URL has a user").1;
    let server = rest.split_once('/').expect("the URL has a database").0;
    pooler().unwrap_or_else(|| server.to_owned())
}

/// A way that can be broken.
#[derive(Clone)]
pub struct Breakable {
    /// Where it begins.
    pub address: SocketAddr,
    state: watch::Sender<State>,
    taken: Arc<AtomicU64>,
}

/// How it is, and how often what happened to it.
#[derive(Clone)]
struct State {
    target: String,
    delay: Duration,
    is_hole: bool,
    cuts: u64,
    half_closes: u64,
    swallows: u64,
}

impl State {
    /// Whether something has happened since.
    fn differs(&self, begun: &Self) -> bool {
        let all = |state: &Self| (state.cuts, state.half_closes, state.swallows);
        all(self) != all(begun)
    }
}

impl Breakable {
    /// To the database, open.
    pub async fn to(database: &Database) -> Self {
        Self::before(server_of(database)).await
    }

    /// To whatever listens at `target`, open. It is there as long as the test.
    pub async fn before(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let way = Self {
            address: listener.local_addr().expect("it has an address"),
            state: watch::Sender::new(State {
                target,
                delay: Duration::ZERO,
                is_hole: false,
                cuts: 0,
                half_closes: 0,
                swallows: 0,
            }),
            taken: Arc::default(),
        };
        let all = way.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(all.clone().carry(client));
            }
        });
        way
    }

    /// New connections lead there.
    pub fn lead_to(&self, target: String) {
        self.state.send_modify(|state| state.target = target);
    }

    /// From now on each chunk is so late, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }

    /// From now on the connections that are open lead nowhere: what is sent is taken and never answered. New ones are
    /// as before.
    pub fn swallow(&self) {
        self.state.send_modify(|state| state.swallows += 1);
    }

    /// As [`Breakable::swallow`], and so do new ones until it is a hole no more.
    pub fn hole(&self, on: bool) {
        self.state.send_modify(|state| state.is_hole = on);
        if on {
            self.swallow();
        }
    }

    /// Ends the connections that are open. New ones are as before.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Ends the connections that are open in one direction: nothing more is answered, and that is told.
    pub fn half_close(&self) {
        self.state.send_modify(|state| state.half_closes += 1);
    }

    /// How many bytes were taken and never answered.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    async fn carry(self, mut client: TcpStream) {
        let mut state = self.state.subscribe();
        let begun = state.borrow().clone();
        if begun.is_hole {
            return self.take(client).await;
        }
        // Whoever comes while nobody is there is turned away.
        let Ok(mut server) = TcpStream::connect(&begun.target).await else {
            return;
        };
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            tokio::join!(
                self.pass(from_client, to_server),
                self.pass(from_server, to_client)
            )
        };
        let broken = async {
            let now = state.wait_for(|now| now.differs(&begun)).await;
            now.expect("this holds the other end").clone()
        };
        let now = tokio::select! {
            _ = both => return,
            now = broken => now,
        };
        match now {
            now if now.cuts != begun.cuts => {}
            now if now.half_closes != begun.half_closes => {
                // It may be gone already.
                drop(client.shutdown().await);
                drop(copy(&mut client, &mut server).await);
            }
            _ => self.take(client).await,
        }
    }

    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer).await {
            let delay = self.state.borrow().delay;
            if !delay.is_zero() {
                sleep(delay).await;
            }
            if to.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
        // The other end may be gone, too.
        drop(to.shutdown().await);
    }

    /// As a network that has lost the other end.
    async fn take(&self, mut client: TcpStream) {
        let mut lost = [0; 4096];
        while let Ok(n @ 1..) = client.read(&mut lost).await {
            self.taken.fetch_add(n as u64, Ordering::Relaxed);
        }
    }
}
