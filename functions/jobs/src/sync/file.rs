//! What was read as the file that a document is made of.

use super::page::Got;
use db::{Connector, NewFile, PageRead, PageToRead};
use extract::Page;
use service::{Result, Service};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How much of a page or file is read, in bytes.
pub(super) const MAX_SIZE: usize = 10 << 20;
/// How long a title may be, in characters.
const TITLE: usize = 300;

/// A page as the file that its document is read from.
pub(super) struct File {
    name: String,
    title: String,
    /// Where people read it.
    source_url: Option<String>,
    media_type: String,
    content: Vec<u8>,
}

impl File {
    pub(super) fn new(
        name: String,
        title: String,
        source_url: Option<String>,
        found: fetch::Page,
    ) -> Self {
        Self {
            name,
            title,
            source_url,
            media_type: found.media_type,
            content: found.content,
        }
    }

    pub(super) fn of<'a>(
        &'a self,
        id: Uuid,
        connector: &'a Connector,
        hash: &'a [u8; 32],
    ) -> NewFile<'a> {
        NewFile {
            id,
            name: Some(&self.name),
            media_type: &self.media_type,
            content: &self.content,
            title: &self.title,
            source_url: self.source_url.as_deref(),
            language: connector.language.as_deref(),
            metadata: &connector.metadata,
            groups: &connector.groups,
            hash,
        }
    }
}

/// What was read, unless it says what it said before.
pub(super) fn got(before: &PageToRead, read: PageRead, file: File) -> Got {
    let is_same = before.document_id.is_some()
        && before.hash.as_deref() == read.hash.as_ref().map(|hash| &hash[..]);
    match is_same {
        true => Got::Same(read),
        false => Got::Read(read, Box::new(file)),
    }
}

/// What a file says, read in a process of its own; or why it cannot be read, in a sentence.
pub(super) async fn page(
    service: &Service,
    name: &str,
    content: &[u8],
) -> Result<std::result::Result<Page, String>> {
    let place = service.page_readers.acquire().await;
    let read = extract::page_apart(&service.config.program, name, content).await?;
    drop(place);
    Ok(read.map_err(|failure| failure.to_string()))
}

/// The name of a file, for whoever reads files: of what it is called, and is said to be; nothing for what cannot be read.
pub(super) fn name(last: &str, media_type: &str) -> Option<String> {
    let (name, ending) = last.rsplit_once('.').unwrap_or((last, ""));
    let ending = ending.to_ascii_lowercase();
    let known = [
        "txt", "md", "markdown", "csv", "html", "htm", "pdf", "docx", "xlsx", "pptx",
    ];
    let own = known.into_iter().find(|known| *known == ending);
    let ending = match media_type {
        "text/html" | "application/xhtml+xml" => "html",
        "text/markdown" | "text/x-markdown" => "md",
        "text/csv" => "csv",
        "application/pdf" => "pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        "text/plain" => own.unwrap_or("txt"),
        "" | "application/octet-stream" | "binary/octet-stream" => own?,
        _ => return None,
    };
    let is_plain = |c: &char| !c.is_control() && *c != '/';
    let name: String = name.chars().filter(is_plain).take(100).collect();
    let name = if name.is_empty() { "index" } else { &name };
    Some(format!("{name}.{ending}"))
}

/// What a document is called: as the page says, or else as `other`.
pub(super) fn title(page: &Page, other: &str) -> String {
    match service::shows(&page.title) {
        true => page.title.clone(),
        false => other.chars().take(TITLE).collect(),
    }
}

/// The same for pages that say the same, however they are made.
pub(super) fn hash(title: &str, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(title);
    // Which is in no title, twice: no text that was sent as such is hashed so.
    hash.update([0, 0]);
    hash.update(text);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_what_it_is() {
        for (last, media_type, named) in [
            ("", "text/html", Some("index.html")),
            ("b.php", "text/html", Some("b.html")),
            ("a.pdf", "application/pdf", Some("a.pdf")),
            ("a.MD", "text/plain", Some("a.md")),
            ("a", "text/plain", Some("a.txt")),
            ("a b/\n.docx", "binary/octet-stream", Some("a b.docx")),
            ("a.xyz", "application/octet-stream", None),
            ("a", "image/png", None),
        ] {
            assert_eq!(name(last, media_type).as_deref(), named, "{last}");
        }
    }
}
