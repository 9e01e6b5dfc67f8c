//! Tenants, as their own members and administrators see them.

use crate::{
    AdminTx, Deed, Limits, Result,
    tenancy::{prompts::author, tenant_changes},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The columns of [`Tenant`], of a table called `t`.
macro_rules! tenant_columns {
    () => {
        "t.id, t.slug, t.name, t.status, t.system_prompt, t.prompt_version, t.allowed_origins, t.provider, t.chat_model,
         t.fallback_provider, t.fallback_model, t.embedding_model, t.temperature, t.max_output_tokens, t.history_token_budget,
         t.retrieval_enabled, t.retrieval_top_k, t.retrieval_min_score, t.vectors, t.embedding_provider,
         t.rewrite_questions, t.rerank_provider, t.rerank_model, t.pinecone_index,
         t.pinecone_host, t.pinecone_environment, t.on_disconnect, t.retention_days,
         t.share_unanswered_since is not null as share_unanswered,
         t.share_conversations_since is not null as share_conversations, t.limits, t.user_limits, t.created_at, t.updated_at"
    };
}
pub(crate) use tenant_columns;

/// A tenant and its settings.
#[derive(Clone, Debug, sqlx::FromRow)]
#[expect(
    missing_docs,
    reason = "the API's tenant object, which is built from it, describes each field"
)]
pub struct Tenant {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    pub system_prompt: String,
    pub prompt_version: i32,
    pub allowed_origins: Vec<String>,
    pub provider: String,
    pub chat_model: Option<String>,
    pub fallback_provider: Option<String>,
    pub fallback_model: Option<String>,
    pub embedding_model: Option<String>,
    pub temperature: Option<f32>,
    pub max_output_tokens: i32,
    pub history_token_budget: i32,
    pub retrieval_enabled: bool,
    pub retrieval_top_k: i32,
    pub retrieval_min_score: f32,
    pub vectors: Option<VectorPlace>,
    pub embedding_provider: Option<String>,
    pub rewrite_questions: bool,
    pub rerank_provider: Option<String>,
    pub rerank_model: Option<String>,
    pub pinecone_index: Option<String>,
    pub pinecone_host: Option<String>,
    pub pinecone_environment: Option<String>,
    pub on_disconnect: OnDisconnect,
    pub retention_days: Option<i32>,
    pub share_unanswered: bool,
    /// Whether its administrators may read what its users say, of what they say from then on.
    pub share_conversations: bool,
    #[sqlx(json)]
    pub limits: Limits,
    #[sqlx(json)]
    pub user_limits: Limits,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Whether a tenant's users may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TenantStatus {
    /// They may.
    Active,
    /// They may not; nothing is deleted.
    Suspended,
}

/// What becomes of an answer whose last reader leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum OnDisconnect {
    /// It is made and stored, to be read later.
    Finish,
    /// It is stopped; what there is of it is kept.
    Cancel,
}

/// Where the vectors of a tenant's passages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum VectorPlace {
    /// There are none: full text alone finds passages.
    None,
    /// In the service's own database, if that has the extension pgvector.
    Postgres,
    /// In an index at Pinecone.
    Pinecone,
}

impl AdminTx {
    /// The managed tenant.
    pub async fn tenant(&mut self) -> Result<Tenant> {
        let sql = concat!("select ", tenant_columns!(), " from tenants t");
        Ok(sqlx::query_as(sql).fetch_one(self.conn()).await?)
    }

    /// The managed tenant, locked until the transaction ends so that two changes cannot overwrite each other.
    pub async fn tenant_for_update(&mut self) -> Result<Tenant> {
        let sql = concat!("select ", tenant_columns!(), " from tenants t for update");
        Ok(sqlx::query_as(sql).fetch_one(self.conn()).await?)
    }

    /// Stores the settings of the managed tenant, which was `before`, and notes in it when. Where they are the same,
    /// nothing is done. Its status is not among them: see [`PlatformTx::set_status`](crate::PlatformTx::set_status).
    ///
    /// An origin that is listed anew and belongs to another tenant is refused by the constraint `origins_pkey`; unless a
    /// superuser lists it, who thereby says whose it is, and does so also by sending a list that is there already
    /// (`sends_origins`).
    pub async fn save_tenant(
        &mut self,
        before: &Tenant,
        tenant: &mut Tenant,
        sends_origins: bool,
    ) -> Result<()> {
        let approves = sends_origins && self.actor.tenant_id != tenant.id;
        let told = match tenant_changes::told(before, tenant) {
            Some(told) => told,
            None if approves => "allowed_origins".to_owned(),
            None => return Ok(()),
        };
        if approves {
            sqlx::query("select set_config('app.approve_origins', 'yes', true)")
                .execute(self.conn())
                .await?;
        }
        if before.system_prompt != tenant.system_prompt {
            let actor = self.actor.clone();
            author(self.conn(), &actor).await?;
        }
        (tenant.updated_at, tenant.prompt_version) = sqlx::query_as(
            "update tenants set
                name = $1, system_prompt = $2, allowed_origins = $3, provider = $4, chat_model = $5,
                embedding_model = $6, temperature = $7, max_output_tokens = $8,
                history_token_budget = $9, retrieval_enabled = $10, retrieval_top_k = $11,
                retrieval_min_score = $12, pinecone_index = $13, pinecone_host = $14,
                pinecone_environment = $15, on_disconnect = $16, retention_days = $17,
                share_unanswered_since = case when $18 then coalesce(share_unanswered_since, now()) end,
                fallback_provider = $19, fallback_model = $20, vectors = $21, embedding_provider = $22,
                rewrite_questions = $23, rerank_provider = $24, rerank_model = $25,
                share_conversations_since = case when $27 then coalesce(share_conversations_since, now()) end, updated_at = now()
             where id = $26
             returning updated_at, prompt_version",
        )
        .bind(&tenant.name)
        .bind(&tenant.system_prompt)
        .bind(&tenant.allowed_origins)
        .bind(&tenant.provider)
        .bind(&tenant.chat_model)
        .bind(&tenant.embedding_model)
        .bind(tenant.temperature)
        .bind(tenant.max_output_tokens)
        .bind(tenant.history_token_budget)
        .bind(tenant.retrieval_enabled)
        .bind(tenant.retrieval_top_k)
        .bind(tenant.retrieval_min_score)
        .bind(&tenant.pinecone_index)
        .bind(&tenant.pinecone_host)
        .bind(&tenant.pinecone_environment)
        .bind(tenant.on_disconnect)
        .bind(tenant.retention_days)
        .bind(tenant.share_unanswered)
        .bind(&tenant.fallback_provider)
        .bind(&tenant.fallback_model)
        .bind(tenant.vectors)
        .bind(&tenant.embedding_provider)
        .bind(tenant.rewrite_questions)
        .bind(&tenant.rerank_provider)
        .bind(&tenant.rerank_model)
        .bind(tenant.id)
        .bind(tenant.share_conversations)
        .fetch_one(self.conn())
        .await?;
        let updated = Deed::done("tenant.update", tenant.id);
        self.audit(updated.detail(told)).await
    }
}
