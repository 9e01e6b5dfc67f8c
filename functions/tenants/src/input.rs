//! A tenant's settings as they are sent, for `POST` and `PATCH` alike.

use crate::{
    faults::{check_model, check_origins},
    knowledge::{PineconeInput, RetrievalInput, Together},
};
use axum::http::HeaderMap;
use db::{OnDisconnect, Tenant, TenantStatus};
use serde::Deserialize;
use service::{Chosen, Faults, Object, Origin};
use utoipa::ToSchema;
use web::{App, Error, Result, present};

/// What to set; a field that is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantSettings)]
pub(crate) struct TenantInput {
    /// The name in logins: 1 to 63 of a-z, 0-9 and -. Required at creation, and never changed.
    #[schema(
        min_length = 1,
        max_length = 63,
        pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
    )]
    pub(crate) slug: Option<String>,
    /// The name for people, 1 to 200 characters. Required at creation.
    #[schema(min_length = 1, max_length = 200, example = "Acme")]
    pub(crate) name: Option<String>,
    /// Whether its users may come in. Superusers only.
    pub(crate) status: Option<TenantStatus>,
    /// What the model is told before every conversation, up to 32768 characters.
    #[schema(max_length = 32_768, example = "You are the assistant of Acme's shop.")]
    pub(crate) system_prompt: Option<String>,
    /// The browser origins whose pages may call for this tenant, up to 50. Each belongs to one tenant, but for those that
    /// every machine has, such as `http://localhost:3000`. Those of the deployment are open to all tenants anyway.
    #[schema(max_items = 50, example = json!(["https://www.acme.example"]))]
    pub(crate) allowed_origins: Option<Vec<String>>,
    /// Who answers: `openai`, `deepseek`, another server that the deployment names, or `local`. Without a key for it, the
    /// tenant's or the deployment's, `local` does.
    #[schema(
        min_length = 1,
        max_length = 32,
        pattern = "^[a-z][a-z0-9-]*$",
        example = "openai"
    )]
    pub(crate) provider: Option<String>,
    /// The model that answers; null for the provider's usual one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    pub(crate) chat_model: Option<Option<String>>,
    /// Who answers where `provider` cannot: is away, overloaded, too slow to begin, or cannot be understood. A server other than
    /// `provider`, with a key, the tenant's or the deployment's; null for nobody. It is not asked once an answer has begun,
    /// nor where the key or the request was refused. `local` is none, since its quotes would hide that the model is away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[a-z][a-z0-9-]*$", example = "deepseek")]
    pub(crate) fallback_provider: Option<Option<String>>,
    /// The model that answers then; null for that provider's usual one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    pub(crate) fallback_model: Option<Option<String>>,
    /// Who makes vectors: `openai`, or another server that the deployment names and that makes some; null for `openai`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[a-z][a-z0-9-]*$", example = "openai")]
    pub(crate) embedding_provider: Option<Option<String>>,
    /// The model that makes them; null for OpenAI's usual one, which only `openai` has. After a change what there was goes on being
    /// found by the vectors of the model before, until all have new ones.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    pub(crate) embedding_model: Option<Option<String>>,
    /// From 0 to 2; null for the model's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f32>, minimum = 0, maximum = 2)]
    pub(crate) temperature: Option<Option<f32>>,
    /// The longest answer, 1 to 32768 tokens.
    #[schema(minimum = 1, maximum = 32_768)]
    pub(crate) max_output_tokens: Option<i32>,
    /// How much of the conversation the model is given, 0 to 200000 tokens.
    #[schema(minimum = 0, maximum = 200_000)]
    pub(crate) history_token_budget: Option<i32>,
    /// How documents are searched.
    #[schema(value_type = Option<RetrievalInput>)]
    pub(crate) retrieval: Option<Object<RetrievalInput>>,
    /// The vector index, beside full text.
    #[schema(value_type = Option<PineconeInput>)]
    pub(crate) pinecone: Option<Object<PineconeInput>>,
    /// What becomes of an answer whose last reader leaves; a question may say otherwise.
    pub(crate) on_disconnect: Option<OnDisconnect>,
    /// How many days conversations are kept after they were last written to, 1 to 3650; null for as long as nobody deletes
    /// them. Older ones are deleted for good, within minutes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 3650)]
    pub(crate) retention_days: Option<Option<i32>>,
    /// Whether its administrators see the questions that got no good answer, of those asked from then on, and not only how
    /// many there are. Its users are told, at `GET /login/me`.
    pub(crate) share_unanswered: Option<bool>,
    /// Whether its administrators may read its users' conversations, of those that begin from then on, without whose they are. Its
    /// users are told, at `GET /login/me`.
    pub(crate) share_conversations: Option<bool>,
}

impl TenantInput {
    /// Whether anything but the status is to be set.
    pub(crate) fn has_settings(&self) -> bool {
        let Self {
            slug: _,
            name,
            status: _,
            system_prompt,
            allowed_origins,
            provider,
            chat_model,
            fallback_provider,
            fallback_model,
            embedding_provider,
            embedding_model,
            temperature,
            max_output_tokens,
            history_token_budget,
            retrieval,
            pinecone,
            on_disconnect,
            retention_days,
            share_unanswered,
            share_conversations,
        } = self;
        name.is_some()
            || system_prompt.is_some()
            || allowed_origins.is_some()
            || provider.is_some()
            || chat_model.is_some()
            || fallback_provider.is_some()
            || fallback_model.is_some()
            || embedding_provider.is_some()
            || embedding_model.is_some()
            || temperature.is_some()
            || max_output_tokens.is_some()
            || history_token_budget.is_some()
            || retrieval.is_some()
            || pinecone.is_some()
            || on_disconnect.is_some()
            || retention_days.is_some()
            || share_unanswered.is_some()
            || share_conversations.is_some()
    }

    /// Whether it names the origins.
    pub(crate) fn sends_origins(&self) -> bool {
        self.allowed_origins.is_some()
    }

    /// What a new tenant's passages are to be found by.
    pub(crate) fn together(&self) -> Together<'_> {
        let retrieval = self.retrieval.as_ref().map(|Object(input)| input);
        Together::anew(
            given(&self.embedding_provider),
            given(&self.embedding_model),
            retrieval,
        )
    }

    /// Who is to answer for a new tenant.
    pub(crate) fn chosen(&self) -> Chosen<'_> {
        Chosen {
            // What the column of a new row has.
            provider: self.provider.as_deref().unwrap_or("openai"),
            chat_model: given(&self.chat_model),
            fallback_provider: given(&self.fallback_provider).map(String::as_str),
            fallback_model: given(&self.fallback_model),
        }
    }

    /// Confirms that every field is acceptable.
    ///
    /// # Errors
    /// 422 with each one that is not.
    pub(crate) fn check(&self, app: &App, headers: &HeaderMap) -> Result<()> {
        let mut faults = Faults::default();
        faults.text("name", self.name.as_ref(), 1, 200);
        let hidden = |name: &String| !name.trim().is_empty() && !service::is_visible(name);
        let hidden = self.name.as_ref().is_some_and(hidden);
        faults.refuse(
            "name",
            hidden,
            "must hold no characters that cannot be seen",
        );
        faults.text("system_prompt", self.system_prompt.as_ref(), 0, 32_768);
        faults.choice("provider", self.provider.as_ref(), app.chat_providers());
        check_model(&mut faults, "chat_model", self.chat_model.as_ref());
        let fallback = self.fallback_provider.as_ref().and_then(Option::as_ref);
        faults.choice("fallback_provider", fallback, app.servers());
        check_model(&mut faults, "fallback_model", self.fallback_model.as_ref());
        let embeds = self.embedding_provider.as_ref().and_then(Option::as_ref);
        faults.choice("embedding_provider", embeds, app.servers());
        check_model(
            &mut faults,
            "embedding_model",
            self.embedding_model.as_ref(),
        );
        faults.number("temperature", self.temperature.flatten(), 0.0, 2.0);
        faults.number("max_output_tokens", self.max_output_tokens, 1, 32_768);
        faults.number(
            "history_token_budget",
            self.history_token_budget,
            0,
            200_000,
        );
        faults.number("retention_days", self.retention_days.flatten(), 1, 3650);
        if let Some(origins) = &self.allowed_origins {
            check_origins(&mut faults, app, headers, origins);
        }
        if let Some(Object(retrieval)) = &self.retrieval {
            retrieval.check(app, &mut faults);
        }
        if let Some(Object(pinecone)) = &self.pinecone {
            pinecone.check(app, &mut faults);
        }
        Ok(faults.none()?)
    }

    /// Confirms that a tenant without a Pinecone key of its own names no index: the deployment's key is not sent where
    /// a tenant says.
    ///
    /// # Errors
    /// 422 with each field that does.
    pub(crate) fn check_without_own_key(&self) -> Result<()> {
        match &self.pinecone {
            Some(Object(pinecone)) => pinecone.check_without_own_key(),
            None => Ok(()),
        }
    }

    /// Writes what is set into `tenant`. Call [`TenantInput::check`] first.
    pub(crate) fn apply(self, app: &App, tenant: &mut Tenant) {
        put(&mut tenant.name, self.name);
        put(&mut tenant.system_prompt, self.system_prompt);
        put(&mut tenant.provider, self.provider);
        put(&mut tenant.chat_model, self.chat_model);
        put(&mut tenant.fallback_provider, self.fallback_provider);
        put(&mut tenant.fallback_model, self.fallback_model);
        put(&mut tenant.embedding_provider, self.embedding_provider);
        put(&mut tenant.embedding_model, self.embedding_model);
        put(&mut tenant.temperature, self.temperature);
        put(&mut tenant.max_output_tokens, self.max_output_tokens);
        put(&mut tenant.history_token_budget, self.history_token_budget);
        put(&mut tenant.on_disconnect, self.on_disconnect);
        put(&mut tenant.retention_days, self.retention_days);
        put(&mut tenant.share_unanswered, self.share_unanswered);
        put(&mut tenant.share_conversations, self.share_conversations);
        if let Some(origins) = self.allowed_origins {
            let parsed = origins.iter().filter_map(|o| Origin::parse(o).ok());
            tenant.allowed_origins = parsed.map(|o| o.as_str().to_owned()).collect();
        }
        if let Some(Object(retrieval)) = self.retrieval {
            retrieval.apply(tenant);
        }
        if let Some(Object(pinecone)) = self.pinecone {
            pinecone.apply(app, tenant);
        }
    }
}

fn given<T>(field: &Option<Option<T>>) -> Option<&T> {
    field.as_ref().and_then(Option::as_ref)
}

/// Sets what is given.
pub(crate) fn put<T>(to: &mut T, from: Option<T>) {
    if let Some(value) = from {
        *to = value;
    }
}

/// What the database says against settings, as the answer tells it.
pub(crate) fn refused(e: db::Error) -> Error {
    match e.is_constraint("origins_pkey") {
        true => Error::Conflict(
            "origin_taken",
            "Another tenant has one of these origins. If it is yours, ask whoever runs this service to give it to you."
                .into(),
        ),
        false => e.into(),
    }
}

/// Whether `slug` can name a tenant.
pub(crate) fn is_slug(slug: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&slug.len())
        && slug.chars().all(plain)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}
