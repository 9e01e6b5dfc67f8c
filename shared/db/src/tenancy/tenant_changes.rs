//! What changed of a tenant's settings, as the audit log tells it.

use crate::Tenant;
use std::fmt::Display;

/// Values with more characters are not told; it is told that they changed.
const SHORT: usize = 60;

/// The settings that differ, from what to what where that is short. None if nothing does.
pub(crate) fn told(before: &Tenant, after: &Tenant) -> Option<String> {
    let all = before.values().into_iter().zip(after.values());
    let changed = all.filter(|((_, old), (_, new))| old != new);
    let mut told: Vec<String> = changed
        .map(
            |((name, old), (_, new))| match old.chars().chain(new.chars()).count() > SHORT {
                true => name.to_owned(),
                false => format!("{name}: {old} -> {new}"),
            },
        )
        .collect();
    told.extend(origins(before, after));
    if before.system_prompt != after.system_prompt {
        told.insert(0, "system_prompt".to_owned());
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// Which origins came and which went: who may call is told whatever its length.
fn origins(before: &Tenant, after: &Tenant) -> Option<String> {
    let (old, new) = (&before.allowed_origins, &after.allowed_origins);
    let came = new
        .iter()
        .filter(|o| !old.contains(o))
        .map(|o| format!(" +{o}"));
    let went = old
        .iter()
        .filter(|o| !new.contains(o))
        .map(|o| format!(" -{o}"));
    let changes: String = came.chain(went).collect();
    (!changes.is_empty()).then(|| format!("allowed_origins:{changes}"))
}

impl Tenant {
    /// Every setting but the prompt and the origins, by its name in the API.
    fn values(&self) -> [(&'static str, String); 24] {
        fn known<T: Display>(value: &Option<T>) -> String {
            value
                .as_ref()
                .map_or_else(|| "none".to_owned(), T::to_string)
        }
        [
            ("name", self.name.clone()),
            ("provider", format!("{:?}", self.provider).to_lowercase()),
            ("chat_model", known(&self.chat_model)),
            ("fallback_provider", known(&self.fallback_provider)),
            ("fallback_model", known(&self.fallback_model)),
            ("embedding_provider", known(&self.embedding_provider)),
            ("embedding_model", known(&self.embedding_model)),
            ("temperature", known(&self.temperature)),
            ("max_output_tokens", self.max_output_tokens.to_string()),
            (
                "history_token_budget",
                self.history_token_budget.to_string(),
            ),
            ("retrieval.enabled", self.retrieval_enabled.to_string()),
            ("retrieval.top_k", self.retrieval_top_k.to_string()),
            ("retrieval.min_score", self.retrieval_min_score.to_string()),
            (
                "retrieval.vectors",
                // Not `none`, which is a choice.
                self.vectors.map_or_else(
                    || "as keys allow".to_owned(),
                    |place| format!("{place:?}").to_lowercase(),
                ),
            ),
            ("retrieval.rewrite", self.rewrite_questions.to_string()),
            ("retrieval.rerank_provider", known(&self.rerank_provider)),
            ("retrieval.rerank_model", known(&self.rerank_model)),
            ("pinecone.index", known(&self.pinecone_index)),
            ("pinecone.host", known(&self.pinecone_host)),
            ("pinecone.environment", known(&self.pinecone_environment)),
            (
                "on_disconnect",
                format!("{:?}", self.on_disconnect).to_lowercase(),
            ),
            ("retention_days", known(&self.retention_days)),
            ("share_unanswered", self.share_unanswered.to_string()),
            ("share_conversations", self.share_conversations.to_string()),
        ]
    }
}
