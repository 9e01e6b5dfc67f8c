//! Reading a file in a process of its own.

use crate::{Extracted, Failure, Page, Sitemap, child::Task, limits};
use anyhow::Context;
use serde::de::DeserializeOwned;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

/// So much of what a reader complains about is kept for the log, in bytes.
const COMPLAINT: usize = 200;

/// What the file of that name says, read by `program` in a process of its own, which sees neither this one's environment nor its files,
/// and is ended if it takes too long, or if nobody waits for it any more.
///
/// # Errors
/// The inner one: the file cannot be read. The outer one: the process could not be started, or was ended by something else.
pub async fn read_apart(
    program: &Path,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<Result<Extracted, Failure>> {
    ask(program, Task::File, name, bytes).await
}

/// The same of a page of a web site: also where it leads.
///
/// # Errors
/// As of [`read_apart`].
pub async fn page_apart(
    program: &Path,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<Result<Page, Failure>> {
    ask(program, Task::Page, name, bytes).await
}

/// The same of a list of pages.
///
/// # Errors
/// As of [`read_apart`].
pub async fn sitemap_apart(
    program: &Path,
    bytes: &[u8],
) -> anyhow::Result<Result<Sitemap, Failure>> {
    ask(program, Task::Sitemap, "", bytes).await
}

async fn ask<T: DeserializeOwned>(
    program: &Path,
    task: Task,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<Result<T, Failure>> {
    let mut child = Command::new(program)
        .args(task.words())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("the process that reads files could not be started")?;
    let (input, output, complaints) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(output), Some(complaints)) = (input, output, complaints) else {
        anyhow::bail!("the process that reads files has no pipes");
    };
    let name = name.replace(['\n', '\r'], " ");
    let send = async move {
        // One that ends before it has read everything says by itself why.
        let sent = async {
            input.write_all(name.as_bytes()).await?;
            input.write_all(b"\n").await?;
            input.write_all(bytes).await?;
            input.shutdown().await
        };
        drop(sent.await);
    };
    let receive = async {
        let mut answer = Vec::new();
        output
            .take(limits::ANSWER)
            .read_to_end(&mut answer)
            .await
            .map(|_| answer)
    };
    let listen = async {
        let mut said = Vec::new();
        complaints
            .take(64 << 10)
            .read_to_end(&mut said)
            .await
            .map(|_| said)
    };
    let all = async {
        let ((), answer, said) = tokio::join!(send, receive, listen);
        anyhow::Ok((child.wait().await?, answer?, said?))
    };
    let Ok(ended) = timeout(limits::PATIENCE, all).await else {
        return Ok(Err(Failure::Limits));
    };
    let (status, answer, said) = ended?;
    if status.success() {
        return serde_json::from_slice(&answer)
            .context("the process that reads files says nothing sensible");
    }
    let said = String::from_utf8_lossy(&said[said.len().saturating_sub(COMPLAINT)..]).into_owned();
    tracing::warn!(%status, said, "a file ended the process that read it");
    Ok(Err(match status.code() {
        // A parser that gave up (a panic).
        Some(_) => Failure::damaged("its parts contradict each other"),
        // A signal: out of memory, stack or time.
        None => Failure::Limits,
    }))
}
