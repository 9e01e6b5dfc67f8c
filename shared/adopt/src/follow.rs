//! Goes on copying what is written there until the switch.

use crate::{
    AdoptError, Done, Options, Progress, Report, Target,
    run::{copy, copy_since},
};
use std::{
    pin::pin,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long to wait between two looks, and after one that failed.
const EVERY: Duration = Duration::from_secs(2);
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What became of one look.
#[derive(Debug)]
pub enum Look {
    /// Everything there was is copied: so much, in so long. Looks for what changes follow.
    Everything(Done, Duration),
    /// It copied so much, and took so long.
    Copied(Done, Duration),
    /// A database was not there; the next look copies it.
    Failed(AdoptError),
}

/// Copies everything, then what has changed, again and again, until `stop` ends; then once more, and that is the last.
///
/// # Errors
/// As [`copy`]. A database that is lost later is waited for.
pub async fn follow<S: Future<Output = ()>>(
    options: &Options,
    target: &mut Target<'_>,
    report: &mut Report,
    progress: &mut (dyn FnMut(Progress) + Send),
    told: &mut dyn FnMut(&Look),
    stop: impl FnOnce() -> S,
) -> Result<(), AdoptError> {
    let began = Instant::now();
    let mut seen = copy(options, target, report, progress).await?;
    told(&Look::Everything(report.copied, began.elapsed()));
    // Until then whoever ends it ends it at once.
    let mut stop = pin!(stop());
    let mut pause = EVERY;
    let mut is_last = false;
    while !is_last {
        tokio::select! {
            () = &mut stop => is_last = true,
            () = sleep(pause) => {}
        }
        let began = Instant::now();
        let mut changed = Report::default();
        let look = match copy_since(options, target, &seen, &mut changed).await {
            Ok(now) => {
                seen = now;
                pause = EVERY;
                report.copied.add(&changed.copied);
                Look::Copied(changed.copied, began.elapsed())
            }
            Err(e) if is_last || !is_passing(&e) => return Err(e),
            Err(e) => {
                pause = AFTER_FAILURE;
                Look::Failed(e)
            }
        };
        told(&look);
    }
    Ok(())
}

/// Whether the next look may find it otherwise.
fn is_passing(error: &AdoptError) -> bool {
    matches!(
        error,
        AdoptError::Lost(_)
            | AdoptError::Unreachable(_)
            | AdoptError::Target(_)
            | AdoptError::Operator(_)
    )
}
