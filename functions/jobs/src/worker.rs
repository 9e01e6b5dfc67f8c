//! Who works: takes jobs, one after the other, and says that it is alive while it does them.

use crate::{extract, index, purge, rehearse, sync};
use anyhow::anyhow;
use db::{Again, Caller, Job, JobKind, Lane, RehearsalStatus};
use futures_util::{TryStreamExt, stream};
use service::{Error, Result, Service, told};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::sleep};
use tracing::{Instrument, Span, field::Empty};

/// How many jobs one process does at the same time.
const AT_ONCE: usize = 2;
/// How many connectors it reads, and rehearsals it does, beside them: both wait for others most of the time.
const SYNCS: usize = 8;
/// The same where a schedule has it work. No more than one tenant may have read at once: else those that wait for that would look as if
/// there were none.
const DRAINED: usize = 4;
/// How long until it looks again there, while others may make more to do.
const LOOK: Duration = Duration::from_millis(100);
/// How long until somebody looks for jobs whom nobody tells of them.
const POLL: Duration = Duration::from_secs(5);
/// How often whoever works says that it is alive: several times while that is believed without it.
const BEAT: Duration = Duration::from_secs(15);
/// How long a job is worked on before it gives way to others' jobs.
const SLICE: Duration = Duration::from_secs(20);
/// The same of a connector that is read, or a rehearsal: others wait for its place.
const SYNC_SLICE: Duration = Duration::from_secs(5);
/// How often a job is begun without getting on; then it is left until somebody asks for it. With the pauses between, two hours.
const ATTEMPTS: i32 = 12;
/// The pause after which a deletion is tried that only a person can help, who may have.
const HOUR: f64 = 3600.0;

/// How far a job came.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// There is more to do.
    More,
    /// It is done, and its row is gone, or waits until it is due again.
    Done,
    /// It is somebody else's, or nobody's, by now.
    Lost,
}

/// Does jobs as they come until the service stops.
pub(crate) async fn work(service: Arc<Service>) {
    tokio::join!(
        work_in(&service, Lane::Documents, AT_ONCE),
        work_in(&service, Lane::Connectors, SYNCS),
    );
}

async fn work_in(service: &Arc<Service>, lane: Lane, at_once: usize) {
    let places = Arc::new(Semaphore::new(at_once));
    while !service.draining.is_cancelled() {
        // Nobody closes it.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match service.db.take_job(lane).await {
            Ok(Some(job)) => {
                let by = service.clone();
                service.tasks.spawn(async move {
                    run(&by, &job).await;
                    drop(place);
                });
                continue;
            }
            Ok(None) => {}
            Err(e) => tracing::error!(error = told(&e), "no job could be taken"),
        }
        drop(place);
        tokio::select! {
            () = service.db.job_queued(lane) => {}
            () = sleep(POLL) => {}
            () = service.draining.cancelled() => {}
        }
    }
}

/// Does the jobs that are due: what concerns documents one after the other, and connectors beside that. Begins none after `until`.
///
/// # Errors
/// The database is away, and nothing is being done.
pub async fn drain(service: &Service, until: Instant) -> Result<()> {
    let drain = Drain {
        service,
        until,
        busy: AtomicUsize::new(0),
    };
    tokio::try_join!(
        drain.lane(Lane::Documents, 1),
        drain.lane(Lane::Connectors, DRAINED),
    )?;
    Ok(())
}

/// Jobs that are done until there are none.
struct Drain<'a> {
    service: &'a Service,
    until: Instant,
    /// How many are taken or done at the moment, in all lanes: each may lead to more.
    busy: AtomicUsize,
}

impl Drain<'_> {
    async fn lane(&self, lane: Lane, at_once: usize) -> Result<()> {
        let jobs = stream::try_unfold((), move |()| async move {
            let job = self.next(lane).await?;
            Ok::<_, Error>(job.map(|job| (job, ())))
        });
        jobs.try_for_each_concurrent(at_once, |job| async move {
            run(self.service, &job).await;
            self.busy.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        })
        .await
    }

    /// The next job of a lane; none when there is nothing to do in any.
    async fn next(&self, lane: Lane) -> Result<Option<Job>> {
        while Instant::now() < self.until {
            self.busy.fetch_add(1, Ordering::Relaxed);
            let taken = self.service.db.take_job(lane).await;
            if let Ok(Some(job)) = taken {
                return Ok(Some(job));
            }
            if self.busy.fetch_sub(1, Ordering::Relaxed) == 1 {
                return Ok(taken?);
            }
            // What others are at must not end with it.
            if let Err(e) = taken {
                tracing::error!(error = told(&e), "no job could be taken");
            }
            sleep(LOOK).await;
        }
        Ok(None)
    }
}

/// Works on a job until it is done, gives way, fails, or is taken away.
async fn run(service: &Service, job: &Job) {
    let (kind, begun) = (job.kind().name(), Instant::now());
    let work = async {
        let ended = tokio::select! {
            ended = slice(service, job) => ended,
            () = beat(service, job) => Ok(Step::Lost),
            () = service.stop.cancelled() => Ok(Step::More),
        };
        if let Err(e) = &ended {
            traces::failed(&Span::current(), e.code());
        }
        ended
    };
    let span = tracing::info_span!(
        target: traces::TARGET,
        "job",
        otel.name = format!("job {kind}"),
        otel.kind = "consumer",
        tenant_id = Empty,
    );
    let ended = work.instrument(span).await;
    let outcome = match &ended {
        Ok(Step::Done) => "done",
        Ok(Step::More) => "gave_way",
        Ok(Step::Lost) => "lost",
        Err(_) => "failed",
    };
    let timings = &service.timings;
    timings.job(kind, outcome, job.waited(), begun.elapsed());
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
    Span::current().record("tenant_id", caller.tenant_id().to_string());
    let slice = match job.kind() {
        JobKind::Sync | JobKind::Rehearse => SYNC_SLICE,
        _ => SLICE,
    };
    let end = Instant::now() + slice;
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
        JobKind::Sync => sync::step(service, job, caller.tenant_id()).await,
        JobKind::Rehearse => rehearse::step(service, job, caller).await,
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
    let (kind, code) = (job.kind(), e.code());
    let (again, ends_run) = match (kind, again(job, e)) {
        // Nothing that somebody wants gone is given up, nor what is read again and again.
        (JobKind::Purge | JobKind::Forget, Again::Never) => (Again::Unbegun(HOUR), false),
        (JobKind::Sync, Again::Never) => (Again::Unbegun(HOUR), true),
        (_, again) => (again, false),
    };
    match again {
        Again::Never => {
            tracing::error!(job_id = %job.id(), ?kind, code, error = told(e), "a job failed for good")
        }
        _ => {
            tracing::warn!(job_id = %job.id(), ?kind, code, error = told(e), "a job failed and is tried again")
        }
    }
    // Who is given up last may be what others' vectors waited for. Asked before a connection is held.
    let caller = match (kind, again) {
        (JobKind::Index, Again::Never) => {
            let now = service.clock.now();
            service.db.job_caller(job, now).await?
        }
        _ => None,
    };
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(());
    };
    let reason = format!("{code}: {e}");
    if (kind, again) == (JobKind::Rehearse, Again::Never) {
        return Ok(tx
            .end_rehearsal(RehearsalStatus::Stopped, Some(&reason))
            .await?);
    }
    let run = if ends_run { tx.running().await? } else { None };
    if let Some(run) = run {
        return Ok(tx.end_run(run.id, Some(&reason)).await?);
    }
    tx.fail(kind, &reason, again).await?;
    if let Some(caller) = caller {
        index::serve(service, &caller).await;
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
    if is_over { Again::Never } else { again }
}
