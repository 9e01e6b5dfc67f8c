//! What a file is: by what is in it, and only among texts by its name.

use crate::{Failure, package::Package};
use serde::{Deserialize, Serialize};

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// Comma-separated values, or separated otherwise.
    Csv,
    /// A spreadsheet.
    Xlsx,
    /// A text document.
    Docx,
    /// Slides.
    Pptx,
    /// PDF.
    Pdf,
}

impl Format {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Pdf => "application/pdf",
        }
    }
}

/// What begins so is none of these.
const OTHERS: [(&[u8], &str); 9] = [
    (
        b"\xd0\xcf\x11\xe0",
        "An old or password-protected Office file",
    ),
    (b"\x89PNG", "A picture"),
    (b"\xff\xd8\xff", "A picture"),
    (b"GIF8", "A picture"),
    (b"\x1f\x8b", "A compressed file"),
    (b"7z\xbc\xaf", "An archive"),
    (b"Rar!", "An archive"),
    (b"\x7fELF", "A program"),
    (b"{\\rtf", "Rich text (RTF)"),
];

/// # Errors
/// It is none of those.
pub(crate) fn format(name: &str, bytes: &[u8]) -> Result<Format, Failure> {
    let end = name
        .rsplit_once('.')
        .map_or("", |(_, end)| end)
        .to_lowercase();
    let beginning = &bytes[..bytes.len().min(1024)];
    if beginning.windows(5).any(|five| five == b"%PDF-") {
        return Ok(Format::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        let format = Package::open(bytes)?.format();
        return format.ok_or(Failure::Unknown("An archive".into()));
    }
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Failure::Unknown((*what).into()));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::Empty);
    }
    if ["pdf", "docx", "xlsx", "pptx"].contains(&&*end) {
        return Err(Failure::Misnamed(end.to_uppercase().into()));
    }
    Ok(match &*end {
        "md" | "markdown" => Format::Markdown,
        "csv" | "tsv" => Format::Csv,
        "html" | "htm" | "xhtml" => Format::Html,
        _ if is_html(beginning) => Format::Html,
        _ => Format::Text,
    })
}

fn is_html(beginning: &[u8]) -> bool {
    let beginning = String::from_utf8_lossy(beginning).to_lowercase();
    let beginning = beginning.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    beginning.starts_with("<!doctype html") || beginning.starts_with("<html")
}
