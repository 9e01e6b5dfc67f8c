//! What whoever looks after a deployment should see to.

use crate::{Service, models::LOCAL};
use chrono::{DateTime, Utc};
use db::{Chore, ChosenModel};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that whoever looks after the deployment should see to.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeploymentWarning {
    /// What it is.
    pub code: DeploymentWarningCode,
    /// A sentence that says what to do.
    #[schema(
        example = "The model gpt-4.1-mini of openai, which 3 organisations use, will be switched off by its provider on 2027-01-14. They should choose another."
    )]
    pub detail: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentWarningCode {
    /// The database was migrated by a newer release than the one that answers.
    ProgramOutdated,
    /// A provider switches a model off within 60 days.
    ModelEnding,
    /// A provider has switched a model off.
    ModelGone,
    /// Tenants chose a provider that the deployment has no more.
    ProviderUnknown,
    /// What is done every minute has not been done for 5.
    ChoreLate,
    /// Jobs are due for more than 15 minutes.
    JobsLate,
}

impl DeploymentWarning {
    /// The database has a migration that the program does not know.
    pub fn outdated(newer: i64) -> Self {
        Self {
            code: DeploymentWarningCode::ProgramOutdated,
            detail: format!(
                "A newer release has migrated the database (migration {newer}), and this one still answers. Deploy that release everywhere."
            ),
        }
    }

    /// A chore is not done.
    pub fn chore_late(task: Chore, last: Option<DateTime<Utc>>) -> Self {
        let since = last.map_or_else(
            || "was never done".to_owned(),
            |at| format!("was last done at {}", at.format("%Y-%m-%d %H:%M UTC")),
        );
        let task = match task {
            Chore::Sweep => "Putting right what was left behind",
            Chore::Chats => "Deleting conversations that are kept no longer",
            Chore::Visitors => "Deleting visitors who are kept no longer",
            Chore::Ledger => "Keeping the ledger",
        };
        Self {
            code: DeploymentWarningCode::ChoreLate,
            detail: format!(
                "{task} {since}, and should be done every minute. Look for `the background jobs failed` in the log; on AWS, check the schedule of the function for jobs."
            ),
        }
    }

    /// Jobs wait too long.
    pub fn jobs_late(oldest: DateTime<Utc>) -> Self {
        Self {
            code: DeploymentWarningCode::JobsLate,
            detail: format!(
                "Jobs are due since {} and nobody takes them, or too few do. Look at the log of whoever works on jobs, or run more of them.",
                oldest.format("%Y-%m-%d %H:%M UTC")
            ),
        }
    }
}

impl Service {
    /// What should be seen to, of the providers and models that tenants chose.
    pub fn deployment_warnings(&self, chosen: &[ChosenModel]) -> Vec<DeploymentWarning> {
        let all = chosen.iter().filter(|of| of.provider != LOCAL);
        all.filter_map(|of| self.warning_of(of)).collect()
    }

    fn warning_of(&self, of: &ChosenModel) -> Option<DeploymentWarning> {
        let (provider, tenants) = (&of.provider, of.tenants);
        let Some(endpoint) = self.config.endpoints.get(provider) else {
            return Some(DeploymentWarning {
                code: DeploymentWarningCode::ProviderUnknown,
                detail: format!(
                    "This deployment has no provider {provider} any more, which {tenants} organisations chose. Name it in ENDPOINTS again, or have them choose another."
                ),
            });
        };
        let model = endpoint.model(of.model.as_ref());
        let ending = self.ending(&endpoint.table, model)?;
        let (code, verb) = match ending.is_gone {
            true => (DeploymentWarningCode::ModelGone, "was"),
            false => (DeploymentWarningCode::ModelEnding, "will be"),
        };
        Some(DeploymentWarning {
            code,
            detail: format!(
                "The model {model} of {provider}, which {tenants} organisations use, {verb} switched off by its provider on {}. They should choose another.",
                ending.ends
            ),
        })
    }
}
