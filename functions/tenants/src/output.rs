//! A tenant as it is shown.

use chrono::{DateTime, Utc};
use db::{LimitState, OnDisconnect, Tenant, TenantStatus, VectorPlace};
use serde::Serialize;
use service::{Service, Warning};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant and its settings. Keys are never part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantOutput {
    /// Its id.
    id: Uuid,
    /// The name in logins.
    #[schema(example = "acme")]
    slug: String,
    /// The name for people.
    #[schema(example = "Acme")]
    name: String,
    /// Whether its users may come in.
    status: TenantStatus,
    /// What the model is told before every conversation.
    #[schema(example = "You are the assistant of Acme's shop.")]
    system_prompt: String,
    /// The number of that prompt: each change makes another one.
    #[schema(example = 1)]
    prompt_version: i32,
    /// The browser origins whose pages may call for this tenant.
    #[schema(example = json!(["https://www.acme.example"]))]
    allowed_origins: Vec<String>,
    /// Who answers. Without a key for it, the tenant's or the deployment's, `local` does.
    #[schema(example = "openai")]
    provider: String,
    /// The model that answers; null for the provider's usual one.
    chat_model: Option<String>,
    /// Who answers where that provider cannot; null for nobody.
    #[schema(example = "deepseek")]
    fallback_provider: Option<String>,
    /// The model that answers then; null for that provider's usual one.
    fallback_model: Option<String>,
    /// Who makes vectors; null for `openai`.
    embedding_provider: Option<String>,
    /// The model that makes them; null for the usual one.
    embedding_model: Option<String>,
    /// Null for the model's own.
    temperature: Option<f32>,
    /// The longest answer, in tokens.
    #[schema(example = 1024)]
    max_output_tokens: i32,
    /// How much of the conversation the model is given, in tokens.
    #[schema(example = 4000)]
    history_token_budget: i32,
    /// How documents are searched.
    retrieval: Retrieval,
    /// The vector index, beside full text.
    pinecone: Pinecone,
    /// What becomes of an answer whose last reader leaves.
    on_disconnect: OnDisconnect,
    /// How many days conversations are kept after they were last written to; null for as long as nobody deletes them.
    retention_days: Option<i32>,
    /// What its administrators should see to, such as a model that its provider will switch off.
    warnings: Vec<Warning>,
    /// Whether its administrators see the questions that got no good answer, and not only how many there are.
    share_unanswered: bool,
    /// Whether its administrators may read its users' conversations.
    share_conversations: bool,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When a setting was last changed.
    updated_at: DateTime<Utc>,
}

/// How documents are searched.
#[derive(Serialize, ToSchema)]
struct Retrieval {
    /// Whether answers draw on documents.
    enabled: bool,
    /// How many passages.
    #[schema(example = 5)]
    top_k: i32,
    /// How well a passage must fit, 0 to 1.
    min_score: f32,
    /// Where vectors are; null for Pinecone, where there is an index and keys.
    vectors: Option<VectorPlace>,
    /// Whether a question that follows others is first put so that it can be understood without them.
    rewrite: bool,
    /// Who puts what was found in order; null for nobody.
    rerank_provider: Option<String>,
    /// The model that does.
    rerank_model: Option<String>,
}

/// The vector index, beside full text.
#[derive(Serialize, ToSchema)]
struct Pinecone {
    /// The index's name. Used with the tenant's own Pinecone key only, as the host is; the deployment's key has its own.
    index: Option<String>,
    /// The index's host, as an address.
    host: Option<String>,
    /// Kept for what old settings held.
    environment: Option<String>,
    /// Where this tenant's vectors are; follows from its id and cannot be set.
    namespace: String,
}

impl web::Versioned for TenantOutput {
    /// What is warned of depends on the day, and on what was spent.
    const PASSING: &'static [&'static str] = &["warnings"];
}

impl TenantOutput {
    /// `tenant`, with what `service` has to say about it.
    pub(crate) fn of(service: &Service, tenant: Tenant) -> Self {
        Self {
            warnings: service.warnings(&tenant),
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            status: tenant.status,
            system_prompt: tenant.system_prompt,
            prompt_version: tenant.prompt_version,
            allowed_origins: tenant.allowed_origins,
            provider: tenant.provider,
            chat_model: tenant.chat_model,
            fallback_provider: tenant.fallback_provider,
            fallback_model: tenant.fallback_model,
            embedding_provider: tenant.embedding_provider,
            embedding_model: tenant.embedding_model,
            temperature: tenant.temperature,
            max_output_tokens: tenant.max_output_tokens,
            history_token_budget: tenant.history_token_budget,
            retrieval: Retrieval {
                enabled: tenant.retrieval_enabled,
                top_k: tenant.retrieval_top_k,
                min_score: tenant.retrieval_min_score,
                vectors: tenant.vectors,
                rewrite: tenant.rewrite_questions,
                rerank_provider: tenant.rerank_provider,
                rerank_model: tenant.rerank_model,
            },
            pinecone: Pinecone {
                index: tenant.pinecone_index,
                host: tenant.pinecone_host,
                environment: tenant.pinecone_environment,
                namespace: ai::Namespace::of(tenant.id).to_string(),
            },
            on_disconnect: tenant.on_disconnect,
            retention_days: tenant.retention_days,
            share_unanswered: tenant.share_unanswered,
            share_conversations: tenant.share_conversations,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }

    /// Also of limits that are nearly reached.
    pub(crate) fn warned(mut self, states: &[LimitState]) -> Self {
        self.warnings.extend(service::near_limits(states));
        self
    }
}
