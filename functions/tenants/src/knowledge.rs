//! What answers draw on, as it is sent: how documents are searched, and the vector index.

use crate::{faults::check_model, input::put};
use db::{Tenant, VectorPlace};
use serde::Deserialize;
use service::Faults;
use utoipa::ToSchema;
use web::{App, Result, present};

/// How documents are searched; a field that is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetrievalSettings)]
pub(crate) struct RetrievalInput {
    /// Whether answers draw on documents.
    pub(crate) enabled: Option<bool>,
    /// How many passages, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub(crate) top_k: Option<i32>,
    /// How well a passage must fit, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub(crate) min_score: Option<f32>,
    /// Where vectors of the passages are, which find them by meaning beside full text; null for Pinecone, where the tenant has an
    /// index and keys. `postgres` needs the extension pgvector in the service's database.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<VectorPlace>)]
    pub(crate) vectors: Option<Option<VectorPlace>>,
    /// Whether a question that follows others is first put so that it can be understood without them, by the model that
    /// answers. It costs a call.
    pub(crate) rewrite: Option<bool>,
    /// Who puts what was found in order before the best of it is used: a server that the deployment names and that knows
    /// `rerank` as Cohere and Jina do, with a key, the tenant's or the deployment's; null for nobody. It costs a call.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[a-z][a-z0-9-]*$", example = "jina")]
    pub(crate) rerank_provider: Option<Option<String>>,
    /// The model that does; needed with `rerank_provider`, and null without.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    pub(crate) rerank_model: Option<Option<String>>,
}

/// The vector index; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PineconeSettings)]
pub(crate) struct PineconeInput {
    /// The index's name, for a tenant with a Pinecone key of its own; null for the deployment's.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    index: Option<Option<String>>,
    /// The index's host, for a tenant with a Pinecone key of its own, if Pinecone is not to be asked for it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    host: Option<Option<String>>,
    /// Kept for what old settings held; indexes no longer need it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 100)]
    environment: Option<Option<String>>,
}

/// What a tenant is told that names an index which its requests could not use.
const NO_OWN_KEY: &str = "needs the tenant's own Pinecone key: set that first, with PUT /tenants/current/secrets/pinecone";

impl RetrievalInput {
    /// Notes what is not acceptable.
    pub(crate) fn check(&self, app: &App, faults: &mut Faults) {
        faults.number("retrieval.top_k", self.top_k, 1, 20);
        faults.number("retrieval.min_score", self.min_score, 0.0, 1.0);
        let reranks = self.rerank_provider.as_ref().and_then(Option::as_ref);
        faults.choice("retrieval.rerank_provider", reranks, app.servers());
        check_model(faults, "retrieval.rerank_model", self.rerank_model.as_ref());
    }

    /// Writes what is set into `tenant`.
    pub(crate) fn apply(self, tenant: &mut Tenant) {
        put(&mut tenant.retrieval_enabled, self.enabled);
        put(&mut tenant.retrieval_top_k, self.top_k);
        put(&mut tenant.retrieval_min_score, self.min_score);
        put(&mut tenant.vectors, self.vectors);
        put(&mut tenant.rewrite_questions, self.rewrite);
        put(&mut tenant.rerank_provider, self.rerank_provider);
        put(&mut tenant.rerank_model, self.rerank_model);
    }
}

impl PineconeInput {
    /// Notes what is not acceptable.
    pub(crate) fn check(&self, app: &App, faults: &mut Faults) {
        let given = |field: &Option<Option<String>>| field.clone().flatten();
        let index = given(&self.index).is_some_and(|name| name.parse::<ai::IndexName>().is_err());
        faults.refuse("pinecone.index", index, "is not the name of an index");
        let host = given(&self.host).is_some_and(|host| app.ai.check_host(&host).is_err());
        faults.refuse("pinecone.host", host, "must be a host of Pinecone's");
        faults.text(
            "pinecone.environment",
            given(&self.environment).as_ref(),
            0,
            100,
        );
    }

    /// Confirms that no index is named, as a tenant without a Pinecone key of its own must not.
    ///
    /// # Errors
    /// 422 with each field that names one.
    pub(crate) fn check_without_own_key(&self) -> Result<()> {
        let mut faults = Faults::default();
        for (field, named) in [
            ("pinecone.index", &self.index),
            ("pinecone.host", &self.host),
        ] {
            let named = named.as_ref().is_some_and(Option::is_some);
            faults.refuse(field, named, NO_OWN_KEY);
        }
        Ok(faults.none()?)
    }

    /// Writes what is set into `tenant`.
    pub(crate) fn apply(self, app: &App, tenant: &mut Tenant) {
        put(&mut tenant.pinecone_index, self.index);
        let as_parsed = |host: String| app.ai.check_host(&host).ok().map(|h| h.to_string());
        let host = self.host.map(|host| host.and_then(as_parsed));
        put(&mut tenant.pinecone_host, host);
        put(&mut tenant.pinecone_environment, self.environment);
    }
}

/// Who makes vectors, where they are, and who puts passages in order.
pub(crate) struct Together<'a> {
    embedding_provider: Option<&'a String>,
    embedding_model: Option<&'a String>,
    rerank_provider: Option<&'a String>,
    rerank_model: Option<&'a String>,
    vectors: Option<VectorPlace>,
}

impl<'a> From<&'a Tenant> for Together<'a> {
    fn from(tenant: &'a Tenant) -> Self {
        Self {
            embedding_provider: tenant.embedding_provider.as_ref(),
            embedding_model: tenant.embedding_model.as_ref(),
            rerank_provider: tenant.rerank_provider.as_ref(),
            rerank_model: tenant.rerank_model.as_ref(),
            vectors: tenant.vectors,
        }
    }
}

impl<'a> Together<'a> {
    /// What a new tenant would have.
    pub(crate) fn anew(
        embedding_provider: Option<&'a String>,
        embedding_model: Option<&'a String>,
        retrieval: Option<&'a RetrievalInput>,
    ) -> Self {
        fn given<'a, T>(
            from: Option<&'a RetrievalInput>,
            field: impl Fn(&'a RetrievalInput) -> &'a Option<Option<T>>,
        ) -> Option<&'a T> {
            field(from?).as_ref().and_then(Option::as_ref)
        }
        Self {
            embedding_provider,
            embedding_model,
            rerank_provider: given(retrieval, |input| &input.rerank_provider),
            rerank_model: given(retrieval, |input| &input.rerank_model),
            vectors: given(retrieval, |input| &input.vectors).copied(),
        }
    }

    /// Confirms that they go together.
    ///
    /// # Errors
    /// 422 with what does not.
    pub(crate) fn check(&self, has_pgvector: bool) -> Result<()> {
        let mut faults = Faults::default();
        let is_other = self.embedding_provider.is_some_and(|name| name != "openai");
        faults.refuse(
            "embedding_model",
            is_other && self.embedding_model.is_none(),
            "must be named for a server other than `openai`",
        );
        faults.refuse(
            "retrieval.rerank_model",
            self.rerank_provider.is_some() != self.rerank_model.is_some(),
            "goes with `retrieval.rerank_provider`: set both, or both to null",
        );
        faults.refuse(
            "retrieval.vectors",
            self.vectors == Some(VectorPlace::Postgres) && !has_pgvector,
            "needs the extension pgvector, version 0.7 or newer, in the service's database: ask whoever runs it",
        );
        Ok(faults.none()?)
    }
}
