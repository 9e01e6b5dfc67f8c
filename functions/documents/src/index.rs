//! A document's vectors: made, stored, deleted.

use ai::Vector;
use db::{DocumentStatus, NewChunk, TenantAdmin};
use uuid::Uuid;
use web::{App, Result, VectorIndex};

/// Stores the vectors of a document and records how that ended. A provider's failure is the document's state,
/// not the request's: the text is kept, and the reason can be read.
pub(crate) async fn index(
    app: &App,
    admin: &TenantAdmin,
    document: Uuid,
    chunks: &[NewChunk],
    index: Result<Option<VectorIndex>>,
) -> Result<DocumentStatus> {
    let stored = match index {
        Ok(Some(index)) => store(app, &index, document, chunks).await,
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
    let mut tx = app.db.admin(admin).await?;
    tx.set_document_status(document, status, reason.as_deref())
        .await?;
    tx.commit().await?;
    Ok(status)
}

async fn store(app: &App, index: &VectorIndex, document: Uuid, chunks: &[NewChunk]) -> Result<()> {
    let texts: Vec<String> = chunks.iter().map(|chunk| chunk.text.clone()).collect();
    let values = app
        .ai
        .embed(&index.openai_key, &index.embedding_model, &texts)
        .await?;
    let vectors = chunks.iter().zip(values).map(|(chunk, values)| Vector {
        id: chunk.id.to_string(),
        values,
        document_id: document,
        chunk_id: chunk.id,
    });
    let vectors = vectors.collect();
    Ok(app
        .ai
        .upsert(&index.pinecone_key, &index.host, &index.namespace, vectors)
        .await?)
}

/// Deletes the vectors of a document's passages.
pub(crate) async fn forget(app: &App, index: &VectorIndex, chunks: &[Uuid]) -> Result<()> {
    let ids: Vec<String> = chunks.iter().map(Uuid::to_string).collect();
    Ok(app
        .ai
        .delete(&index.pinecone_key, &index.host, &index.namespace, &ids)
        .await?)
}
