//! A tenant's index at Pinecone: which it is, where, and for vectors of which length.

use crate::{Result, Service, providers::own_key};
use ai::{Index, IndexName, KeyOwner, Namespace, Vector};
use db::{Caller, EmbeddingSet};
use secrecy::SecretString;
use uuid::Uuid;

/// A tenant's index at Pinecone, with the key to use it.
pub(crate) struct PineconeIndex {
    key: SecretString,
    index: Index,
    of: IndexOf,
    tenant: Uuid,
}

impl PineconeIndex {
    /// The tenant's part of it; of a set by whose name it is called, that set's part.
    fn namespace(&self, set: Option<Uuid>) -> Namespace {
        match set {
            Some(set) => Namespace::of_set(self.tenant, set),
            None => Namespace::of(self.tenant),
        }
    }
}

/// Which index something is known of: what one key is told is nothing that another key may be sent to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct IndexOf {
    /// The tenant's key; none is the deployment's.
    sealed: Option<Vec<u8>>,
    place: Place,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Place {
    Name(String),
    Host(String),
}

impl Service {
    /// Whether a tenant has an index, and a key for it. Asks nobody.
    pub(crate) fn has_pinecone(&self, caller: &Caller) -> bool {
        let deployment = self.config.secrets.pinecone_api_key.is_some();
        let own = own_key(caller, "pinecone").is_some();
        (own || deployment) && self.pinecone_place(caller).is_some()
    }

    /// With a Pinecone key of its own, a tenant's index is the one that its settings name, else the deployment's name of one.
    /// With the deployment's key it is the deployment's index whatever the settings say: a tenant that chose where the
    /// key goes could read it there.
    fn pinecone_place(&self, caller: &Caller) -> Option<IndexOf> {
        let tenant = &caller.account().tenant;
        let own = own_key(caller, "pinecone");
        let (name, host) = match own {
            Some(_) => (&tenant.pinecone_index, &tenant.pinecone_host),
            None => (&None, &None),
        };
        let name = name.as_ref().or(self.config.index_name.as_ref());
        let place = match (host, name) {
            (Some(host), _) => Place::Host(host.clone()),
            (None, Some(name)) => Place::Name(name.clone()),
            (None, None) => return None,
        };
        let sealed = own.map(|own| own.sealed.clone());
        Some(IndexOf { sealed, place })
    }

    /// The tenant's index, if it has one. What Pinecone says of it is remembered.
    ///
    /// # Errors
    /// A key that cannot be opened, an index that Pinecone does not know.
    pub(crate) async fn pinecone(&self, caller: &Caller) -> Result<Option<PineconeIndex>> {
        let deployment = self.config.secrets.pinecone_api_key.as_ref();
        let key = self.key(caller, "pinecone", deployment).await?;
        let (Some(key), Some(of)) = (key, self.pinecone_place(caller)) else {
            return Ok(None);
        };
        let index = match self.indexes.get(&of) {
            Some(index) => index,
            None => {
                let index = self.index_at(caller, &of, &key).await?;
                self.indexes.insert(of.clone(), index.clone());
                index
            }
        };
        let tenant = caller.tenant_id();
        Ok(Some(PineconeIndex {
            key,
            index,
            of,
            tenant,
        }))
    }

    async fn index_at(&self, caller: &Caller, of: &IndexOf, key: &SecretString) -> Result<Index> {
        let name: IndexName = match &of.place {
            Place::Host(host) => {
                let host = self.ai.check_host(host).map_err(|_| ai::Error::Rejected)?;
                return Ok(Index {
                    host,
                    dimensions: None,
                });
            }
            Place::Name(name) => name.parse().map_err(|_| ai::Error::Rejected)?,
        };
        let owner = match of.sealed {
            Some(_) => KeyOwner::Tenant,
            None => KeyOwner::Deployment,
        };
        let index = self.ai.index(key, owner, &name).await;
        self.answered(caller, "pinecone", index).await
    }

    /// Confirms that an index takes vectors of that length.
    ///
    /// # Errors
    /// [`ai::Error::Dimensions`] if it does not; a failure of Pinecone's.
    pub(crate) async fn check_fits(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        numbers: usize,
    ) -> Result<()> {
        let known = match at.index.dimensions {
            Some(known) => Some(known),
            None => {
                let found = self.ai.index_dimensions(&at.key, &at.index.host).await;
                let found = self.used(caller, at, found).await?;
                let mut index = at.index.clone();
                index.dimensions = found;
                self.indexes.insert(at.of.clone(), index);
                found
            }
        };
        let model = u32::try_from(numbers).unwrap_or(u32::MAX);
        let fits = match known {
            Some(index) if index != model => Err(ai::Error::Dimensions { index, model }),
            _ => Ok(()),
        };
        self.used(caller, at, fits).await
    }

    /// Confirms that the key opens the index.
    ///
    /// # Errors
    /// A failure of Pinecone's.
    pub(crate) async fn describe(&self, caller: &Caller, at: &PineconeIndex) -> Result<()> {
        let found = self.ai.index_dimensions(&at.key, &at.index.host).await;
        self.used(caller, at, found.map(drop)).await
    }

    /// Stores vectors of a set. Call [`Service::check_fits`] first.
    ///
    /// # Errors
    /// A failure of Pinecone's.
    pub(crate) async fn store_in_pinecone(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        set: &EmbeddingSet,
        vectors: Vec<Vector>,
    ) -> Result<()> {
        let namespace = at.namespace((!set.is_first).then_some(set.id));
        let host = &at.index.host;
        let stored = self.ai.upsert(&at.key, host, &namespace, vectors).await;
        self.used(caller, at, stored).await
    }

    /// Deletes vectors, by the ids of their passages, of a set, or of the tenant's plain namespace.
    ///
    /// # Errors
    /// A failure of Pinecone's.
    pub(crate) async fn delete_in_pinecone(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        set: Option<Uuid>,
        ids: &[String],
    ) -> Result<()> {
        let (host, namespace) = (&at.index.host, at.namespace(set));
        let gone = self.ai.delete(&at.key, host, &namespace, ids).await;
        self.used(caller, at, gone).await
    }

    /// Deletes all vectors of a set, or of the tenant's plain namespace.
    ///
    /// # Errors
    /// A failure of Pinecone's.
    pub(crate) async fn clear_pinecone(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        set: Option<Uuid>,
    ) -> Result<()> {
        let (host, namespace) = (&at.index.host, at.namespace(set));
        let gone = self.ai.delete_namespace(&at.key, host, &namespace).await;
        self.used(caller, at, gone).await
    }

    /// The nearest vectors to `vector`, best first, of a set, or of the tenant's plain namespace.
    ///
    /// # Errors
    /// A failure of Pinecone's.
    pub(crate) async fn near_in_pinecone(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        set: Option<Uuid>,
        vector: &[f32],
        most: u32,
    ) -> Result<Vec<ai::Match>> {
        let (host, namespace) = (&at.index.host, at.namespace(set));
        let near = self.ai.query(&at.key, host, &namespace, vector, most).await;
        let near = self.used(caller, at, near).await?;
        let foreign = u64::try_from(near.foreign).unwrap_or(u64::MAX);
        self.db.counters().cross_tenant_drop.inc_by(foreign);
        Ok(near.matches)
    }

    /// As [`Service::answered`]. What was known of an index that does not do what it is asked may have changed: next time it
    /// is asked for anew.
    async fn used<T>(
        &self,
        caller: &Caller,
        at: &PineconeIndex,
        answer: Result<T, ai::Error>,
    ) -> Result<T> {
        use ai::Error::{Dimensions, Rejected, Unreachable};
        if let Err(Rejected | Unreachable | Dimensions { .. }) = answer {
            self.indexes.invalidate(&at.of);
        }
        self.answered(caller, "pinecone", answer).await
    }
}
