//! A TCP proxy that slows what passes through it, so that a request can be cancelled between two messages.

use super::database::{Database, pooler};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How the app role reaches a database over a slow way.
pub async fn slow_url(database: &Database) -> String {
    let url = database.url_as("app");
    let (login, rest) = url.split_once('@').expect("the URL has a user");
    let (server, name) = rest.split_once('/').expect("the URL has a database");
    let server = pooler().unwrap_or_else(|| server.to_owned());
    let slow = slow(server, Duration::from_millis(50)).await;
    format!("{login}@{slow}/{name}")
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
