//! Storing, finding and deleting a tenant's vectors in Pinecone.

use reqwest::{RequestBuilder, StatusCode};
use secrecy::SecretString;
use serde::de::{DeserializeOwned, IgnoredAny};
use uuid::Uuid;

use crate::{
    Client, Error, IndexHost, Namespace,
    failure::Failure,
    guarded::Asked,
    http,
    index_wire::{
        Delete, Described, Found, Metadata, Query, Refused, Stats, Upsert, WireMatch, WireVector,
    },
};

/// The version of Pinecone's API that the requests are written for.
const VERSION: &str = "2026-04";

/// Its name in logs.
const SERVICE: &str = "pinecone";

/// Vectors in one request to store them; Pinecone's limit.
const UPSERT_BATCH: usize = 1000;

/// Bytes of one such request, at most. Pinecone takes 2 MB.
const UPSERT_BYTES: usize = 1_800_000;

/// Bytes of what is in it for each vector beside the numbers, at most: four ids, their names and brackets.
const VECTOR_BYTES: usize = 300;

/// Bytes of one number as JSON, at most: sign, nine digits, point, exponent and comma.
const NUMBER_BYTES: usize = 15;

/// Ids in one request to delete them; Pinecone's limit.
const DELETE_BATCH: usize = 1000;

/// A vector to store. The tenant is taken from the [`Namespace`], so the two cannot differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    /// What [`Match::id`] will be. An existing vector of this id is replaced.
    pub id: String,
    /// The numbers, as many as the index has dimensions.
    pub values: Vec<f32>,
    /// The document it stands for a part of.
    pub document_id: Uuid,
    /// The part of the document.
    pub chunk_id: Uuid,
}

/// A stored vector near a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The id it was stored with.
    pub id: String,
    /// How near; the scale depends on the index, and larger is nearer unless it measures distance.
    pub score: f32,
}

/// What a query found.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The tenant's, best first.
    pub matches: Vec<Match>,
    /// How many more there were that are not the tenant's, and were dropped.
    pub foreign: usize,
}

impl Client {
    /// Stores `vectors`, replacing those of the same ids, in requests of at most 1,000 and 2 MB.
    ///
    /// # Errors
    /// As the first failing request; earlier batches are stored, and storing them again is harmless.
    pub async fn upsert(
        &self,
        key: &SecretString,
        host: &IndexHost,
        namespace: &Namespace,
        vectors: Vec<Vector>,
    ) -> Result<(), Error> {
        let name = namespace.to_string();
        let longest = vectors.iter().map(|v| v.values.len()).max().unwrap_or(0);
        let bytes = VECTOR_BYTES + longest * NUMBER_BYTES;
        let batch = (UPSERT_BYTES / bytes).clamp(1, UPSERT_BATCH);
        for batch in vectors.chunks(batch) {
            let vectors = batch.iter().map(|vector| WireVector {
                id: &vector.id,
                values: &vector.values,
                metadata: Metadata {
                    tenant_id: namespace.tenant(),
                    document_id: vector.document_id,
                    chunk_id: vector.chunk_id,
                },
            });
            let body = Upsert {
                namespace: &name,
                vectors: vectors.collect(),
            };
            let request = self
                .toward(host)
                .post(host.at("vectors/upsert"))
                .json(&body);
            self.ask::<IgnoredAny>(key, request).await?;
        }
        Ok(())
    }

    /// Finds the at most `top_k` vectors nearest to `vector`, best first.
    ///
    /// A match whose metadata does not name the namespace's tenant is dropped, counted and logged: it must not
    /// happen, and if it does, another tenant's text must not reach the answer.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn query(
        &self,
        key: &SecretString,
        host: &IndexHost,
        namespace: &Namespace,
        vector: &[f32],
        top_k: u32,
    ) -> Result<Nearest, Error> {
        let body = Query {
            namespace: &namespace.to_string(),
            vector,
            top_k,
            include_metadata: true,
            include_values: false,
        };
        let request = self.toward(host).post(host.at("query")).json(&body);
        let found: Found = self.ask(key, request).await?;
        let mut nearest = own(found.matches, namespace.tenant());
        let most = usize::try_from(top_k).unwrap_or(usize::MAX);
        nearest.matches.truncate(most);
        Ok(nearest)
    }

    /// Deletes the vectors of `ids`. Ids, and a namespace, that are not there are no error.
    ///
    /// # Errors
    /// As the first failing request.
    pub async fn delete(
        &self,
        key: &SecretString,
        host: &IndexHost,
        namespace: &Namespace,
        ids: &[String],
    ) -> Result<(), Error> {
        let name = namespace.to_string();
        for ids in ids.chunks(DELETE_BATCH) {
            let body = Delete {
                namespace: &name,
                ids,
            };
            let request = self
                .toward(host)
                .post(host.at("vectors/delete"))
                .json(&body);
            match self.ask_index::<IgnoredAny>(key, request).await {
                Ok(_) => {}
                // A namespace comes to be with its first vector; without one, there is nothing to delete.
                Err(failure) if failure.status == Some(StatusCode::NOT_FOUND) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }

    /// Deletes a namespace with all that is in it. One that is not there is no error.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn delete_namespace(
        &self,
        key: &SecretString,
        host: &IndexHost,
        namespace: &Namespace,
    ) -> Result<(), Error> {
        let url = host.at(&format!("namespaces/{namespace}"));
        let request = self.toward(host).delete(url);
        match self.ask_index::<IgnoredAny>(key, request).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.status == Some(StatusCode::NOT_FOUND) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// How many numbers each vector of an index has; `None` if it takes no vectors of ours yet.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn index_dimensions(
        &self,
        key: &SecretString,
        host: &IndexHost,
    ) -> Result<Option<u32>, Error> {
        let url = host.at("describe_index_stats");
        let request = self.toward(host).post(url).json(&Stats {});
        let described: Described = self.ask(key, request).await?;
        Ok(described.dimension.filter(|numbers| *numbers > 0))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        key: &SecretString,
        request: RequestBuilder,
    ) -> Result<T, Error> {
        Ok(self.ask_index(key, request).await?)
    }

    /// Makes a request to Pinecone, again if it fails in a way that may pass.
    pub(crate) async fn ask_index<T: DeserializeOwned>(
        &self,
        key: &SecretString,
        request: RequestBuilder,
    ) -> Result<T, Failure> {
        let request = keyed(request, key)?;
        let asked = Asked {
            service: SERVICE,
            key: Some(key),
            operation: "index",
            model: None,
            limit: self.timeouts.index,
        };
        let read = async |request| {
            let answer = http::json(SERVICE, request).await;
            answer.map_err(with_quota)
        };
        self.guarded(asked, request, read).await
    }
}

/// A refusal for want of room comes with the status of a bad key, or of too many requests: asking again is no use, and
/// nothing is wrong with the key.
fn with_quota(mut failure: Failure) -> Failure {
    let said = serde_json::from_slice::<Refused>(&failure.body).unwrap_or_default();
    if said.is_quota() {
        failure.error = Error::Quota;
        failure.passes = false;
    }
    failure
}

/// `request` with what every call to Pinecone carries.
///
/// # Errors
/// [`Error::Auth`] if the key cannot be sent.
fn keyed(request: RequestBuilder, key: &SecretString) -> Result<RequestBuilder, Error> {
    Ok(request
        .header("Api-Key", http::secret_header("", key)?)
        .header("X-Pinecone-API-Version", VERSION))
}

/// The matches that are `tenant`'s.
fn own(found: Vec<WireMatch>, tenant: Uuid) -> Nearest {
    let all = found.len();
    let own = found
        .into_iter()
        .filter(|found| found.tenant() == Some(tenant));
    let matches: Vec<Match> = own
        .map(|found| Match {
            id: found.id,
            score: found.score,
        })
        .collect();
    let foreign = all - matches.len();
    if foreign > 0 {
        tracing::error!(%tenant, foreign, "the vector index gave matches that are not the tenant's");
    }
    Nearest { matches, foreign }
}
