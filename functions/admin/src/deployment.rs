//! `GET /admin/deployment`: how the deployment as a whole is.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use db::{Chore, ChoreDone, JobsOf, Superuser};
use serde::Serialize;
use service::DeploymentWarning;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Json, Result};

/// Chores are done every minute; one that is this late is not done.
const LATE: TimeDelta = TimeDelta::minutes(5);
/// A job that is due for so long is late.
const JOB_LATE: TimeDelta = TimeDelta::minutes(15);

/// How the deployment is.
#[derive(Serialize, ToSchema)]
#[schema(as = Deployment)]
pub(crate) struct DeploymentOutput {
    /// What should be seen to.
    warnings: Vec<DeploymentWarning>,
    /// What runs.
    versions: Versions,
    /// Tenants.
    tenants: TenantCounts,
    /// What is to be done, by kind.
    jobs: Vec<JobCounts>,
    /// Jobs that are not tried again until somebody asks for it, by tenant and kind.
    dead: Vec<DeadJobs>,
    /// What is done every minute, and how it went last.
    chores: Vec<ChoreOutput>,
}

/// What runs.
#[derive(Serialize, ToSchema)]
struct Versions {
    /// The program that answers.
    #[schema(example = "0.1.0")]
    program: &'static str,
    /// PostgreSQL.
    #[schema(example = "18.1")]
    database: String,
    /// The newest migration of the database.
    #[schema(example = 98)]
    migration: Option<i64>,
    /// The newest one that the program knows.
    #[schema(example = 98)]
    known_migration: i64,
    /// Of which day the prices of models are.
    #[schema(example = "2026-11-20")]
    prices: String,
}

/// How many tenants there are.
#[derive(Serialize, ToSchema)]
struct TenantCounts {
    /// All.
    all: i64,
    /// Those that are suspended.
    suspended: i64,
}

/// Jobs of one kind.
#[derive(Serialize, ToSchema)]
struct JobCounts {
    /// `extract`, `index`, `forget`, `purge`, `sync` or `rehearse`.
    #[schema(example = "extract")]
    kind: String,
    /// Those that wait for their turn, or for their next attempt.
    waiting: i64,
    /// Those that are worked on.
    running: i64,
    /// Those that are not tried again.
    dead: i64,
    /// Since when the oldest that waits is due; in the future, if it is to be tried again then.
    oldest: Option<DateTime<Utc>>,
}

/// Jobs of a tenant that are not tried again.
#[derive(Serialize, ToSchema)]
struct DeadJobs {
    /// The tenant.
    tenant_id: Uuid,
    /// Its short name.
    #[schema(example = "acme")]
    slug: String,
    /// Its name.
    #[schema(example = "Acme")]
    name: String,
    /// As of `jobs`.
    #[schema(example = "extract")]
    kind: String,
    /// How many.
    jobs: i64,
    /// When the first of them was due.
    oldest: DateTime<Utc>,
}

/// How a chore went last.
#[derive(Serialize, ToSchema)]
struct ChoreOutput {
    /// Which.
    task: Chore,
    /// When it was done last; `null` if it never was.
    done_at: Option<DateTime<Utc>>,
    /// How long that took, in milliseconds.
    took_ms: Option<i64>,
    /// How much it changed.
    changed: Option<i64>,
    /// When it could not be done last. Why is in the log.
    failed_at: Option<DateTime<Utc>>,
}

/// How the deployment as a whole is: what runs, what is to be done, what could not be, and what should be seen to. It tells nothing
/// of what tenants say and know.
#[utoipa::path(get, path = "/admin/deployment", operation_id = "getDeployment", tag = "admin", responses(
    (status = 200, body = DeploymentOutput), (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    superuser: Superuser,
) -> Result<Json<DeploymentOutput>> {
    let mut tx = app.db.platform(&superuser).await?;
    let schema = tx.schema().await?;
    let (all, suspended) = tx.tenant_counts().await?;
    let jobs = tx.jobs().await?;
    let chores = tx.chores().await?;
    let chosen = tx.chosen_models().await?;
    tx.commit().await?;
    let known_migration = db::newest_migration();
    let now = app.clock.now();
    let mut warnings = app.deployment_warnings(&chosen);
    if let Some(newer) = schema.migration.filter(|newest| *newest > known_migration) {
        warnings.insert(0, DeploymentWarning::outdated(newer));
    }
    warnings.extend(chores_late(&chores, now));
    warnings.extend(jobs_late(&jobs, now));
    Ok(Json(DeploymentOutput {
        warnings,
        versions: Versions {
            program: env!("CARGO_PKG_VERSION"),
            database: schema.server,
            migration: schema.migration,
            known_migration,
            prices: app.ai.models().version().to_owned(),
        },
        tenants: TenantCounts { all, suspended },
        dead: dead(&jobs),
        jobs: by_kind(&jobs),
        chores: Chore::ALL.map(|task| last(task, &chores)).into(),
    }))
}

/// What has not been done for long, or could not be done last.
fn chores_late(
    chores: &[ChoreDone],
    now: DateTime<Utc>,
) -> impl Iterator<Item = DeploymentWarning> {
    let is_late = move |done: &ChoreDone| done.done_at.is_none_or(|at| now - at > LATE);
    Chore::ALL.into_iter().filter_map(move |task| {
        let known = chores.iter().find(|done| done.task == task);
        known
            .is_none_or(is_late)
            .then(|| DeploymentWarning::chore_late(task, known.and_then(|done| done.done_at)))
    })
}

fn jobs_late(jobs: &[JobsOf], now: DateTime<Utc>) -> Option<DeploymentWarning> {
    let late = jobs
        .iter()
        .filter(|of| of.state == "waiting" && now - of.oldest > JOB_LATE);
    let oldest = late.map(|of| of.oldest).min()?;
    Some(DeploymentWarning::jobs_late(oldest))
}

fn by_kind(jobs: &[JobsOf]) -> Vec<JobCounts> {
    let mut kinds: Vec<&str> = jobs.iter().map(|of| &*of.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let count = |kind: &str, state: &str| {
        let those = jobs
            .iter()
            .filter(|of| of.kind == kind && of.state == state);
        those.map(|of| of.jobs).sum()
    };
    let counts = kinds.into_iter().map(|kind| {
        let waiting = jobs
            .iter()
            .filter(|of| of.kind == kind && of.state == "waiting");
        JobCounts {
            waiting: count(kind, "waiting"),
            running: count(kind, "running"),
            dead: count(kind, "dead"),
            oldest: waiting.map(|of| of.oldest).min(),
            kind: kind.to_owned(),
        }
    });
    counts.collect()
}

fn dead(jobs: &[JobsOf]) -> Vec<DeadJobs> {
    let dead = jobs.iter().filter(|of| of.state == "dead");
    let dead = dead.map(|of| DeadJobs {
        tenant_id: of.tenant_id,
        slug: of.slug.clone(),
        name: of.name.clone(),
        kind: of.kind.clone(),
        jobs: of.jobs,
        oldest: of.oldest,
    });
    dead.collect()
}

fn last(task: Chore, chores: &[ChoreDone]) -> ChoreOutput {
    let known = chores.iter().find(|done| done.task == task);
    ChoreOutput {
        task,
        done_at: known.and_then(|done| done.done_at),
        took_ms: known.and_then(|done| done.took_ms),
        changed: known.and_then(|done| done.changed),
        failed_at: known.and_then(|done| done.failed_at),
    }
}
