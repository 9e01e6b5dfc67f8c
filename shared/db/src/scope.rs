//! Proofs and the transactions they open.
//!
//! Every constructor is private to this crate, so holding the value is the only way to the data:
//! a verified token yields a [`Caller`], a caller may yield a [`TenantAdmin`] or a [`Superuser`], and each
//! opens the transaction in which its rows can be seen. Behind the types stands row-level security: a
//! transaction names its tenant in its first message, and Postgres shows that tenant only.

mod caller;
mod job;
mod reading;

pub use caller::Caller;
pub use job::{Job, JobTx};
pub use reading::{AdminReadTx, ReadTx};

use crate::{
    Counters, Need, Result, Whose,
    access::remembered::Remembered,
    audit::deeds::Actor,
    running::logins::Connecting,
    running::pool::{Pool, Woken},
    running::replica::Replica,
    transaction::{Conn, Transaction},
};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{Mutex, Notify, OnceCell, Semaphore};
use uuid::Uuid;

/// The database. Has no method that runs tenant SQL without a proof.
///
/// ```compile_fail
/// fn pool(db: db::Db) -> sqlx::PgPool { db.app } // private
/// ```
#[derive(Clone)]
pub struct Db {
    pub(crate) app: Pool,
    pub(crate) platform: Pool,
    pub(crate) replica: Option<Arc<Replica>>,
    pub(crate) fit: Arc<OnceCell<()>>,
    pub(crate) woken: Woken,
    pub(crate) counters: Counters,
    pub(crate) listening: Connecting,
    /// How many of the app role's connections may at once store what is still being made: half of them, so that however
    /// many answers grow, there are others for requests.
    pub(crate) growing: Arc<Semaphore>,
    pub(crate) remembered: Remembered,
    pub(crate) reading_origins: Arc<Mutex<()>>,
    /// Told when a job is queued, by whatever process: each lane for itself.
    pub(crate) queued: Arc<[Notify; 2]>,
}

impl Db {
    /// Opens a transaction that sees the caller's tenant and nothing else.
    pub async fn tenant(&self, caller: &Caller) -> Result<TenantTx> {
        self.open(caller.tenant_id(), caller.whose(), Need::Asked)
            .await
    }

    /// As [`Db::tenant`], but no statement in it may take longer than `limit`, in whole milliseconds.
    pub async fn tenant_within(&self, caller: &Caller, limit: Duration) -> Result<TenantTx> {
        self.open_and(
            caller.tenant_id(),
            caller.whose(),
            Need::Begun,
            &within(limit),
        )
        .await
    }

    /// Opens a transaction that also manages that tenant.
    pub async fn admin(&self, admin: &TenantAdmin) -> Result<AdminTx> {
        Ok(AdminTx {
            tx: self
                .open(admin.tenant_id, admin.whose(), Need::Asked)
                .await?,
            actor: admin.actor.clone(),
        })
    }

    /// As [`Db::admin`], but no statement in it may take longer than `limit`, in whole milliseconds.
    pub async fn admin_within(&self, admin: &TenantAdmin, limit: Duration) -> Result<AdminTx> {
        Ok(AdminTx {
            tx: self
                .open_and(admin.tenant_id, admin.whose(), Need::Asked, &within(limit))
                .await?,
            actor: admin.actor.clone(),
        })
    }

    /// Opens a transaction that sees the list of tenants, and none of their content.
    pub async fn platform(&self, superuser: &Superuser) -> Result<PlatformTx> {
        let whose = Whose::user(superuser.0.tenant_id, superuser.0.user_id);
        Ok(PlatformTx {
            tx: self.outside_as_platform(whose).await?,
            actor: superuser.0.clone(),
        })
    }

    /// One message begins the transaction and names its tenant. The setting is local to the transaction:
    /// behind a pooler the next client of the connection must not find it.
    pub(crate) async fn open(&self, tenant: Uuid, whose: Whose, need: Need) -> Result<TenantTx> {
        self.open_and(tenant, whose, need, "").await
    }

    async fn open_and(
        &self,
        tenant: Uuid,
        whose: Whose,
        need: Need,
        also: &str,
    ) -> Result<TenantTx> {
        self.begin("begin", (tenant, whose, need), also).await
    }

    async fn begin(
        &self,
        begin: &'static str,
        (tenant, whose, need): (Uuid, Whose, Need),
        also: &str,
    ) -> Result<TenantTx> {
        self.check().await?;
        let begin = beginning(begin, tenant, also);
        let tx = Transaction::begin(&self.app, whose, need, begin).await?;
        Ok(TenantTx(ReadTx(tx)))
    }

    /// Opens a transaction that reads one tenant as it is this moment, for as long as that takes: for the operator, who waits.
    pub(crate) async fn snapshot(&self, tenant: Uuid) -> Result<TenantTx> {
        let begin = "begin isolation level repeatable read read only";
        let patient = ", set_config('idle_in_transaction_session_timeout', '0', true)";
        let whose = Whose::SERVICE;
        self.begin(begin, (tenant, whose, Need::Begun), patient)
            .await
    }

    /// Opens a transaction that is in no tenant: for the few functions that look for one.
    pub(crate) async fn outside(&self, whose: Whose, need: Need) -> Result<Transaction> {
        self.check().await?;
        Transaction::begin(&self.app, whose, need, SqlStr::from_static("begin")).await
    }

    /// A connection for one statement that names its tenant itself: a function of the schema whose first argument is the
    /// tenant, and which sets it for the statement alone. Row-level security binds it as any other.
    pub(crate) async fn once(&self, caller: &Caller, need: Need) -> Result<Transaction> {
        self.check().await?;
        Transaction::single(&self.app, caller.whose(), need).await
    }

    /// The same as the platform's role, which sees the settings of every tenant, and nothing else of any.
    pub(crate) async fn outside_as_platform(&self, whose: Whose) -> Result<Transaction> {
        self.check().await?;
        let begin = SqlStr::from_static("begin");
        Transaction::begin(&self.platform, whose, Need::Asked, begin).await
    }
}

/// What begins a transaction and names its tenant. A `Uuid` prints as hexadecimal digits and hyphens: there is nothing to
/// escape.
fn beginning(begin: &'static str, tenant: Uuid, also: &str) -> SqlStr {
    let begin = format!("{begin}; select set_config('app.tenant_id', '{tenant}', true){also}");
    AssertSqlSafe(begin).into_sql_str()
}

fn within(limit: Duration) -> String {
    let limit = limit.as_millis();
    format!(", set_config('statement_timeout', '{limit}', true)")
}

/// Proof of someone who may manage one tenant: its administrator, or a superuser who has assumed it; where the route allows
/// that, one of its API keys.
#[derive(Debug)]
pub struct TenantAdmin {
    pub(crate) tenant_id: Uuid,
    pub(crate) actor: Actor,
}

impl TenantAdmin {
    /// The tenant that may be managed.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    fn whose(&self) -> Whose {
        Whose::user(self.tenant_id, self.actor.user_id)
    }
}

/// Proof of a superuser.
#[derive(Debug)]
pub struct Superuser(pub(crate) Actor);

/// A transaction in which row-level security shows one tenant only, at the primary: what must not be a moment old, and what
/// writes. Dropping it rolls back, which is how reads end.
#[must_use = "dropping it rolls back"]
pub struct TenantTx(ReadTx);

impl TenantTx {
    /// Makes the writes permanent.
    ///
    /// # Errors
    /// Also when an earlier statement failed and its error was overlooked: Postgres answers COMMIT of an
    /// aborted transaction like any other, so the transaction is asked for a sign of life first.
    pub async fn commit(self) -> Result<()> {
        self.0.0.commit().await
    }
}

impl Deref for TenantTx {
    type Target = ReadTx;
    fn deref(&self) -> &ReadTx {
        &self.0
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut ReadTx {
        &mut self.0
    }
}

/// A [`TenantTx`] that also manages the tenant: users, secrets, settings, documents. What it changes, it
/// writes into the audit log of the same transaction.
#[must_use = "dropping it rolls back"]
pub struct AdminTx {
    tx: TenantTx,
    pub(crate) actor: Actor,
}

impl AdminTx {
    /// As [`TenantTx::commit`].
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
}

impl Deref for AdminTx {
    type Target = TenantTx;
    fn deref(&self) -> &TenantTx {
        &self.tx
    }
}

impl DerefMut for AdminTx {
    fn deref_mut(&mut self) -> &mut TenantTx {
        &mut self.tx
    }
}

/// A transaction over the list of tenants. Its role holds no grant on what tenants say and know.
#[must_use = "dropping it rolls back"]
pub struct PlatformTx {
    tx: Transaction,
    pub(crate) actor: Actor,
}

impl PlatformTx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.tx.conn()
    }

    /// As [`TenantTx::commit`].
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
}
