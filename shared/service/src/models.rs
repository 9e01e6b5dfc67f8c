//! Whose model will be gone soon, and who is told.

use crate::{Error, Result, Service, providers::EMBEDDING_MODEL};
use chrono::{NaiveDate, TimeDelta};
use db::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

/// How long before a model ends it is said.
const NOTICE: TimeDelta = TimeDelta::days(60);

/// The provider that needs no server.
pub(crate) const LOCAL: &str = "local";

/// Something that an administrator should see to.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// What it is.
    pub code: WarningCode,
    /// The setting that it is about.
    #[schema(example = "chat_model")]
    pub setting: &'static str,
    /// A sentence that says what to do.
    #[schema(
        example = "The model gpt-4.1-mini will be switched off by its provider on 2027-01-14. Set chat_model to another, such as gpt-6-luna."
    )]
    pub detail: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The provider switches the model off within 60 days.
    ModelEnding,
    /// The provider has switched the model off.
    ModelGone,
    /// The deployment has no such provider any more.
    ProviderUnknown,
    /// Less than a fifth of a limit to tokens or money is left.
    LimitNear,
}

/// Who answers for a tenant, by its settings.
#[derive(Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// Who is asked.
    pub provider: &'a str,
    /// For which model; none is the usual one.
    pub chat_model: Option<&'a String>,
    /// Who is asked where that fails.
    pub fallback_provider: Option<&'a str>,
    /// For which model.
    pub fallback_model: Option<&'a String>,
}

impl<'a> From<&'a Tenant> for Chosen<'a> {
    fn from(tenant: &'a Tenant) -> Self {
        Self {
            provider: &tenant.provider,
            chat_model: tenant.chat_model.as_ref(),
            fallback_provider: tenant.fallback_provider.as_deref(),
            fallback_model: tenant.fallback_model.as_ref(),
        }
    }
}

/// A model that will be gone.
pub(crate) struct Ending<'a> {
    pub(crate) ends: NaiveDate,
    pub(crate) is_gone: bool,
    successor: Option<&'a str>,
}

impl Service {
    /// What the administrators of `tenant` should see to.
    pub fn warnings(&self, tenant: &Tenant) -> Vec<Warning> {
        let name = &tenant.provider;
        let chat = match self.config.endpoints.get(name) {
            Some(endpoint) => {
                let model = endpoint.model(tenant.chat_model.as_ref());
                self.warning("chat_model", &endpoint.table, model)
            }
            None if name == LOCAL => None,
            None => Some(Warning {
                code: WarningCode::ProviderUnknown,
                setting: "provider",
                detail: format!(
                    "This deployment has no provider {name} any more, and {LOCAL} answers. Set provider to another."
                ),
            }),
        };
        let fallback = tenant.fallback_provider.as_ref();
        let fallback = fallback.and_then(|name| match self.config.endpoints.get(name) {
            Some(endpoint) => {
                let model = endpoint.model(tenant.fallback_model.as_ref());
                self.warning("fallback_model", &endpoint.table, model)
            }
            None => Some(Warning {
                code: WarningCode::ProviderUnknown,
                setting: "fallback_provider",
                detail: format!(
                    "This deployment has no provider {name} any more, so there is no fallback. Set fallback_provider to another, or to null."
                ),
            }),
        });
        let model = tenant.embedding_model.as_deref();
        let model = model.unwrap_or(EMBEDDING_MODEL);
        let embedding = self.warning("embedding_model", "openai", model);
        chat.into_iter().chain(fallback).chain(embedding).collect()
    }

    /// The providers that a tenant may choose for where its first cannot answer: servers. What `local` quotes is no answer of
    /// a model, and in the place of one would keep an outage from being seen.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.config.endpoints.chat.keys().map(String::as_str)
    }

    /// The providers that a tenant may choose.
    pub fn chat_providers(&self) -> impl Iterator<Item = &str> {
        self.servers().chain([LOCAL])
    }

    /// The providers that a tenant may have a key for.
    pub fn keyed_providers(&self) -> impl Iterator<Item = &str> {
        self.servers().chain(["pinecone"])
    }

    /// Confirms that a tenant's providers may be asked for their models, and that the second is another than the first.
    ///
    /// # Errors
    /// 422: it is the same; or the deployment has a list of a provider's models, and the model is none of them.
    pub fn check_chosen(&self, chosen: &Chosen<'_>) -> Result<()> {
        self.check_model("chat_model", chosen.provider, chosen.chat_model)?;
        let Some(fallback) = chosen.fallback_provider else {
            return Ok(());
        };
        if fallback == chosen.provider {
            let message = "must be another than provider";
            return Err(Error::field("fallback_provider", message));
        }
        self.check_model("fallback_model", fallback, chosen.fallback_model)
    }

    fn check_model(
        &self,
        setting: &'static str,
        provider: &str,
        model: Option<&String>,
    ) -> Result<()> {
        let endpoint = self.config.endpoints.get(provider);
        let models = endpoint.map_or(&[][..], |endpoint| &endpoint.models);
        match model {
            Some(model) if !models.is_empty() && !models.contains(model) => {
                let models = models.join("`, `");
                Err(Error::field(
                    setting,
                    format!("must be one of `{models}`, with this provider"),
                ))
            }
            _ => Ok(()),
        }
    }

    fn warning(&self, setting: &'static str, provider: &str, model: &str) -> Option<Warning> {
        let Ending {
            ends,
            is_gone,
            successor,
        } = self.ending(provider, model)?;
        let (code, verb) = match is_gone {
            true => (WarningCode::ModelGone, "was"),
            false => (WarningCode::ModelEnding, "will be"),
        };
        let instead = successor.map_or(String::new(), |name| format!(", such as {name}"));
        Some(Warning {
            code,
            setting,
            detail: format!(
                "The model {model} {verb} switched off by its provider on {ends}. Set {setting} to another{instead}."
            ),
        })
    }

    pub(crate) fn ending(&self, provider: &str, model: &str) -> Option<Ending<'_>> {
        let known = self.ai.models().get(provider, model)?;
        let (ends, today) = (known.ends?, self.clock.now().date_naive());
        (ends - today < NOTICE).then(|| Ending {
            ends,
            is_gone: ends <= today,
            successor: known.successor.as_deref(),
        })
    }

    /// Tells the operator if an answer is asked of a model that will be gone.
    pub(crate) fn note_ending(&self, provider: &str, model: &str) {
        let Some(Ending { ends, .. }) = self.ending(provider, model) else {
            return;
        };
        self.db.counters().model_ending.inc();
        if self.ending_models.is_new(&format!("{provider}/{model}")) {
            tracing::warn!(provider, model, %ends, "a tenant's model is switched off by its provider");
        }
    }
}
