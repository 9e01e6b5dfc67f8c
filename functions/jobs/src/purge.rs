//! What is to be gone: documents, and vectors that nothing refers to.

use crate::worker::Step;
use db::{Caller, Job, LeftOver};
use service::{Result, Service};

/// Deletes the vectors of passages that were replaced.
pub(crate) async fn forget(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    service.forget_vectors(caller, job.chunks()).await?;
    match service.db.job(job).await? {
        Some(tx) => {
            tx.finish().await?;
            Ok(Step::Done)
        }
        None => Ok(Step::Lost),
    }
}

/// Deletes some more of a document: its vectors, then its rows.
pub(crate) async fn step(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    let may_have_vectors = service.may_have_vectors(caller).await?;
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let chunks = match tx.left_over(may_have_vectors).await? {
        LeftOver::Vectors(chunks) => chunks,
        LeftOver::Rows => {
            return Ok(match tx.delete_rows().await? {
                true => Step::Done,
                false => Step::More,
            });
        }
    };
    // No connection is held while the index is asked.
    drop(tx);
    service.forget_vectors(caller, &chunks).await?;
    match service.db.job(job).await? {
        Some(tx) => {
            tx.note_forgotten(chunks.len()).await?;
            Ok(Step::More)
        }
        None => Ok(Step::Lost),
    }
}
