//! The settings of a tenant that say how one question is answered, and that can be tried before they count.

use crate::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one question is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RehearsedSettings)]
pub struct Trial {
    /// What the model is told before every conversation.
    #[schema(example = "You are the assistant of Acme's shop.")]
    pub system_prompt: String,
    /// Who answers.
    #[schema(example = "openai")]
    pub provider: String,
    /// The model that answers; null for the provider's usual one.
    pub chat_model: Option<String>,
    /// Null for the model's own.
    pub temperature: Option<f32>,
    /// The longest answer, in tokens.
    #[schema(example = 1024)]
    pub max_output_tokens: i32,
    /// How documents are searched.
    pub retrieval: TrialRetrieval,
}

/// How documents are searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RehearsedRetrieval)]
pub struct TrialRetrieval {
    /// Whether answers draw on documents.
    pub enabled: bool,
    /// How many passages.
    #[schema(example = 5)]
    pub top_k: i32,
    /// How well a passage must fit, 0 to 1.
    pub min_score: f32,
    /// Who puts what was found in order; null for nobody.
    pub rerank_provider: Option<String>,
    /// The model that does.
    pub rerank_model: Option<String>,
}

impl Trial {
    /// As `tenant` answers now.
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            system_prompt: tenant.system_prompt.clone(),
            provider: tenant.provider.clone(),
            chat_model: tenant.chat_model.clone(),
            temperature: tenant.temperature,
            max_output_tokens: tenant.max_output_tokens,
            retrieval: TrialRetrieval {
                enabled: tenant.retrieval_enabled,
                top_k: tenant.retrieval_top_k,
                min_score: tenant.retrieval_min_score,
                rerank_provider: tenant.rerank_provider.clone(),
                rerank_model: tenant.rerank_model.clone(),
            },
        }
    }

    /// Has `tenant` answer so.
    pub fn apply(&self, tenant: &mut Tenant) {
        let Self {
            system_prompt,
            provider,
            chat_model,
            temperature,
            max_output_tokens,
            retrieval,
        } = self.clone();
        tenant.system_prompt = system_prompt;
        tenant.provider = provider;
        tenant.chat_model = chat_model;
        tenant.temperature = temperature;
        tenant.max_output_tokens = max_output_tokens;
        tenant.retrieval_enabled = retrieval.enabled;
        tenant.retrieval_top_k = retrieval.top_k;
        tenant.retrieval_min_score = retrieval.min_score;
        tenant.rerank_provider = retrieval.rerank_provider;
        tenant.rerank_model = retrieval.rerank_model;
    }

    /// This, where it is otherwise than `before`; else as `current` is, which somebody may have changed meanwhile.
    #[must_use]
    pub fn onto(&self, before: &Self, current: Self) -> Self {
        fn pick<T: PartialEq + Clone>(new: &T, old: &T, current: T) -> T {
            if new == old { current } else { new.clone() }
        }
        let (r, b, c) = (&self.retrieval, &before.retrieval, current.retrieval);
        Self {
            system_prompt: pick(
                &self.system_prompt,
                &before.system_prompt,
                current.system_prompt,
            ),
            provider: pick(&self.provider, &before.provider, current.provider),
            chat_model: pick(&self.chat_model, &before.chat_model, current.chat_model),
            temperature: pick(&self.temperature, &before.temperature, current.temperature),
            max_output_tokens: pick(
                &self.max_output_tokens,
                &before.max_output_tokens,
                current.max_output_tokens,
            ),
            retrieval: TrialRetrieval {
                enabled: pick(&r.enabled, &b.enabled, c.enabled),
                top_k: pick(&r.top_k, &b.top_k, c.top_k),
                min_score: pick(&r.min_score, &b.min_score, c.min_score),
                rerank_provider: pick(&r.rerank_provider, &b.rerank_provider, c.rerank_provider),
                rerank_model: pick(&r.rerank_model, &b.rerank_model, c.rerank_model),
            },
        }
    }
}
