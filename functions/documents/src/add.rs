//! `POST /documents`: a text that answers may draw on.

use crate::index::index;
use axum::{extract::State, http::StatusCode};
use db::{Caller, DocumentStatus, NewChunk, NewDocument, TenantAdmin};
use serde::{Deserialize, Serialize};
use text_splitter::{ChunkConfig, TextSplitter};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Result};

/// How long a passage is, in characters: a paragraph or three. Long enough to stand alone, short enough to be
/// quoted.
const PASSAGE: std::ops::Range<usize> = 300..1200;

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddDocument {
    /// Its title, 1 to 300 characters; answers cite it.
    title: String,
    /// The text itself.
    text: String,
    /// Where it is published, http or https.
    source_url: Option<String>,
}

/// A document that was taken in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    id: Uuid,
    status: DocumentStatus,
}

/// Adds a text. Passages of it can be found at once, by full text and, where the tenant has an index, by vector.
#[utoipa::path(post, path = "/documents", tag = "documents", request_body = AddDocument, responses(
    (status = 202, body = Added), (status = 403), (status = 415), (status = 422),
))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    admin: TenantAdmin,
    Json(asked): Json<AddDocument>,
) -> Result<(StatusCode, Json<Added>)> {
    let title = asked.title.trim();
    if !(1..=300).contains(&title.chars().count()) {
        return Err(Error::field("title", "must be 1 to 300 characters"));
    }
    if asked
        .source_url
        .as_deref()
        .is_some_and(|url| !is_web_address(url))
    {
        return Err(Error::field(
            "source_url",
            "must be an http or https address of at most 2000 characters",
        ));
    }
    let chunks = passages(&asked.text);
    if chunks.is_empty() {
        return Err(Error::field("text", "must not be empty"));
    }
    let vectors = app.vector_index(caller.account()).await;
    let status = match &vectors {
        Ok(None) => DocumentStatus::Ready,
        _ => DocumentStatus::Pending,
    };
    let mut tx = app.db.admin(&admin).await?;
    let new = NewDocument {
        title,
        source_url: asked.source_url.as_deref(),
        status,
    };
    let id = tx.create_document(&new, &chunks).await?;
    tx.commit().await?;

    let status = match status {
        DocumentStatus::Ready => status,
        _ => index(&app, &admin, id, &chunks, vectors).await?,
    };
    Ok((StatusCode::ACCEPTED, Json(Added { id, status })))
}

fn passages(text: &str) -> Vec<NewChunk> {
    let splitter = TextSplitter::new(ChunkConfig::new(PASSAGE));
    let pieces = splitter
        .chunks(text)
        .filter(|piece| !piece.trim().is_empty());
    pieces
        .map(|piece| NewChunk {
            id: Uuid::now_v7(),
            text: piece.to_owned(),
        })
        .collect()
}

fn is_web_address(text: &str) -> bool {
    let url = Url::parse(text);
    text.len() <= 2000
        && url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_a_short_text_whole() {
        let chunks = passages("Refunds take 14 days.\n\nWrite to us.");
        assert_eq!(chunks.len(), 1);
        assert!(passages(" \n\t ").is_empty());
    }

    proptest! {
        #[test]
        fn loses_no_word(words in proptest::collection::vec("[a-zäöü]{1,12}[.!\n ]{1,2}", 0..600)) {
            let text = words.concat();
            let chunks = passages(&text);
            prop_assert!(chunks.iter().all(|c| c.text.chars().count() <= PASSAGE.end));
            let split: Vec<&str> = chunks.iter().flat_map(|c| c.text.split_whitespace()).collect();
            prop_assert_eq!(split, text.split_whitespace().collect::<Vec<_>>());
        }
    }
}
