//! Settings of a tenant as they are tried before they count.

use crate::{
    input::TenantInput,
    knowledge::{self, Together},
};
use axum::http::HeaderMap;
use db::{Caller, Tenant, Trial};
use serde::Deserialize;
use service::{Chosen, Object};
use utoipa::ToSchema;
use web::{App, Error, Result, present};

/// What of a tenant's settings can be tried. They mean what they mean in `PATCH /tenants/{tenant_id}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RehearsalSettings)]
pub(crate) struct SettingsInput {
    /// What the model is told before every conversation, up to 32768 characters.
    #[schema(max_length = 32_768, example = "You are the assistant of Acme's shop.")]
    system_prompt: Option<String>,
    /// Who answers. Nobody answers in its place where it cannot.
    #[schema(
        min_length = 1,
        max_length = 32,
        pattern = "^[a-z][a-z0-9-]*$",
        example = "openai"
    )]
    provider: Option<String>,
    /// The model that answers; null for the provider's usual one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    chat_model: Option<Option<String>>,
    /// From 0 to 2; null for the model's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f32>, minimum = 0, maximum = 2)]
    temperature: Option<Option<f32>>,
    /// The longest answer, 1 to 32768 tokens.
    #[schema(minimum = 1, maximum = 32_768)]
    max_output_tokens: Option<i32>,
    /// How documents are searched.
    #[schema(value_type = Option<RetrievalInput>)]
    retrieval: Option<Object<RetrievalInput>>,
}

/// How documents are searched; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RehearsalRetrieval)]
pub(crate) struct RetrievalInput {
    /// Whether answers draw on documents.
    enabled: Option<bool>,
    /// How many passages, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    top_k: Option<i32>,
    /// How well a passage must fit, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Who puts what was found in order; null for nobody.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[a-z][a-z0-9-]*$", example = "jina")]
    rerank_provider: Option<Option<String>>,
    /// The model that does; needed with `rerank_provider`, and null without.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    rerank_model: Option<Option<String>>,
}

/// The settings of the caller's tenant with those changed that are asked for.
///
/// # Errors
/// 422 with what is wrong with them.
pub(crate) fn changed(app: &App, caller: &Caller, asked: SettingsInput) -> Result<Trial> {
    let asked = TenantInput::from(asked);
    check_each(app, &asked)?;
    let tenant = &caller.account().tenant;
    let changed = with(app, tenant, asked);
    check_together(app, tenant, &changed).map_err(within)?;
    Ok(changed)
}

/// Confirms that each of the settings is one that a tenant may have.
pub(crate) fn check_each(app: &App, asked: &TenantInput) -> Result<()> {
    // No origin is among them, which headers would tell of.
    asked.check(app, &HeaderMap::new()).map_err(within)
}

/// The settings of a tenant with those changed that are asked for.
pub(crate) fn with(app: &App, tenant: &Tenant, asked: TenantInput) -> Trial {
    let mut tried = tenant.clone();
    asked.apply(app, &mut tried);
    Trial::of(&tried)
}

/// Confirms that a tenant may have these settings.
pub(crate) fn check_together(app: &App, tenant: &Tenant, settings: &Trial) -> Result<()> {
    let mut tenant = tenant.clone();
    settings.apply(&mut tenant);
    // What needs the database's extensions cannot be changed here.
    Together::from(&tenant).check(true)?;
    Ok(app.check_chosen(&Chosen::from(&tenant))?)
}

/// The same failure, of fields that are within `settings`.
pub(crate) fn within(e: Error) -> Error {
    match e {
        Error::Service(service::Error::Invalid(fields)) => {
            let fields = fields.into_iter().map(|field| service::FieldError {
                field: format!("settings.{}", field.field),
                ..field
            });
            service::Error::Invalid(fields.collect()).into()
        }
        e => e,
    }
}

/// They are settings of a tenant like all others.
impl From<SettingsInput> for TenantInput {
    fn from(asked: SettingsInput) -> Self {
        let retrieval = asked.retrieval.map(|Object(asked)| {
            Object(knowledge::RetrievalInput {
                enabled: asked.enabled,
                top_k: asked.top_k,
                min_score: asked.min_score,
                rerank_provider: asked.rerank_provider,
                rerank_model: asked.rerank_model,
                ..Default::default()
            })
        });
        Self {
            system_prompt: asked.system_prompt,
            provider: asked.provider,
            chat_model: asked.chat_model,
            temperature: asked.temperature,
            max_output_tokens: asked.max_output_tokens,
            retrieval,
            ..Self::default()
        }
    }
}
