//! What a tenant that leaves has elsewhere.

use crate::{Result, Service, vector_sets::own_namespace};
use db::{Caller, VectorPlace};
use std::collections::BTreeSet;

impl Service {
    /// Deletes every vector of a tenant that is not in the database; how many namespaces that were, `None` if it has no index to
    /// ask. Calling it again is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a failure of the index's.
    pub async fn clear_index(&self, caller: &Caller) -> Result<Option<usize>> {
        let sets = self.db.tenant(caller).await?.embedding_sets().await?;
        let in_pinecone = sets.iter().filter(|set| set.place == VectorPlace::Pinecone);
        let mut namespaces: BTreeSet<_> = in_pinecone.map(own_namespace).collect();
        if namespaces.is_empty() && !self.has_pinecone(caller) {
            return Ok(None);
        }
        // The plain one may be of a release that knew no sets.
        namespaces.insert(None);
        let Some(index) = self.pinecone(caller).await? else {
            return Ok(None);
        };
        for namespace in &namespaces {
            self.clear_pinecone(caller, &index, *namespace).await?;
        }
        Ok(Some(namespaces.len()))
    }
}
