//! The vectors of a tenant's passages: where they are, how they are stored and deleted.

use crate::{
    Result, Service,
    providers::{EMBEDDING_MODEL, own_key},
};
use ai::{IndexHost, IndexName, KeyOwner, Vector};
use db::Caller;
use secrecy::SecretString;
use uuid::Uuid;

/// A tenant's vector index, with the keys to use it.
pub(crate) struct VectorIndex {
    /// For embeddings.
    pub(crate) openai_key: SecretString,
    /// The model for embeddings.
    pub(crate) embedding_model: String,
    /// For the index.
    pub(crate) pinecone_key: SecretString,
    /// Where the index is.
    pub(crate) host: IndexHost,
    /// The tenant's part of it.
    pub(crate) namespace: ai::Namespace,
}

/// Which index a host was asked for: what one key is told is nothing that another key may be sent to.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct IndexOf {
    /// The tenant's key; none is the deployment's.
    sealed: Option<Vec<u8>>,
    name: String,
}

/// A passage whose vector is to be stored.
#[derive(Clone, Debug)]
pub struct ToEmbed {
    /// The passage's id, which is also the vector's.
    pub id: Uuid,
    /// What the vector is made of.
    pub text: String,
}

impl Service {
    /// Whether vectors are made of the tenant's passages: it has an index, and the keys that it takes. Asks nobody; whether
    /// the keys are good is found out by using them.
    pub fn keeps_vectors(&self, caller: &Caller) -> bool {
        let secrets = &self.config.secrets;
        let tenant = &caller.account().tenant;
        let embeds =
            own_key(caller, "openai").is_some() || secrets.provider_keys.contains_key("openai");
        let own = own_key(caller, "pinecone").is_some();
        let chose = own && (tenant.pinecone_index.is_some() || tenant.pinecone_host.is_some());
        embeds
            && (own || secrets.pinecone_api_key.is_some())
            && (chose || self.config.index_name.is_some())
    }

    /// Stores vectors of a document's passages, in the place of those with the same ids. Does nothing where no vectors are
    /// kept. Calling it again after a failure is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure; what a limit refuses.
    pub async fn store_vectors(
        &self,
        caller: &Caller,
        document: Uuid,
        passages: &[ToEmbed],
    ) -> Result<()> {
        let Some(index) = self.vector_index(caller).await? else {
            return Ok(());
        };
        let texts: Vec<String> = passages
            .iter()
            .map(|passage| passage.text.clone())
            .collect();
        let values = self.embed_within_limits(caller, &index, &texts).await?;
        let vectors = passages.iter().zip(values).map(|(passage, values)| Vector {
            id: passage.id.to_string(),
            values,
            document_id: document,
            chunk_id: passage.id,
        });
        let vectors = vectors.collect();
        let stored = self
            .ai
            .upsert(&index.pinecone_key, &index.host, &index.namespace, vectors)
            .await;
        self.answered(caller, "pinecone", stored).await
    }

    /// Deletes the vectors of passages, if there are any. Calling it again is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure.
    pub async fn forget_vectors(&self, caller: &Caller, passages: &[Uuid]) -> Result<()> {
        let Some(index) = self.vector_index(caller).await? else {
            return Ok(());
        };
        let ids: Vec<String> = passages.iter().map(Uuid::to_string).collect();
        let gone = self
            .ai
            .delete(&index.pinecone_key, &index.host, &index.namespace, &ids)
            .await;
        self.answered(caller, "pinecone", gone).await
    }

    /// The tenant's vector index, if it has one, with an OpenAI key for embeddings, its own or the deployment's.
    ///
    /// With a Pinecone key of its own, the index is the one that its settings name, else the deployment's name of one.
    /// With the deployment's key it is the deployment's index whatever the settings say: a tenant that chose where the
    /// key goes could read it there.
    ///
    /// # Errors
    /// A key that cannot be opened, an index that Pinecone does not know.
    pub(crate) async fn vector_index(&self, caller: &Caller) -> Result<Option<VectorIndex>> {
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
}
