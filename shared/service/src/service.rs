//! The service: everything that its work needs, put together once.

use crate::{
    Answers, Clock, Config, Seldom, Timings, conversations, legs,
    pinecone::IndexOf,
    rate_limits::{Allowances, Flooding},
    rotation::KeptKeys,
    start_logging,
};
use anyhow::Context;
use db::{Db, EmbeddingSet, Slots};
use moka::sync::Cache;
use std::{sync::Arc, time::Duration};
use tenant_auth::{
    ApiKeys, ChallengeKeys, Hasher, InvitationKeys, LegacyToken, RefreshKeys, Sealer, SiteKeys,
    TokenError, Verified,
};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use uuid::Uuid;

/// Threads that hash passwords, on however large a machine. With 19 MiB each they bound what a flood of logins takes;
/// four check more than a hundred passwords a second.
const MAX_HASHERS: usize = 4;

/// Everything that whoever does the service's work may use. There is one in a process.
pub struct Service {
    /// The database.
    pub db: Db,
    /// Model and vector providers.
    pub ai: ai::Client,
    /// What tenants name on the web.
    pub outside: fetch::Outside,
    /// Whose turn it is to have a page of it be read: each may take much memory, and there may be many sites at a time.
    pub page_readers: Semaphore,
    /// Hashes passwords, on threads of its own.
    pub hasher: Hasher,
    /// The configuration.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// Work that outlives its request, such as an answer whose reader left.
    pub tasks: TaskTracker,
    /// Cancelled when that work must end now.
    pub stop: CancellationToken,
    /// Cancelled when no new work should come.
    pub draining: CancellationToken,
    /// The answers that are being made.
    pub answers: Answers,
    /// How long things took.
    pub timings: Timings,
    pub(crate) keyring: Keyring,
    /// Who was refused where within the last minute.
    pub(crate) denials: Seldom,
    /// Which models were said to end within the last minute.
    pub(crate) ending_models: Seldom,
    pub(crate) flooding: Flooding,
    pub(crate) allowances: Allowances,
    /// Whose turn it is to search, by tenant.
    pub(crate) searches: Slots,
    /// The same for searches of conversations.
    pub(crate) chat_searches: Slots,
    /// What is known of indexes at Pinecone.
    pub(crate) indexes: Cache<IndexOf, ai::Index>,
    /// A tenant's sets of vectors.
    pub(crate) embedding_sets: Cache<Uuid, Arc<Vec<EmbeddingSet>>>,
    /// What is kept of secrets that are gone.
    pub(crate) kept_keys: Cache<(), Arc<KeptKeys>>,
}

/// Everything derived from the secrets. Private: whoever uses the service can neither mint a token nor open a provider's
/// key but through its methods.
pub(crate) struct Keyring {
    pub(crate) refresh: RefreshKeys,
    pub(crate) invitations: InvitationKeys,
    pub(crate) api_keys: ApiKeys,
    pub(crate) sites: SiteKeys,
    pub(crate) challenges: ChallengeKeys,
    pub(crate) sealer: Sealer,
}

impl Service {
    /// Does work to its end, also if whoever waits for it leaves: what it reserved is settled, and what it began is finished.
    ///
    /// # Errors
    /// It panicked.
    pub async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let done = self.tasks.spawn(work.in_current_span()).await;
        done.context("work did not come to its end")
    }

    /// What there is before anything is done: logs, the configuration from the environment, and what follows from it.
    ///
    /// # Errors
    /// The configuration cannot be used; the sentence says what to do.
    pub async fn start() -> anyhow::Result<Self> {
        // First: what is wrong with the variables of traces undoes whoever begins to tell of any.
        let config = Config::from_env().await?;
        start_logging()?;
        // Names alone: of some, the value is a secret.
        tracing::info!(settings = config.set.join(" "), "read the configuration");
        Self::new(config, Clock::System)
    }

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
            api_keys: ApiKeys::new(&secrets.root),
            sites: SiteKeys::new(&secrets.root),
            challenges: ChallengeKeys::new(&secrets.root),
            sealer: Sealer::new(&secrets.root),
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self {
            db,
            ai: ai::Client::new(
                config.endpoints.clone(),
                config.models.clone(),
                config.provider_times,
            )?,
            outside: fetch::Outside::new(&config.connector_hosts, config.times.outside)?,
            page_readers: Semaphore::new(1),
            hasher: Hasher::new(cores.min(MAX_HASHERS)),
            clock,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            draining: CancellationToken::new(),
            answers: Answers::default(),
            timings: Timings::new(config.metrics_by_tenant),
            keyring,
            denials: Seldom::without_bound(),
            ending_models: Seldom::of_many(),
            flooding: Flooding::nobody(),
            allowances: Allowances::none(),
            searches: Slots::for_each(legs::AT_ONCE),
            chat_searches: Slots::for_each(conversations::AT_ONCE),
            indexes: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(3600))
                .build(),
            embedding_sets: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(5))
                .build(),
            kept_keys: Cache::builder()
                .time_to_live(Duration::from_secs(60))
                .build(),
            config,
        })
    }

    /// Whether an access token's signature and time are good.
    ///
    /// # Errors
    /// They are not.
    pub fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let keys = &self.config.secrets.keys;
        keys.verify(token, self.clock.now().timestamp())
    }

    /// As [`Service::verify`], for a token of the service before this one, if the configuration accepts those.
    ///
    /// # Errors
    /// They are not good, or not accepted.
    pub fn verify_legacy(&self, token: &str) -> Result<LegacyToken, TokenError> {
        let keys = &self.config.secrets.keys;
        match self.config.accept_legacy_tokens {
            true => keys.verify_legacy(token, self.clock.now().timestamp()),
            false => Err(TokenError::Invalid),
        }
    }

    /// Whether a code is one of those that [`Service::cursor_mac`] makes.
    pub fn is_cursor_mac(&self, context: &[u8], position: &[u8], mac: &[u8]) -> bool {
        self.config
            .secrets
            .root
            .is_cursor_mac(context, position, mac)
    }

    /// The code that shows that `position` is a place in the list that `context` names.
    pub fn cursor_mac(&self, context: &[u8], position: &[u8]) -> [u8; 16] {
        self.config.secrets.root.cursor_mac(context, position)
    }

    /// What tells a request from others: from where it was sent to and its body.
    pub fn request_mac(&self, path: &str, body: &[u8]) -> [u8; 32] {
        let root = &self.config.secrets.root;
        root.request_mac(path.as_bytes(), body)
    }

    /// What a process made of it that had another secret, which is accepted besides.
    pub fn other_request_macs(&self, path: &str, body: &[u8]) -> Vec<[u8; 32]> {
        let root = &self.config.secrets.root;
        root.other_request_macs(path.as_bytes(), body)
    }
}
