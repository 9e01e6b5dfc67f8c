//! `parlance health`: an image without curl must still be able to check itself.

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Asks `/health` of this machine's `PORT`.
pub(crate) async fn check() -> Result<()> {
    let port = std::env::var("PORT")
        .ok()
        .filter(|p| !p.is_empty())
        .unwrap_or_else(|| "8080".into());
    let answer = timeout(Duration::from_secs(3), ask(&port)).await;
    let status = answer.context("the service did not answer within 3 seconds")?;
    let status =
        status.with_context(|| format!("nothing answers on port {port} of this machine"))?;
    ensure!(
        status.starts_with("HTTP/1.1 200"),
        "the service answered {status:?} instead of 200"
    );
    Ok(())
}

/// The first line of the answer.
async fn ask(port: &str) -> Result<String> {
    let mut stream = TcpStream::connect(format!("localhost:{port}")).await?;
    let request = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
