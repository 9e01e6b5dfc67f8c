//! Reads that may be done at a replica.

use super::{Caller, Db, TenantAdmin, beginning, within};
use crate::{
    Error, Need, Result, Whose,
    running::replica::position::replayed,
    transaction::{Conn, Transaction},
};
use std::{
    ops::{Deref, DerefMut},
    sync::atomic::Ordering,
    time::Duration,
};
use uuid::Uuid;

/// A transaction in which row-level security shows one tenant only, and which changes nothing: it may be one of a standby.
///
/// ```compile_fail
/// async fn commit(tx: db::ReadTx) { tx.commit().await.unwrap(); } // there is nothing to commit
/// ```
///
/// ```compile_fail
/// async fn write(mut tx: db::ReadTx, caller: &db::Caller, id: uuid::Uuid) {
///     tx.delete_chat_session(caller, id).await.unwrap(); // of a `TenantTx` alone
/// }
/// ```
#[must_use = "dropping it ends it"]
pub struct ReadTx(pub(super) Transaction);

impl ReadTx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.0.conn()
    }
}

/// A [`ReadTx`] that also reads what is for those who manage the tenant.
#[must_use = "dropping it ends it"]
pub struct AdminReadTx(ReadTx);

impl Deref for AdminReadTx {
    type Target = ReadTx;
    fn deref(&self) -> &ReadTx {
        &self.0
    }
}

impl DerefMut for AdminReadTx {
    fn deref_mut(&mut self) -> &mut ReadTx {
        &mut self.0
    }
}

impl Db {
    /// Reads the caller's tenant, at the replica if there is one: as it is now, or later. What cannot be read there is read at
    /// the primary, also where `work` has begun, which is done once more then.
    ///
    /// # Errors
    /// What `work` says of the primary; the database is away.
    pub async fn read<T, E, F>(&self, caller: &Caller, work: impl Fn(ReadTx) -> F) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let who = (caller.tenant_id(), caller.whose(), Need::Asked);
        self.reading(who, "", work).await
    }

    /// As [`Db::read`], but no statement in it may take longer than `limit`, in whole milliseconds.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_within<T, E, F>(
        &self,
        caller: &Caller,
        limit: Duration,
        work: impl Fn(ReadTx) -> F,
    ) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let who = (caller.tenant_id(), caller.whose(), Need::Begun);
        self.reading(who, &within(limit), work).await
    }

    /// As [`Db::read`], for who manages the tenant.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_as_admin<T, E, F>(
        &self,
        admin: &TenantAdmin,
        work: impl Fn(AdminReadTx) -> F,
    ) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let who = (admin.tenant_id, admin.whose(), Need::Asked);
        self.reading(who, "", |tx| work(AdminReadTx(tx))).await
    }

    async fn reading<T, E, F>(
        &self,
        (tenant, whose, need): (Uuid, Whose, Need),
        also: &str,
        work: impl Fn(ReadTx) -> F,
    ) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        if let Some(replica) = &self.replica {
            // Nothing is served from a database that is unfit, wherever its rows are read.
            self.check().await.map_err(Error::from)?;
            let also = [also, ", ", replayed!()].concat();
            let begin = "begin isolation level read committed read only";
            let begin = beginning(begin, tenant, &also);
            if let Some((tx, failed)) = replica.begin(whose, begin).await {
                let done = work(ReadTx(tx)).await;
                if done.is_ok() || !failed.load(Ordering::Relaxed) {
                    return done;
                }
                replica.failed();
            }
        }
        let tx = self.begin("begin read only", (tenant, whose, need), also);
        work(tx.await?.0).await
    }
}
