//! A rehearsal as it is asked for.

use crate::{
    faults::check_model,
    input::TenantInput,
    tried::{SettingsInput, check_each, check_together, with, within},
};
use chrono::{DateTime, Utc};
use db::{Caller, Judge, Period, Sample, Trial, Usd};
use serde::Deserialize;
use service::{Compared, Faults, Object};
use utoipa::ToSchema;
use web::{App, Error, Result};

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
        match check_each(app, &settings) {
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
        let changed = with(app, tenant, settings);
        if changed == now {
            return Err(Error::field("settings", "must change something"));
        }
        check_together(app, tenant, &changed).map_err(within)?;
        for settings in [&now, &changed] {
            app.trying(&caller.trying(settings), "").await?.priced()?;
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
