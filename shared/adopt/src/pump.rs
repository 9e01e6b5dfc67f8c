//! Reads conversations there and hands them on, a few at a time: what is held does not grow with what there is.

use crate::{
    AdoptError, Counts, Report,
    chats::Open,
    sink::{Batch, Long, Sink},
    source::{
        Source,
        rows::{Row, chats},
    },
    tenants::Tenants,
};
use futures_util::{TryStreamExt, try_join};
use std::pin::pin;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How much is handed on at once: in messages, and in bytes.
const MESSAGES: usize = 2000;
const BYTES: usize = 1024 * 1024;
/// How many rows are read ahead, and how many bytes.
const AHEAD_ROWS: usize = 500;
const AHEAD_BYTES: usize = 256 * 1024;

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages that were looked at.
    pub done: u64,
    /// Messages there are.
    pub all: u64,
}

/// Hands on every conversation, or only those with the ids that `only` says.
pub(crate) struct Pump<'a, S> {
    pub(crate) tenants: &'a Tenants,
    pub(crate) names: Vec<String>,
    pub(crate) sink: S,
    pub(crate) report: &'a mut Report,
    pub(crate) progress: &'a mut (dyn FnMut(Progress) + Send),
    pub(crate) there: Counts,
    open: Option<Open>,
    long: Option<Long>,
    tenant: Option<Uuid>,
    batch: Batch,
    /// Messages that were read.
    pub(crate) read: u64,
}

impl<'a, S: Sink> Pump<'a, S> {
    pub(crate) fn new(
        tenants: &'a Tenants,
        names: Vec<String>,
        sink: S,
        report: &'a mut Report,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> Self {
        let there = report.there;
        Self {
            tenants,
            names,
            sink,
            report,
            progress,
            there,
            open: None,
            long: None,
            tenant: None,
            batch: Batch::default(),
            read: 0,
        }
    }

    /// Runs to the end; reading goes on while what was read is handed on.
    pub(crate) async fn run(
        &mut self,
        source: &mut Source,
        only: Option<&[String]>,
    ) -> Result<(), AdoptError> {
        let (send, mut receive) = mpsc::channel(2);
        let reading = async move {
            let mut rows = pin!(chats(source, only));
            let (mut ahead, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.try_next().await.map_err(AdoptError::from)? {
                bytes += row.bytes();
                ahead.push(row);
                if ahead.len() >= AHEAD_ROWS || bytes >= AHEAD_BYTES {
                    bytes = 0;
                    // Nobody receives any more: whoever did says why.
                    if send.send(std::mem::take(&mut ahead)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            drop(send.send(ahead).await);
            Ok(())
        };
        let handing = async {
            while let Some(rows) = receive.recv().await {
                for row in rows {
                    self.put(row).await?;
                }
            }
            // So that the reader does not wait for room.
            receive.close();
            Ok::<_, AdoptError>(())
        };
        try_join!(reading, handing)?;
        self.finish().await?;
        self.flush().await
    }

    async fn put(&mut self, row: Row) -> Result<(), AdoptError> {
        match row {
            Row::Session(old) => {
                self.finish().await?;
                // Whose tenant is not known was told as a problem before.
                let tenant = self.tenants.of(old.tenant_id.as_deref());
                let users = &self.tenants.users;
                // Who was deleted here has no conversations here any more.
                let tenant = tenant.filter(|_| !users.deleted.contains(&old.user_id));
                let user = users.id(&old.user_id, old.user_created_at);
                self.open = tenant.map(|tenant| Open::new(tenant, user, old));
                Ok(())
            }
            Row::Message(old) => {
                self.read += 1;
                let Some(open) = &mut self.open else {
                    return Ok(());
                };
                open.push(old, &self.names, self.report);
                if open.messages.len() >= 2 * MESSAGES || open.bytes >= 2 * BYTES {
                    self.part().await?;
                }
                Ok(())
            }
        }
    }

    /// Hands on a part of a conversation that is too long to be kept.
    async fn part(&mut self) -> Result<(), AdoptError> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let Some(session) = open.session() else {
            return Ok(());
        };
        let long = match self.long {
            Some(long) => long,
            None => self.sink.long(open.tenant, session).await?,
        };
        self.long = Some(long);
        let session = session.clone();
        open.bytes = 0;
        let messages = std::mem::take(&mut open.messages);
        if long == Long::Parts {
            self.sink
                .part(open.tenant, session, messages, self.report)
                .await?;
        }
        self.told();
        Ok(())
    }

    /// The conversation is whole.
    async fn finish(&mut self) -> Result<(), AdoptError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let (tenant, bytes) = (open.tenant, open.bytes);
        let (session, messages) = open.finish(self.report);
        match self.long.take() {
            Some(Long::Parts) => {
                return self.sink.part(tenant, session, messages, self.report).await;
            }
            Some(Long::Compare) => return self.sink.compared(tenant, session, self.report).await,
            None => {}
        }
        if self.tenant != Some(tenant) {
            self.flush().await?;
            self.tenant = Some(tenant);
        }
        self.batch.messages += messages.len();
        self.batch.bytes += bytes + 200;
        self.batch.chats.push((session, messages));
        let is_full = self.batch.messages >= MESSAGES || self.batch.bytes >= BYTES;
        if is_full || self.batch.chats.len() >= MESSAGES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), AdoptError> {
        let batch = std::mem::take(&mut self.batch);
        if let Some(tenant) = self.tenant
            && !batch.chats.is_empty()
        {
            self.sink.batch(tenant, batch, self.report).await?;
            self.told();
        }
        Ok(())
    }

    fn told(&mut self) {
        (self.progress)(Progress {
            done: self.read,
            all: self.there.messages.unsigned_abs(),
        });
    }
}
