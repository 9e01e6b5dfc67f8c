//! Vectors of a document's passages.

use crate::worker::Step;
use db::{Caller, Job, VectorsStatus};
use service::{Result, Service, ToEmbed};

/// So many passages are sent at a time: at most some 20,000 tokens, which is little to send twice.
const BATCH: i64 = 64;

/// Stores the vectors of the next passages that have none.
pub(crate) async fn step(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    if !service.keeps_vectors(caller) {
        tx.end_vectors(VectorsStatus::None).await?;
        return Ok(Step::Done);
    }
    let bare = tx.bare_chunks(BATCH).await?;
    let Some(last) = bare.last().map(|chunk| chunk.ordinal) else {
        tx.end_vectors(VectorsStatus::Ready).await?;
        serve(service, caller).await;
        return Ok(Step::Done);
    };
    // No connection is held while others are asked.
    drop(tx);
    let passages = bare.into_iter().map(|chunk| ToEmbed {
        id: chunk.id,
        text: chunk.text,
    });
    let passages: Vec<ToEmbed> = passages.collect();
    service
        .store_vectors(caller, job.document_id(), &passages)
        .await?;
    match service.db.job(job).await? {
        Some(tx) => {
            tx.note_vectors(last).await?;
            Ok(Step::More)
        }
        None => Ok(Step::Lost),
    }
}

/// Has vectors serve that are whole, now that a document has its own, or will have none.
pub(crate) async fn serve(service: &Service, caller: &Caller) {
    if let Err(e) = service.serve_what_is_whole(caller).await {
        // The next document's end does it.
        tracing::warn!(
            code = e.code(),
            "vectors that are whole do not serve yet, or others were not cleared away"
        );
    }
}
