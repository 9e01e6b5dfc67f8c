//! A rehearsal as it is asked for.

use crate::{
    faults::check_model,
    input::{TenantInput, present},
    knowledge::{self, Together},
};
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use db::{Caller, Judge, Period, Sample, Tenant, Trial, Usd};
use serde::Deserialize;
use service::{Chosen, Compared, Faults};
use utoipa::ToSchema;
use web::{App, Error, Object, Result};

/// How many questions are taken, if nobody says, and at most.
const QUESTIONS: (i64, i64) = (50, 100);

/// A change of settings that is to be tried on questions that were asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateRehearsalRequest)]
pub(crate) struct NewRehearsal {
    /// What is changed; a field that is absent stays as it is.
    #[schema(value_type = SettingsInput)]
    settings: Object<SettingsInput>,
    /// Which questions are taken.
    sample: Sample,
    /// Not answered before this moment (RFC 3339); 30 days before `to` if absent.
    from: Option<DateTime<Utc>>,
    /// Answered before this moment; now if absent. At most 92 days after `from`.
    to: Option<DateTime<Utc>>,
    /// How many questions at most, 1 to 100.
    #[schema(default = 50, minimum = 1, maximum = 100)]
    questions: Option<i64>,
    /// A model that compares the answers, if one is to.
    #[schema(value_type = Option<JudgeInput>)]
    judge: Option<Object<JudgeInput>>,
    /// What all of it may cost: before a call that may go over that, it stops.
    budget: Usd,
}

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

/// A model that compares the answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RehearsalJudgeInput)]
pub(crate) struct JudgeInput {
    /// Who is asked: a server that the deployment names, with a key, the tenant's or the deployment's.
    #[schema(
        min_length = 1,
        max_length = 32,
        pattern = "^[a-z][a-z0-9-]*$",
        example = "openai"
    )]
    provider: String,
    /// For which model; null for the provider's usual one.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9._:/-]+$")]
    model: Option<String>,
}

/// What is to be rehearsed.
pub(crate) struct Checked {
    pub(crate) now: Trial,
    pub(crate) changed: Trial,
    pub(crate) judge: Option<Judge>,
    pub(crate) sample: Sample,
    pub(crate) period: Period,
    pub(crate) questions: i64,
    pub(crate) budget: Usd,
}

impl NewRehearsal {
    /// Confirms that every field is acceptable, and that all who are to be asked can be.
    ///
    /// # Errors
    /// 422 with each field that is not; a key that cannot be read; a model of which nobody knows the price.
    pub(crate) async fn check(self, app: &App, caller: &Caller) -> Result<Checked> {
        let mut faults = Faults::default();
        let (usual, most) = QUESTIONS;
        faults.number("questions", self.questions, 1, most);
        faults.refuse("budget", self.budget.nano() == 0, "must be more than 0");
        let Object(settings) = self.settings;
        let settings = TenantInput::from(settings);
        // No origin is among them, which headers would tell of.
        match settings.check(app, &HeaderMap::new()).map_err(within) {
            Err(Error::Service(service::Error::Invalid(fields))) => faults.add(fields),
            checked => checked?,
        }
        let judge = self.judge.map(|Object(judge)| Judge {
            provider: judge.provider,
            model: judge.model,
        });
        if let Some(judge) = &judge {
            faults.choice("judge.provider", Some(&judge.provider), app.servers());
            check_model(&mut faults, "judge.model", Some(&judge.model));
        }
        faults.none()?;
        let period = service::period(app.clock.now(), self.from, self.to)?;
        let tenant = &caller.account().tenant;
        let now = Trial::of(tenant);
        let mut tried = tenant.clone();
        settings.apply(app, &mut tried);
        let changed = Trial::of(&tried);
        if changed == now {
            return Err(Error::field("settings", "must change something"));
        }
        check_together(app, tenant, &changed).map_err(within)?;
        for settings in [&now, &changed] {
            app.trying(&caller.trying(settings), "").await?;
        }
        if let Some(judge) = &judge {
            check_judge(app, caller, judge).await?;
        }
        Ok(Checked {
            now,
            changed,
            judge,
            sample: self.sample,
            period,
            questions: self.questions.unwrap_or(usual),
            budget: self.budget,
        })
    }
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
fn within(e: Error) -> Error {
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

async fn check_judge(app: &App, caller: &Caller, judge: &Judge) -> Result<()> {
    let judged = Compared {
        question: "",
        now: "",
        changed: "",
        swapped: false,
    };
    let judging = app
        .judging(&caller.trying(&judge.settings()), &judged)
        .await;
    match judging {
        Ok(_) => Ok(()),
        Err(service::Error::Provider(_)) => Err(Error::field(
            "judge.provider",
            "has no key here, or not that model: set a key with PUT /tenants/current/secrets/{provider}, or choose another",
        )),
        Err(e) => Err(e.into()),
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
