//! A document's vectors: made, stored, deleted.

use ai::Vector;
use db::{Caller, DocumentStatus, NewChunk};
use service::{Result, VectorIndex};
use uuid::Uuid;
use web::{App, Manager};

/// Stores the vectors of a document and records how that ended. A provider's failure is the document's state,
/// not the request's: the text is kept, and the reason can be read.
pub(crate) async fn index(
    app: &App,
    at: &Manager,
    document: Uuid,
    chunks: &[NewChunk],
    index: Result<Option<VectorIndex>>,
) -> Result<DocumentStatus> {
    let stored = match index {
        Ok(Some(index)) => store(app, &at.caller, &index, document, chunks).await,
        Ok(None) => Ok(()),
        Err(e) => Err(e),
    };
    let (status, reason) = match stored {
        Ok(()) => (DocumentStatus::Ready, None),
        Err(e) => {
            tracing::warn!(code = e.code(), "a document could not be indexed");
            (DocumentStatus::Failed, Some(format!("{}: {e}", e.code())))
        }
    };
    let mut tx = app.db.admin(&at.admin).await?;
    tx.set_document_status(document, status, reason.as_deref())
        .await?;
    tx.commit().await?;
    Ok(status)
}

/// Stores the vectors of a document's passages.
pub(crate) async fn store(
    app: &App,
    caller: &Caller,
    index: &VectorIndex,
    document: Uuid,
    chunks: &[NewChunk],
) -> Result<()> {
    let texts: Vec<String> = chunks.iter().map(|chunk| chunk.text.clone()).collect();
    let values = app.embed_within_limits(caller, index, &texts).await?;
    let vectors = chunks.iter().zip(values).map(|(chunk, values)| Vector {
        id: chunk.id.to_string(),
        values,
        document_id: document,
        chunk_id: chunk.id,
    });
    let vectors = vectors.collect();
    let stored = app
        .ai
        .upsert(&index.pinecone_key, &index.host, &index.namespace, vectors)
        .await;
    app.answered(caller, "pinecone", stored).await
}

/// Deletes the vectors of a document's passages.
pub(crate) async fn forget(
    app: &App,
    caller: &Caller,
    index: &VectorIndex,
    chunks: &[Uuid],
) -> Result<()> {
    let ids: Vec<String> = chunks.iter().map(Uuid::to_string).collect();
    let gone = app
        .ai
        .delete(&index.pinecone_key, &index.host, &index.namespace, &ids)
        .await;
    app.answered(caller, "pinecone", gone).await
}
