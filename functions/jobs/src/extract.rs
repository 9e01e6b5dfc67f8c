//! Reading files: each by a process of its own, and all at once or not at all.

use crate::worker::Step;
use anyhow::Context;
use db::{Again, Caller, FileFacts, Job, JobKind, NewDocument, NextFile};
use extract::{Failure, Format, passages, pieces, with_plain_lines};
use service::{Part, Passages, Result, Service};
use tokio::task::spawn_blocking;

/// What a file says, ready to be stored.
struct Read {
    text: String,
    language: Option<String>,
    passages: Passages,
    facts: FileFacts,
}

/// Puts what a file says into the place of what its document was.
pub(crate) async fn step(service: &Service, job: &Job, caller: &Caller) -> Result<Step> {
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let Some(mut file) = tx.next_file().await? else {
        tx.finish().await?;
        return Ok(Step::Done);
    };
    // No connection is held while it is read.
    drop(tx);
    let content = std::mem::take(&mut file.content);
    let read = match read(service, &file, content).await? {
        Ok(read) => read,
        Err(failure) => {
            let reason = format!("{}: {failure}", failure.code());
            return refuse(service, job, &reason).await;
        }
    };
    let Some(tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let hash = file.hash.as_slice().try_into();
    let new = NewDocument {
        id: job.document_id(),
        title: &file.title,
        text: &read.text,
        hash: &hash.context("a file's hash is none")?,
        source_url: file.source_url.as_deref(),
        // Those of the document stay.
        groups: &[],
        language: read.language.as_deref(),
        metadata: &file.metadata,
        chunks: &read.passages.chunks,
        words: &read.passages.words,
        keeps_vectors: service.keeps_vectors(caller),
    };
    match tx.end_extract(&new, read.facts, job.whom()).await {
        Ok(()) => Ok(Step::Done),
        Err(e) if e.is_constraint("documents_hash") => {
            wait_or_refuse(service, job, &file.hash).await
        }
        Err(e) => Err(e.into()),
    }
}

/// Another document says this: waits until it may say something else, if that is to be expected.
async fn wait_or_refuse(service: &Service, job: &Job, hash: &[u8]) -> Result<Step> {
    let Some(mut tx) = service.db.job(job).await? else {
        return Ok(Step::Lost);
    };
    let reason =
        "document_exists: Another document has this title and content. Delete one of the two.";
    let again = match tx.may_make_way(hash).await? {
        true => Again::Later(0.0),
        false => Again::Never,
    };
    tx.fail(JobKind::Extract, reason, again).await?;
    Ok(Step::Done)
}

/// What will not change by itself is not tried again by itself.
async fn refuse(service: &Service, job: &Job, reason: &str) -> Result<Step> {
    match service.db.job(job).await? {
        Some(tx) => {
            tx.fail(JobKind::Extract, reason, Again::Never).await?;
            Ok(Step::Done)
        }
        None => Ok(Step::Lost),
    }
}

async fn read(
    service: &Service,
    file: &NextFile,
    content: Vec<u8>,
) -> Result<std::result::Result<Read, Failure>> {
    let (title, language) = (file.title.clone(), file.language.clone());
    let Some(name) = &file.name else {
        let text = String::from_utf8(content).context("a text is none")?;
        let facts = FileFacts {
            media_type: Format::Text.media_type(),
            pages: None,
        };
        let read = spawn_blocking(move || {
            let parts = parts_of_text(&text);
            Read::new(&title, language, text, parts, facts)
        });
        return Ok(Ok(read.await.context("a text could not be cut")?));
    };
    let program = &service.config.program;
    let extracted = match extract::read_apart(program, name, &content).await? {
        Ok(extracted) => extracted,
        Err(failure) => return Ok(Err(failure)),
    };
    drop(content);
    let read = spawn_blocking(move || {
        let facts = FileFacts {
            media_type: extracted.format.media_type(),
            pages: extracted.pages,
        };
        let parts = pieces(&extracted.blocks).into_iter();
        let parts = parts
            .map(|piece| (piece.text, piece.page, piece.heading))
            .collect();
        Read::new(&title, language, extracted.text(), parts, facts)
    });
    Ok(Ok(read.await.context("a file could not be cut")?))
}

fn parts_of_text(text: &str) -> Vec<Part> {
    let text = with_plain_lines(text);
    let pieces = passages(&text).into_iter();
    pieces
        .map(|piece| (piece.to_owned(), None, Vec::new()))
        .collect()
}

impl Read {
    fn new(
        title: &str,
        language: Option<String>,
        text: String,
        parts: Vec<Part>,
        facts: FileFacts,
    ) -> Self {
        let told = || service::language_of(&text).map(str::to_owned);
        Self {
            language: language.or_else(told),
            passages: Passages::of(title, parts),
            text,
            facts,
        }
    }
}
