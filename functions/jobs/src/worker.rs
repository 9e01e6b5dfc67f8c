//! Who works: takes jobs, one after the other, and says that it is alive while it does them.

use crate::{extract, index, purge};
use anyhow::anyhow;
use db::{Again, Caller, Job, JobKind};
use service::{Error, Result, Service, told};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::sleep};

/// How many jobs one process does at the same time.
const AT_ONCE: usize = 2;
/// How long until somebody looks for jobs whom nobody tells of them.
const POLL: Duration = Duration::from_secs(5);
/// How often whoever works says that it is alive: several times while that is believed without it.
const BEAT: Duration = Duration::from_secs(15);
/// How long a job is worked on before it gives way to others' jobs.
const SLICE: Duration = Duration::from_secs(20);
/// How often a job is begun without getting on; then it is left until somebody asks for it. With the pauses between, two hours.
const ATTEMPTS: i32 = 12;
/// The pause after which a deletion is tried that only a person can help, who may have.
const HOUR: f64 = 3600.0;

/// How far a job came.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// There is more to do.
    More,
    /// It is done, and its row is gone.
    Done,
    /// It is somebody else's, or nobody's, by now.
    Lost,
}

/// Does jobs as they come until the service stops.
pub(crate) async fn work(service: Arc<Service>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while !service.draining.is_cancelled() {
        // Nobody closes it.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let taken = service.db.take_job().await;
        if let Err(e) = &taken {
            tracing::error!(error = told(e), "no job could be taken");
        }
        if let Ok(Some(job)) = taken {
            let by = service.clone();
            service.tasks.spawn(async move {
                run(&by, &job).await;
                drop(place);
            });
            continue;
        }
        drop(place);
        tokio::select! {
            () = service.db.job_queued() => {}
            () = sleep(POLL) => {}
            () = service.draining.cancelled() => {}
        }
    }
}

/// Does the jobs that are due, one after the other; begins none after `until`.
///
/// # Errors
/// The database is away.
pub async fn drain(service: &Service, until: Instant) -> Result<()> {
    while Instant::now() < until {
        match service.db.take_job().await? {
            Some(job) => run(service, &job).await,
            None => break,
        }
    }
    Ok(())
}

/// Works on a job until it is done, gives way, fails, or is taken away.
async fn run(service: &Service, job: &Job) {
    let ended = tokio::select! {
        ended = slice(service, job) => ended,
        () = beat(service, job) => Ok(Step::Lost),
        () = service.stop.cancelled() => Ok(Step::More),
    };
    let put_back = match ended {
        Ok(Step::Done | Step::Lost) => Ok(()),
        Ok(Step::More) => give_way(service, job).await,
        Err(e) => failed(service, job, &e).await,
    };
    if let Err(e) = put_back {
        // Whoever finds that its lease has run out goes on with it.
        tracing::error!(job_id = %job.id(), error = told(&e), "a job could not be put back");
    }
}

async fn slice(service: &Service, job: &Job) -> Result<Step> {
    if job.attempts() > ATTEMPTS {
        return Err(anyhow!("it was begun too often without getting on").into());
    }
    let now = service.clock.now();
    let Some(caller) = service.db.job_caller(job, now).await? else {
        return Ok(Step::More);
    };
    let end = Instant::now() + SLICE;
    loop {
        match step(service, job, &caller).await? {
            Step::More if Instant::now() < end && !service.draining.is_cancelled() => {}
            ended => return Ok(ended),
        }
    }
}

async fn step(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    match job.kind() {
        JobKind::Index => index::step(service, job, caller).await,
        JobKind::Forget => purge::forget(service, job, caller).await,
        JobKind::Purge => purge::step(service, job, caller).await,
        JobKind::Extract => extract::step(service, job, caller).await,
    }
}

/// Returns when the job is no longer this process's.
async fn beat(service: &Service, job: &Job) {
    loop {
        sleep(BEAT).await;
        match service.db.keep_job(job).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(e) => tracing::warn!(error = told(&e), "a job's lease could not be extended"),
        }
    }
}

async fn give_way(service: &Service, job: &Job) -> Result<()> {
    if let Some(tx) = service.db.job(job).await? {
        tx.yield_now().await?;
    }
    Ok(())
}

async fn failed(service: &Service, job: &Job, e: &Error) -> Result<()> {
    let again = again(job, e);
    let (kind, code) = (job.kind(), e.code());
    match again {
        Again::Never => {
            tracing::error!(job_id = %job.id(), ?kind, code, error = told(e), "a job failed for good")
        }
        _ => {
            tracing::warn!(job_id = %job.id(), ?kind, code, error = told(e), "a job failed and is tried again")
        }
    }
    if let Some(tx) = service.db.job(job).await? {
        tx.fail(kind, &format!("{code}: {e}"), again).await?;
    }
    Ok(())
}

/// When a job that failed is tried again.
fn again(job: &Job, e: &Error) -> Again {
    let again = match e {
        Error::Limit(limit) => Again::Unbegun(i32::try_from(limit.reset).map_or(HOUR, f64::from)),
        Error::Provider(ai) => match ai.retry_after() {
            Some(pause) => Again::Later(pause.as_secs_f64()),
            None if ai.retryable() => Again::Later(0.0),
            None => Again::Never,
        },
        Error::KeyUnavailable(..) | Error::Unpriced(_) | Error::Invalid(_) => Again::Never,
        _ => Again::Later(0.0),
    };
    let is_over = job.attempts() >= ATTEMPTS && matches!(again, Again::Later(_));
    let again = if is_over { Again::Never } else { again };
    match (job.kind(), again) {
        // Nothing that somebody wants gone is given up.
        (JobKind::Purge | JobKind::Forget, Again::Never) => Again::Unbegun(HOUR),
        (_, again) => again,
    }
}
