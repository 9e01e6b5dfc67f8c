//! What answers draw on, as it is sent: how documents are searched, and the vector index.

use crate::{
    faults::Faults,
    input::{present, put},
};
use db::Tenant;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{App, Result};

/// How documents are searched; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetrievalSettings)]
pub(crate) struct RetrievalInput {
    /// Whether answers draw on documents.
    enabled: Option<bool>,
    /// How many passages, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    top_k: Option<i32>,
    /// How well a passage must fit, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
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
    pub(crate) fn check(&self, faults: &mut Faults) {
        faults.number("retrieval.top_k", self.top_k, 1, 20);
        faults.number("retrieval.min_score", self.min_score, 0.0, 1.0);
    }

    /// Writes what is set into `tenant`.
    pub(crate) fn apply(self, tenant: &mut Tenant) {
        put(&mut tenant.retrieval_enabled, self.enabled);
        put(&mut tenant.retrieval_top_k, self.top_k);
        put(&mut tenant.retrieval_min_score, self.min_score);
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
        faults.none()
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
