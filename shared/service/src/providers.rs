//! Which provider answers for a tenant, with whose key.

use crate::{Error, Result, Service};
use ai::{IndexHost, IndexName, KeyOwner, Options, Provider};
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

/// A tenant's vector index, with the keys to use it.
pub struct VectorIndex {
    /// For embeddings.
    pub openai_key: SecretString,
    /// The model for embeddings.
    pub embedding_model: String,
    /// For the index.
    pub pinecone_key: SecretString,
    /// Where the index is.
    pub host: IndexHost,
    /// The tenant's part of it.
    pub namespace: ai::Namespace,
}

/// Which index a host was asked for: what one key is told is nothing that another key may be sent to.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct IndexOf {
    /// The tenant's key; none is the deployment's.
    sealed: Option<Vec<u8>>,
    name: String,
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
    async fn chat_key(&self, caller: &Caller, name: &str) -> Result<Option<SecretString>> {
        let deployment = self.config.secrets.provider_keys.get(name);
        self.key(caller, name, deployment).await
    }

    /// The tenant's vector index, if it has one, with an OpenAI key for embeddings, its own or the deployment's.
    ///
    /// With a Pinecone key of its own, the index is the one that its settings name, else the deployment's name of one.
    /// With the deployment's key it is the deployment's index whatever the settings say: a tenant that chose where the
    /// key goes could read it there.
    ///
    /// # Errors
    /// A key that cannot be opened, an index that Pinecone does not know.
    pub async fn vector_index(&self, caller: &Caller) -> Result<Option<VectorIndex>> {
        let tenant = &caller.account().tenant;
        let secrets = &self.config.secrets;
        let pinecone = self
            .key(caller, "pinecone", secrets.pinecone_api_key.as_ref())
            .await?;
        let openai = self.chat_key(caller, "openai").await?;
        let (Some(pinecone_key), Some(openai_key)) = (pinecone, openai) else {
            return Ok(None);
        };
        let own = own_key(caller, "pinecone");
        let (index, host) = match own {
            Some(_) => (
                tenant.pinecone_index.as_ref(),
                tenant.pinecone_host.as_ref(),
            ),
            None => (None, None),
        };
        let name = index.or(self.config.index_name.as_ref());
        let host = match (host, name) {
            (Some(host), _) => self.ai.check_host(host).map_err(|_| ai::Error::Rejected)?,
            (None, Some(name)) => {
                let of = IndexOf {
                    sealed: own.map(|own| own.sealed.clone()),
                    name: name.clone(),
                };
                self.index_host(caller, of, &pinecone_key).await?
            }
            (None, None) => return Ok(None),
        };
        let model = tenant.embedding_model.as_deref().unwrap_or(EMBEDDING_MODEL);
        Ok(Some(VectorIndex {
            openai_key,
            embedding_model: model.to_owned(),
            pinecone_key,
            host,
            namespace: ai::Namespace::of(tenant.id),
        }))
    }

    async fn index_host(
        &self,
        caller: &Caller,
        of: IndexOf,
        key: &SecretString,
    ) -> Result<IndexHost> {
        if let Some(host) = self.index_hosts.get(&of) {
            return Ok(host);
        }
        let owner = match of.sealed {
            Some(_) => KeyOwner::Tenant,
            None => KeyOwner::Deployment,
        };
        let name: IndexName = of.name.parse().map_err(|_| ai::Error::Rejected)?;
        let host = self.ai.index_host(key, owner, &name).await;
        let host = self.answered(caller, "pinecone", host).await?;
        self.index_hosts.insert(of, host.clone());
        Ok(host)
    }

    /// The tenant's own key, else the deployment's. One that cannot be opened is noted for the tenant's
    /// administrators.
    async fn key(
        &self,
        caller: &Caller,
        provider: &str,
        deployment: Option<&SecretString>,
    ) -> Result<Option<SecretString>> {
        let Some(own) = own_key(caller, provider) else {
            return Ok(deployment.cloned());
        };
        let opened = self.open_key(caller.tenant_id(), provider, own.id, &own.sealed);
        if opened.is_err() {
            self.note_key(caller, Deed::failed("secret.unreadable", provider))
                .await?;
        }
        let opened = opened.map_err(|e| Error::KeyUnavailable(provider.to_owned(), e.into()))?;
        Ok(Some(opened))
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
        Ok(self.note_key(caller, rejected).await?)
    }

    async fn note_key(&self, caller: &Caller, deed: Deed) -> db::Result<()> {
        let mut tx = self.db.tenant(caller).await?;
        tx.audit_hourly(caller, deed).await?;
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
fn own_key<'a>(caller: &'a Caller, provider: &str) -> Option<&'a SealedSecret> {
    let mut keys = caller.account().secrets.iter();
    keys.find(|secret| secret.provider == provider)
}
