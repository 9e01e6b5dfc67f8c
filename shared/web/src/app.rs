//! Everything a handler may use.

use crate::{Clock, Config};
use anyhow::Context;
use db::Db;
use moka::sync::Cache;
use std::{sync::Arc, time::Duration};
use tenant_auth::{Hasher, InvitationKeys, Keys, RefreshKeys, RootSecret, Sealer};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Threads that hash passwords, on however large a machine. With 19 MiB each they bound what a flood of logins takes;
/// four check more than a hundred passwords a second.
const MAX_HASHERS: usize = 4;

/// Everything a handler may use. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Model and vector providers.
    pub ai: ai::Client,
    /// Hashes passwords, on threads of its own.
    pub hasher: Hasher,
    /// The configuration.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: Clock,
    /// Work that outlives its request, such as an answer whose reader left.
    pub tasks: TaskTracker,
    /// Cancelled when that work must end now; see [`Stop`](crate::Stop).
    pub(crate) stop: CancellationToken,
    /// Cancelled when no new work should come.
    pub(crate) draining: CancellationToken,
    pub(crate) keyring: Arc<Keyring>,
    /// Who was refused where within the last minute.
    pub(crate) denials: Cache<(Uuid, String), ()>,
    pub(crate) index_hosts: Cache<(Uuid, String), ai::IndexHost>,
}

/// Everything derived from the secrets. Private: a handler can neither verify nor mint a token, and opens a
/// provider's key only through [`App`].
pub(crate) struct Keyring {
    pub(crate) refresh: RefreshKeys,
    pub(crate) invitations: InvitationKeys,
    pub(crate) sealer: Sealer,
}

impl App {
    /// Puts the parts together. Touches neither database nor network.
    ///
    /// # Errors
    /// A database URL does not parse, or no TLS client can be made.
    pub fn new(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let secrets = &config.secrets;
        let db = Db::new(&secrets.connections).context("the database URL cannot be used")?;
        let keyring = Keyring {
            refresh: RefreshKeys::new(&secrets.root),
            invitations: InvitationKeys::new(&secrets.root),
            sealer: Sealer::new(&secrets.root, &[]),
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self {
            db,
            ai: ai::Client::new(config.endpoints.clone(), ai::Timeouts::default())?,
            hasher: Hasher::new(cores.min(MAX_HASHERS)),
            clock,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            draining: CancellationToken::new(),
            keyring: Arc::new(keyring),
            denials: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(60))
                .build(),
            index_hosts: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(3600))
                .build(),
            config: Arc::new(config),
        })
    }

    /// Returns when no new work should be begun.
    pub async fn draining(&self) {
        self.draining.cancelled().await;
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.config.secrets.keys
    }

    pub(crate) fn root(&self) -> &RootSecret {
        &self.config.secrets.root
    }
}
