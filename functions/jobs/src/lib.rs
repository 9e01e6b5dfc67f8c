//! What the service does when nobody asks: every minute, in the container by itself, on AWS by a schedule.

mod extract;
mod index;
mod purge;
mod rehearse;
mod sync;
mod worker;

pub use worker::drain;

use db::Chore;
use service::Service;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long from one run to the next.
const PAUSE: Duration = Duration::from_secs(60);

/// For so long a run by a schedule begins jobs; the last of them may take until the next run but one.
const DRAIN: Duration = Duration::from_secs(45);

/// Does everything there is to do, once, and jobs for most of a minute.
///
/// # Errors
/// The database could not do it; the next run tries again.
pub async fn run_and_drain(service: &Service) -> anyhow::Result<()> {
    let until = Instant::now() + DRAIN;
    run(service).await?;
    Ok(drain(service, until).await?)
}

/// Does everything there is to do but jobs, once.
///
/// # Errors
/// The database could not do it; the next run tries again.
pub async fn run(service: &Service) -> anyhow::Result<()> {
    let swept = noted(service, Chore::Sweep, service.db.sweep(), |swept| {
        swept.answers + swept.documents + swept.logins
    });
    let swept = swept.await?;
    if swept != Default::default() {
        tracing::info!(
            answers = swept.answers,
            documents = swept.documents,
            logins = swept.logins,
            "put right what was left behind"
        );
    }
    let purged = noted(service, Chore::Chats, service.db.purge_chats(), |all| *all);
    let purged = purged.await?;
    if purged > 0 {
        tracing::info!(
            conversations = purged,
            "deleted what its tenant keeps no longer"
        );
    }
    let visitors = service.db.purge_visitors();
    let visitors = noted(service, Chore::Visitors, visitors, |all| *all).await?;
    if visitors > 0 {
        tracing::info!(visitors, "deleted visitors whom their sites keep no longer");
    }
    noted(service, Chore::Ledger, keep_ledger(service), |calls| *calls).await?;
    Ok(())
}

/// Does it, and writes down how it went, for whoever looks after the deployment.
async fn noted<T, E: Into<anyhow::Error>>(
    service: &Service,
    chore: Chore,
    work: impl Future<Output = Result<T, E>>,
    changed: impl Fn(&T) -> i64,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    let done = work.await.map_err(Into::into);
    let (at, took) = (service.clock.now(), begun.elapsed());
    let noted = service
        .db
        .note_chore(chore, at, took, done.as_ref().ok().map(changed));
    match (done, noted.await) {
        (Ok(done), noted) => noted.map(|()| done).map_err(Into::into),
        // What failed counts, not that it could not be written down.
        (Err(e), _) => Err(e),
    }
}

/// Adds up the days that are over, makes the months that are to come, and drops those that are kept no longer; how many calls were
/// added up.
async fn keep_ledger(service: &Service) -> anyhow::Result<i64> {
    let rolled = service.db.roll_up_usage().await;
    // What is not in the sums yet must not go; months that are to come are made anyway.
    let is_whole = rolled.as_ref().is_ok_and(|rolled| !rolled.is_busy);
    let months = is_whole.then_some(service.config.ledger_months);
    let kept = service.db.keep_ledger(months).await?;
    let calls = rolled?.calls;
    if calls > 0 {
        tracing::info!(calls, "added up days that are over");
    }
    if kept != Default::default() {
        tracing::info!(
            made = kept.made,
            dropped = kept.dropped,
            "changed the months of the ledger"
        );
    }
    Ok(calls)
}

/// Works until the service stops: on jobs as they come, and every minute on everything else.
pub async fn repeat(service: Arc<Service>) {
    tokio::join!(worker::work(service.clone()), sweep(service));
}

async fn sweep(service: Arc<Service>) {
    loop {
        if let Err(e) = run(&service).await {
            tracing::error!(
                error = service::told(e.as_ref()),
                "the background jobs failed"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = service.draining.cancelled() => return,
        }
    }
}
