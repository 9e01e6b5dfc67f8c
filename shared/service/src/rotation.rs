//! One `SECRET_KEY` takes the place of another: what is sealed is sealed again, and by what tokens are known is kept.

use crate::{Result, Service};
use db::{SealedRow, TokenKey, TokenKind};
use secrecy::SecretString;
use std::sync::Arc;
use tenant_auth::{ApiKeys, KeptKey, RootSecret, SealContext, SealError, Sealer, SiteKeys};
use uuid::Uuid;

/// By what API keys and site keys are known that were made with a secret which is gone.
#[derive(Default)]
pub(crate) struct KeptKeys {
    pub(crate) api_keys: Vec<KeptKey>,
    pub(crate) site_keys: Vec<KeptKey>,
}

/// Seals again what other secrets have sealed.
pub struct Rotation {
    sealer: Sealer,
    keep: Vec<TokenKey>,
}

impl Rotation {
    /// To the newest secret of `root`, from those that are accepted besides.
    pub fn new(root: &RootSecret) -> Self {
        let sealer = Sealer::new(root);
        let (api_keys, site_keys) = (ApiKeys::new(root), SiteKeys::new(root));
        let keep = |kind, keys: &[KeptKey]| -> Vec<TokenKey> {
            let keep = keys.iter().map(|key| kept(&sealer, kind, key));
            keep.collect()
        };
        let mut all = keep(TokenKind::ApiKey, api_keys.to_keep());
        all.append(&mut keep(TokenKind::SiteKey, site_keys.to_keep()));
        Self { sealer, keep: all }
    }

    /// What everything begins with that the newest secret has sealed.
    pub fn start(&self) -> Vec<u8> {
        self.sealer.start().to_vec()
    }

    /// What is to be kept of the other secrets.
    pub fn keep(&self) -> &[TokenKey] {
        &self.keep
    }

    /// The same secret, sealed with the newest; `None` if nothing opens it.
    pub fn seal(&self, tenant: Option<Uuid>, row: &SealedRow) -> Option<Vec<u8>> {
        let context = context(tenant, &row.place, row.id);
        let secret = self.sealer.open(&context, &row.sealed).ok()?;
        Some(self.sealer.seal(&context, &secret))
    }
}

/// Where it is sealed for; what is of no tenant is sealed for an id that no tenant has.
fn context(tenant: Option<Uuid>, place: &str, row_id: Uuid) -> SealContext<'_> {
    SealContext {
        tenant_id: tenant.unwrap_or(Uuid::nil()),
        provider: place,
        row_id,
    }
}

fn kept(sealer: &Sealer, kind: TokenKind, key: &KeptKey) -> TokenKey {
    let id = Uuid::now_v7();
    let sealed = sealer.seal(&context(None, kind.name(), id), &key.to_secret());
    TokenKey {
        id,
        kind,
        name: key.id(),
        sealed,
    }
}

impl Service {
    /// What is kept of secrets that are gone: at most a minute old, so that made-up tokens cost the database nothing.
    pub(crate) async fn kept_keys(&self) -> Result<Arc<KeptKeys>> {
        if let Some(known) = self.kept_keys.get(&()) {
            return Ok(known);
        }
        let mut kept = KeptKeys::default();
        for stored in self.db.token_keys().await? {
            let place = context(None, stored.kind.name(), stored.id);
            let opened: Result<SecretString, SealError> =
                self.keyring.sealer.open(&place, &stored.sealed);
            let Some(key) = opened.ok().as_ref().and_then(KeptKey::from_secret) else {
                // It may be kept by a process that seals with another secret already.
                tracing::warn!(key = stored.name, "a kept key of tokens cannot be opened");
                self.db.counters().decrypt_failed.inc();
                continue;
            };
            match stored.kind {
                TokenKind::ApiKey => kept.api_keys.push(key),
                TokenKind::SiteKey => kept.site_keys.push(key),
            }
        }
        let kept = Arc::new(kept);
        self.kept_keys.insert((), kept.clone());
        Ok(kept)
    }
}
