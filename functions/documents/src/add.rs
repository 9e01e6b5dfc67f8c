//! `POST /documents`: a text that answers may draw on.

use crate::{
    index::index,
    passages::{passages, with_plain_lines},
};
use anyhow::Context;
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, DocumentStatus, NewChunk, NewDocument};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::spawn_blocking};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Manager, Repeatable, Result};

/// A text of so many bytes is cut faster than another thread is woken for it.
const CUT_AT_ONCE: usize = 16 * 1024;

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddDocumentRequest)]
pub(crate) struct AddDocument {
    /// Its title, 1 to 300 characters; answers cite it.
    #[schema(min_length = 1, max_length = 300, example = "Refunds")]
    title: String,
    /// The text itself, not only blanks; the whole request may have 2 MiB.
    #[schema(min_length = 1, example = "Refunds take 14 days.")]
    text: String,
    /// Its language, as a code of two or three letters (ISO 639); absent, it is found out. The words of a language that is
    /// known are found in all their forms.
    #[schema(
        min_length = 2,
        max_length = 3,
        pattern = "^[a-z]{2,3}$",
        example = "en"
    )]
    language: Option<String>,
    /// Where it is published, http or https, at most 2000 characters.
    #[schema(max_length = 2000, example = "https://www.acme.example/refunds")]
    source_url: Option<String>,
}

/// A document that was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedDocument)]
pub(crate) struct Added {
    /// Its id.
    id: Uuid,
    /// How far its indexing is.
    #[schema(value_type = DocumentStatus, example = "ready")]
    status: DocumentStatus,
}

/// Adds a text. Passages of it can be found at once, by full text and, where the tenant has an index, by vector.
#[utoipa::path(post, path = "/documents", operation_id = "addDocument", tag = "documents", params(web::IdempotencyKey), request_body = AddDocument, responses(
    (status = 202, body = Added), (status = 403),
    (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` added the document, which was deleted."),
))]
pub(crate) async fn add(
    State(app): State<App>,
    at: Manager,
    Repeatable { key, asked }: Repeatable<AddDocument>,
) -> Result<(StatusCode, Json<Added>)> {
    asked.check()?;
    if let Some((tx, id)) = key.made_before(&app, &at.admin).await? {
        return added_before(tx, id).await;
    }
    let title = asked.title.trim();
    let (chunks, found) = cut(title, asked.text).await?;
    if chunks.is_empty() {
        return Err(Error::field("text", "must not be empty"));
    }
    let vectors = app.vector_index(&at.caller).await;
    let status = match &vectors {
        Ok(None) => DocumentStatus::Ready,
        _ => DocumentStatus::Pending,
    };
    let new = NewDocument {
        id: Uuid::now_v7(),
        title,
        source_url: asked.source_url.as_deref(),
        language: asked.language.as_deref().or(found),
        status,
    };
    let mut tx = app.db.admin(&at.admin).await?;
    if let Some(id) = key.claim(&mut tx, new.id).await? {
        return added_before(tx, id).await;
    }
    tx.create_document(&new, &chunks).await?;
    tx.commit().await?;

    let id = new.id;
    let status = match status {
        DocumentStatus::Ready => status,
        _ => index(&app, &at, id, &chunks, vectors).await?,
    };
    Ok((StatusCode::ACCEPTED, Json(Added { id, status })))
}

/// The document that the same request has added before, as it is now.
///
/// # Errors
/// 410: it was deleted.
async fn added_before(mut tx: AdminTx, id: Uuid) -> Result<(StatusCode, Json<Added>)> {
    let document = tx.document(id).await?.ok_or(Error::ResultGone)?;
    let status = document.status;
    Ok((StatusCode::ACCEPTED, Json(Added { id, status })))
}

impl AddDocument {
    fn check(&self) -> Result<()> {
        let title = self.title.trim();
        if !(1..=300).contains(&title.chars().count()) {
            return Err(Error::field("title", "must be 1 to 300 characters"));
        }
        if !service::shows(title) {
            return Err(Error::field(
                "title",
                "shows nothing: write letters that people can see",
            ));
        }
        let is_code = |code: &String| {
            (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase())
        };
        if !self.language.as_ref().is_none_or(is_code) {
            return Err(Error::field(
                "language",
                "must be a code of two or three small letters, such as `en`; leave it out to have it found out",
            ));
        }
        if self
            .source_url
            .as_deref()
            .is_some_and(|url| !is_web_address(url))
        {
            return Err(Error::field(
                "source_url",
                "must be an http or https address of at most 2000 characters",
            ));
        }
        Ok(())
    }
}

/// What a document is cut into, and the code of its language if that can be told.
type Cut = (Vec<NewChunk>, Option<&'static str>);

/// The passages of `text` with their words. A long one is cut on a thread of its own, one text at a time, so that requests which
/// have nothing to do with it do not wait.
///
/// # Errors
/// The thread died.
async fn cut(title: &str, text: String) -> Result<Cut> {
    static LONG: Semaphore = Semaphore::const_new(1);
    if text.len() <= CUT_AT_ONCE {
        return Ok(chunks(title, &text));
    }
    let turn = LONG.acquire().await;
    let title = title.to_owned();
    let cut = spawn_blocking(move || {
        // Held by the work and not by the request, which may be given up before the work is done.
        let _turn = turn;
        chunks(&title, &text)
    });
    Ok(cut.await.context("a text could not be cut")?)
}

fn chunks(title: &str, text: &str) -> Cut {
    let title = service::words(title);
    let text = with_plain_lines(text);
    let pieces = passages(&text).into_iter();
    let chunks = pieces.map(|piece| NewChunk {
        id: Uuid::now_v7(),
        text: piece.to_owned(),
        words: service::counted(&title, piece),
    });
    (chunks.collect(), service::language_of(&text))
}

fn is_web_address(text: &str) -> bool {
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    // The length first: an international name takes the square of its length to read.
    text.len() <= 2000 && Url::parse(text).is_ok_and(is_web)
}
