//! What a request sends: a text that is stored at once, or what a job reads.

use crate::{
    asked::AddDocument,
    cut::{Cut, ToRead},
};
use db::{AdminTx, DocumentStatus};
use serde_json::Value;
use uuid::Uuid;
use web::{App, Error, Manager, Result, SentFile, Upload};

/// A text of more bytes is read by a job, like a file: cutting it and writing down its words takes seconds.
const AT_ONCE: usize = 1 << 20;

/// A document that can be stored.
pub(crate) enum Sent {
    Text(Box<Cut>),
    ToRead(Box<ToRead>),
}

impl Sent {
    /// # Errors
    /// 422 for what cannot be kept, or shows nothing.
    pub(crate) async fn of(asked: Upload<AddDocument>) -> Result<Self> {
        match asked {
            Upload::Json(mut asked) => match asked.text.take() {
                Some(text) if text.len() > AT_ONCE && asked.chunks.is_none() => {
                    asked.check_told()?;
                    Ok(Self::ToRead(Box::new(ToRead::text(asked, text).await?)))
                }
                text => {
                    asked.text = text;
                    Ok(Self::Text(Box::new(Cut::of(asked).await?)))
                }
            },
            Upload::File(SentFile {
                name,
                content,
                fields,
            }) => {
                let asked = told_beside(&name, fields)?;
                let read = ToRead::file(asked, name, content.into()).await?;
                Ok(Self::ToRead(Box::new(read)))
            }
        }
    }

    /// Tells its title and content from those of others.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        match self {
            Self::Text(cut) => cut.hash(),
            Self::ToRead(read) => read.hash(),
        }
    }

    /// The groups that it is limited to, if they were said.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        match self {
            Self::Text(cut) => cut.groups(),
            Self::ToRead(read) => read.groups(),
        }
    }

    /// How it stands once it is stored.
    pub(crate) fn status(&self) -> DocumentStatus {
        match self {
            Self::Text(_) => DocumentStatus::Ready,
            Self::ToRead(_) => DocumentStatus::Pending,
        }
    }

    /// Stores it anew; false if the same is stored at the same time.
    pub(crate) async fn create(
        &self,
        app: &App,
        at: &Manager,
        tx: &mut AdminTx,
        id: Uuid,
    ) -> Result<bool> {
        Ok(match self {
            Self::Text(cut) => {
                let new = cut.document(id, app.keeps_vectors(&at.caller));
                tx.create_document(&new).await?
            }
            Self::ToRead(read) => tx.create_document_of_file(&read.file_of(id)).await?,
        })
    }

    /// Stores it in the place of a document; false if there is no such document.
    pub(crate) async fn replace(
        &self,
        app: &App,
        at: &Manager,
        tx: &mut AdminTx,
        id: Uuid,
    ) -> Result<bool> {
        let replaced = match self {
            Self::Text(cut) => {
                let new = cut.document(id, app.keeps_vectors(&at.caller));
                tx.replace_document(&new).await
            }
            Self::ToRead(read) => tx.replace_document_by_file(&read.file_of(id)).await,
        };
        replaced.map_err(same_as_another)
    }
}

/// Of two documents with one title and text, only one is kept.
pub(crate) fn same_as_another(e: db::Error) -> Error {
    match e.is_constraint("documents_hash") {
        true => Error::Conflict(
            "document_exists",
            "Another document has this title and text. Delete that one first, or leave this one as it is.".into(),
        ),
        false => e.into(),
    }
}

/// What the fields of a form say. Without a title, the file's name is one.
fn told_beside(name: &str, fields: Vec<(String, String)>) -> Result<AddDocument> {
    let mut asked = AddDocument::default();
    let named = name.rsplit_once('.').map_or(name, |(name, _)| name);
    let mut seen = Vec::new();
    for (field, value) in fields {
        if seen.contains(&field) {
            return Err(Error::field(&field, "comes twice"));
        }
        match &*field {
            "title" => asked.title = value,
            // A form that is left empty says nothing.
            _ if value.is_empty() => {}
            "language" => asked.language = Some(value),
            "source_url" => asked.source_url = Some(value),
            "metadata" => match serde_json::from_str(&value) {
                Ok(Value::Object(metadata)) if value.len() <= 8192 => {
                    asked.metadata = Some(metadata)
                }
                _ => return Err(Error::field("metadata", "must be a JSON object")),
            },
            "groups" => match serde_json::from_str(&value) {
                Ok(groups) => asked.groups = Some(groups),
                Err(_) => return Err(Error::field("groups", "must be a JSON array of texts")),
            },
            _ => return Err(Error::field(&field, "is no field of this form")),
        }
        seen.push(field);
    }
    if asked.title.trim().is_empty() {
        asked.title = named.chars().take(300).collect();
    }
    Ok(asked)
}
