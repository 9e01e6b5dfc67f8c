//! Rehearsals, as a tenant's administrators see them: a change of settings, tried on questions that were asked.

mod begin;
mod ending;
mod listed;
pub(crate) mod questions;

use crate::{Period, Trial, TrialRetrieval, Usd};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How a rehearsal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum RehearsalStatus {
    /// Its questions are being asked.
    Running,
    /// All of them were.
    Done,
    /// Its budget was reached, or it could not go on; `note` says why.
    Stopped,
    /// Somebody ended it.
    Cancelled,
}

/// What became of the settings that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Decision {
    /// They are the tenant's.
    Published,
    /// They are not.
    Dropped,
}

/// Which questions are taken, of those that the tenant shares with its administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Sample {
    /// The newest of those whose answer was of no use to whoever asked.
    ThumbsDown,
    /// The newest of those that were answered without any document, or that the provider refused.
    Unanswered,
    /// Any.
    Random,
    /// The newest.
    Latest,
}

/// With which settings an answer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Side {
    /// Those of the moment when the rehearsal began.
    Now,
    /// The changed ones.
    Changed,
}

/// Which of two answers is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Verdict {
    /// The one of the settings that it began with.
    Now,
    /// The one of the changed settings.
    Changed,
    /// Neither.
    Same,
}

/// A model that compares the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RehearsalJudge)]
pub struct Judge {
    /// Who is asked.
    #[schema(example = "openai")]
    pub provider: String,
    /// For which model; null for the provider's usual one.
    #[serde(default)]
    pub model: Option<String>,
}

impl Judge {
    /// Settings by which it would answer a tenant.
    pub fn settings(&self) -> Trial {
        Trial {
            system_prompt: String::new(),
            provider: self.provider.clone(),
            chat_model: self.model.clone(),
            temperature: None,
            max_output_tokens: 1,
            retrieval: TrialRetrieval {
                enabled: false,
                top_k: 1,
                min_score: 0.0,
                rerank_provider: None,
                rerank_model: None,
            },
        }
    }
}

/// A rehearsal to be stored.
#[derive(Debug)]
pub struct NewRehearsal<'a> {
    /// Its id.
    pub id: Uuid,
    /// The settings that there are.
    pub now: &'a Trial,
    /// Those that are tried.
    pub changed: &'a Trial,
    /// Who compares the answers.
    pub judge: Option<&'a Judge>,
    /// Which questions are taken.
    pub sample: Sample,
    /// Of which time.
    pub period: Period,
    /// How many at most.
    pub questions: i64,
    /// What may be spent.
    pub budget: Usd,
}

/// What was answered with one of the settings.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = RehearsalSide)]
pub struct SideSummary {
    /// How many questions were answered.
    pub answered: i64,
    /// How many could not be.
    pub failed: i64,
    /// How many were answered without any document.
    pub no_source: i64,
    /// What all of it cost.
    pub cost: Usd,
    /// How long an answer took, on average, in milliseconds.
    pub millis: i64,
}

/// How many answers were found better.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = RehearsalVerdicts)]
pub struct VerdictCounts {
    /// Those of the settings that it began with.
    pub now: i64,
    /// Those of the changed settings.
    pub changed: i64,
    /// Neither was.
    pub same: i64,
}

/// A change of settings, tried on questions that were asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rehearsal {
    /// Its id.
    pub id: Uuid,
    /// How it stands.
    pub status: RehearsalStatus,
    /// What became of the changed settings; null while nobody has decided.
    pub decision: Option<Decision>,
    /// Why it stopped, or what it waits for, in a code and a sentence.
    pub note: Option<String>,
    /// The settings that it began with.
    pub now_settings: Trial,
    /// The changed ones.
    pub changed_settings: Trial,
    /// Who compares the answers; null for no model.
    pub judge: Option<Judge>,
    /// Which questions were taken.
    pub sample: Sample,
    /// Not asked before.
    pub sampled_from: DateTime<Utc>,
    /// Asked before.
    pub sampled_to: DateTime<Utc>,
    /// How many questions there are: those whose conversation is deleted meanwhile are gone.
    #[schema(example = 50)]
    pub questions: i64,
    /// What was answered with the settings that it began with.
    pub now: SideSummary,
    /// What was answered with the changed ones.
    pub changed: SideSummary,
    /// What people found.
    pub verdicts: VerdictCounts,
    /// What the judge found.
    pub judged: VerdictCounts,
    /// What may be spent.
    pub budget: Usd,
    /// What was, for the answers and the judge.
    pub spent: Usd,
    /// Who began it.
    pub created_by: Uuid,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended; null while it is running.
    pub ended_at: Option<DateTime<Utc>>,
    /// When somebody decided.
    pub decided_at: Option<DateTime<Utc>>,
}
