//! Which provider answers for a tenant, with whose key.

use crate::{Error, Result, Service};
use ai::{Options, Provider};
use db::{Caller, Deed, SealedSecret, Tenant};
use secrecy::SecretString;
use tenant_auth::{SealContext, SealError, Sealer};
use uuid::Uuid;

/// The model for embeddings of a tenant that chose none.
pub(crate) const EMBEDDING_MODEL: &str = "text-embedding-3-small";

/// Who answers, and how.
#[derive(Debug)]
pub struct Answering {
    /// The provider with the key to use.
    pub provider: Provider,
    /// The model and its settings.
    pub options: Options,
}

impl Service {
    /// Who answers for this tenant: the provider of its choice with its own key, else the deployment's; the
    /// embedded `local` provider when there is neither.
    ///
    /// # Errors
    /// The tenant has a key that cannot be opened. Another key must not silently stand in for it.
    pub async fn answering(&self, caller: &Caller) -> Result<Answering> {
        let tenant = &caller.account().tenant;
        let chosen = self.server(caller, &tenant.provider, tenant.chat_model.as_ref());
        let chosen = chosen.await?;
        let local = || answering(tenant, Provider::Local, ai::LOCAL_MODEL.to_owned());
        Ok(chosen.unwrap_or_else(local))
    }

    /// Who answers where the tenant's provider cannot: another server of its choice, with a key as if it were the first. None
    /// if the tenant wants nobody to, or nobody has a key for that server.
    ///
    /// # Errors
    /// As of [`Service::answering`].
    pub async fn fallback(&self, caller: &Caller) -> Result<Option<Answering>> {
        let tenant = &caller.account().tenant;
        let other = tenant.fallback_provider.as_ref();
        match other.filter(|&other| *other != tenant.provider) {
            Some(other) => {
                let model = tenant.fallback_model.as_ref();
                self.server(caller, other, model).await
            }
            None => Ok(None),
        }
    }

    /// The server of that name with a key of the tenant's, else the deployment's; none if there is no such server, or no key
    /// and it needs one.
    async fn server(
        &self,
        caller: &Caller,
        name: &str,
        model: Option<&String>,
    ) -> Result<Option<Answering>> {
        let Some(endpoint) = self.config.endpoints.get(name) else {
            return Ok(None);
        };
        let key = self.chat_key(caller, name).await?;
        if key.is_none() && !endpoint.is_open {
            return Ok(None);
        }
        let model = endpoint.model(model).to_owned();
        if !endpoint.models.is_empty() && !endpoint.models.contains(&model) {
            return Err(ai::Error::Rejected.into());
        }
        self.note_ending(&endpoint.table, &model);
        let name = name.to_owned();
        let server = Provider::Remote { name, key };
        Ok(Some(answering(&caller.account().tenant, server, model)))
    }

    /// The key for a server that answers: the tenant's own, else the deployment's.
    pub(crate) async fn chat_key(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<Option<SecretString>> {
        let deployment = self.config.secrets.provider_keys.get(name);
        self.key(caller, name, deployment).await
    }

    /// The tenant's own key, else the deployment's. One that cannot be opened is noted for the tenant's
    /// administrators.
    pub(crate) async fn key(
        &self,
        caller: &Caller,
        provider: &str,
        deployment: Option<&SecretString>,
    ) -> Result<Option<SecretString>> {
        let Some(own) = own_key(caller, provider) else {
            return Ok(deployment.cloned());
        };
        let opened = self.open_key(caller.tenant_id(), provider, own.id, &own.sealed);
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(e) => {
                let error = Error::KeyUnavailable(provider.to_owned(), e.into());
                let deed = Deed::failed("secret.unreadable", provider);
                self.note_key(caller, provider, error.code(), deed).await?;
                Err(error)
            }
        }
    }

    /// Hands on what a provider answered, and writes a refused key down as [`Service::note_refusal`] does.
    ///
    /// # Errors
    /// The provider's; or the refusal cannot be written down.
    pub async fn answered<T>(
        &self,
        caller: &Caller,
        provider: &str,
        answer: Result<T, ai::Error>,
    ) -> Result<T> {
        if let Err(e) = &answer {
            self.note_refusal(caller, provider, e).await?;
        }
        Ok(answer?)
    }

    /// If a provider refused the tenant's own key, notes that for its administrators.
    ///
    /// # Errors
    /// It cannot be written down.
    pub async fn note_refusal(
        &self,
        caller: &Caller,
        provider: &str,
        error: &ai::Error,
    ) -> Result<()> {
        if *error != ai::Error::Auth || own_key(caller, provider).is_none() {
            return Ok(());
        }
        let rejected = Deed::failed("secret.rejected", provider);
        let code = error.code();
        Ok(self.note_key(caller, provider, code, rejected).await?)
    }

    async fn note_key(
        &self,
        caller: &Caller,
        provider: &str,
        code: &str,
        deed: Deed,
    ) -> db::Result<()> {
        let mut tx = self.db.tenant(caller).await?;
        tx.audit_hourly(caller, deed).await?;
        tx.note_key(provider, self.clock.now(), Some(code)).await?;
        tx.commit().await
    }

    /// Opens a sealed key.
    ///
    /// # Errors
    /// It was sealed by a secret that is gone, for another row, or is damaged.
    pub fn open_key(
        &self,
        tenant: Uuid,
        provider: &str,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<SecretString, SealError> {
        let context = SealContext {
            tenant_id: tenant,
            provider,
            row_id: row,
        };
        let opened = self.keyring.sealer.open(&context, sealed);
        if opened.is_err() {
            self.db.counters().decrypt_failed.inc();
        }
        opened
    }

    /// Seals a key for its row.
    pub fn seal_key(&self, tenant: Uuid, provider: &str, row: Uuid, key: &SecretString) -> Vec<u8> {
        let context = SealContext {
            tenant_id: tenant,
            provider,
            row_id: row,
        };
        self.keyring.sealer.seal(&context, key)
    }

    /// Which deployment secret a key was sealed by.
    pub fn key_id(sealed: &[u8]) -> Option<String> {
        Sealer::key_id_of(sealed)
    }
}

/// An answer by `provider`, as the tenant wants answers.
fn answering(tenant: &Tenant, provider: Provider, model: String) -> Answering {
    Answering {
        provider,
        options: Options {
            model,
            temperature: tenant.temperature,
            max_output_tokens: tenant.max_output_tokens.unsigned_abs(),
            ..Options::default()
        },
    }
}

/// The tenant's own key, sealed.
pub(crate) fn own_key<'a>(caller: &'a Caller, provider: &str) -> Option<&'a SealedSecret> {
    let mut keys = caller.account().secrets.iter();
    keys.find(|secret| secret.provider == provider)
}
