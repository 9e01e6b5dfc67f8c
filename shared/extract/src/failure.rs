//! Why a file cannot be read, in sentences for whoever sent it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Why a file cannot be read. None of these will change by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// A password is needed.
    #[error("The file is protected by a password. Send it without one.")]
    Encrypted,
    /// There is nothing in it.
    #[error("The file is empty, or holds no text.")]
    Empty,
    /// Pages, and hardly a letter on them.
    #[error(
        "There is no text on the {0} pages: they seem to be scanned. Send a version with text, such as the output of an OCR program."
    )]
    Scanned(u32),
    /// Not of a kind that can be read.
    #[error("{0} cannot be read. Send text, Markdown, HTML, PDF, DOCX, XLSX, CSV or PPTX.")]
    Unknown(Cow<'static, str>),
    /// Not what its name says.
    #[error(
        "Its name says that the file is {0}, and it is none. Send the file itself, or name it for what it is."
    )]
    Misnamed(Cow<'static, str>),
    /// It cannot be parsed.
    #[error(
        "The file is damaged: {0}. Save it again with the program that it is from, and send that."
    )]
    Damaged(Cow<'static, str>),
    /// More than is taken.
    #[error("The file holds {0}, more than is taken. Send it in parts.")]
    TooMuch(Cow<'static, str>),
    /// Its reader was ended.
    #[error(
        "The file could not be read within the limits of memory and time. Save it again with the program that it is from, or send it in parts."
    )]
    Limits,
}

impl Failure {
    /// The stable name of what is wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "file_encrypted",
            Self::Empty => "file_empty",
            Self::Scanned(_) => "file_scanned",
            Self::Unknown(_) => "file_unknown",
            Self::Misnamed(_) => "file_misnamed",
            Self::Damaged(_) => "file_damaged",
            Self::TooMuch(_) => "file_too_large",
            Self::Limits => "file_limits",
        }
    }

    pub(crate) fn too_much(what: &'static str) -> Self {
        Self::TooMuch(what.into())
    }

    pub(crate) fn damaged(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Damaged(what.into())
    }
}
