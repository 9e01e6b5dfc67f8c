//! What a tenant knows: its documents, and the passages that a question finds in them.

pub(crate) mod cached;
pub(crate) mod connector_doubles;
pub(crate) mod connector_lists;
pub(crate) mod connector_pages;
pub(crate) mod connector_plans;
pub(crate) mod connector_runs;
pub(crate) mod connectors;
pub(crate) mod deleting;
pub(crate) mod documents;
pub(crate) mod embedding_sets;
pub(crate) mod files;
pub(crate) mod filter;
pub(crate) mod jobs;
pub(crate) mod lanes;
pub(crate) mod languages;
pub(crate) mod passages;
pub(crate) mod pgvector;
pub(crate) mod retrying;
pub(crate) mod storing;
pub(crate) mod texts;
pub(crate) mod vectors;
pub(crate) mod words;
