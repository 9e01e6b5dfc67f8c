//! What the service does when nobody asks: every minute, in the container by itself, on AWS by a schedule.

use service::Service;
use std::sync::Arc;
use std::time::Duration;

/// How long from one run to the next.
const PAUSE: Duration = Duration::from_secs(60);

/// Does everything there is to do, once.
///
/// # Errors
/// The database could not do it; the next run tries again.
pub async fn run(service: &Service) -> anyhow::Result<()> {
    let swept = service.db.sweep().await?;
    if swept != Default::default() {
        tracing::info!(
            answers = swept.answers,
            documents = swept.documents,
            logins = swept.logins,
            "put right what was left behind"
        );
    }
    let purged = service.db.purge_chats().await?;
    if purged > 0 {
        tracing::info!(
            conversations = purged,
            "deleted what its tenant keeps no longer"
        );
    }
    keep_ledger(service).await
}

/// Adds up the days that are over, makes the months that are to come, and drops those that are kept no longer.
async fn keep_ledger(service: &Service) -> anyhow::Result<()> {
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
    Ok(())
}

/// Runs again and again until the service stops.
pub async fn repeat(service: Arc<Service>) {
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
