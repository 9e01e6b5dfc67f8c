//! What a document is sent as.

use serde::Deserialize;
use serde_json::{Map, Value};
use service::{FieldError, group_faults};
use url::Url;
use utoipa::ToSchema;
use web::{Error, Result, check_flat_metadata};

/// A text: in one piece, or in passages.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddDocumentRequest)]
pub(crate) struct AddDocument {
    /// Its title, 1 to 300 characters; answers cite it.
    #[schema(min_length = 1, max_length = 300, example = "Refunds")]
    pub(crate) title: String,
    /// The text itself, not only blanks; the whole request may have 20 MiB.
    #[schema(min_length = 1, example = "Refunds take 14 days.")]
    pub(crate) text: Option<String>,
    /// In the place of `text`: the passages that it is to be cut into.
    #[schema(min_items = 1)]
    pub(crate) chunks: Option<Vec<AddChunk>>,
    /// Its language, as a code of two or three letters (ISO 639); absent, it is found out. The words of a language that is
    /// known are found in all their forms.
    #[schema(
        min_length = 2,
        max_length = 3,
        pattern = "^[a-z]{2,3}$",
        example = "en"
    )]
    pub(crate) language: Option<String>,
    /// Where it is published, http or https, at most 2000 characters.
    #[schema(max_length = 2000, example = "https://www.acme.example/refunds")]
    pub(crate) source_url: Option<String>,
    /// What is told beside it, for `filter` to find it by: for each key a text, a number, true or false, or a list of those; at
    /// most 4 KiB as it is stored.
    #[schema(value_type = Option<Object>, example = json!({ "product": "a", "public": true }))]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// The groups of users whom answers and searches may tell of it, up to 50 names of 1 to 64 characters each; absent or empty, of
    /// everybody. Of a document that is there, `PUT /documents/{id}/groups` changes them.
    #[schema(max_items = 50, example = json!([]))]
    pub(crate) groups: Option<Vec<String>>,
}

/// A passage of a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddDocumentChunk)]
pub(crate) struct AddChunk {
    /// What it says; one of more than 1200 characters is cut further.
    #[schema(example = "Refunds take 14 days.")]
    pub(crate) text: String,
    /// On which page it is, from 1.
    #[schema(minimum = 1)]
    pub(crate) page: Option<u32>,
    /// Under which headings it stands, from the widest to the narrowest; at most 10, of 200 characters each.
    #[schema(max_items = 10)]
    pub(crate) heading: Option<Vec<String>>,
}

/// A document in the form of a file.
#[derive(ToSchema)]
#[schema(as = UploadDocumentForm)]
#[expect(
    dead_code,
    reason = "it describes a form, which is read field by field"
)]
pub(crate) struct UploadDocument {
    /// The file: text, Markdown, HTML, PDF, DOCX, XLSX, CSV or PPTX; the whole request may have 20 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Its title, 1 to 300 characters; absent, the file's name.
    title: Option<String>,
    /// Its language, as of a text.
    language: Option<String>,
    /// Where it is published, as of a text.
    source_url: Option<String>,
    /// What is told beside it, as of a text: a JSON object.
    metadata: Option<String>,
    /// The groups that it is limited to, as of a text: a JSON array.
    groups: Option<String>,
}

/// What a document says.
pub(crate) enum Said {
    Text(String),
    Chunks(Vec<AddChunk>),
}

impl Said {
    /// About how long it is, in bytes.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Chunks(chunks) => chunks.iter().map(|chunk| chunk.text.len()).sum(),
        }
    }
}

impl AddChunk {
    fn is_good(&self) -> bool {
        let heading = self.heading.as_deref().unwrap_or_default();
        heading.len() <= 10 && heading.iter().all(|title| title.chars().count() <= 200)
    }
}

impl AddDocument {
    /// What it says.
    ///
    /// # Errors
    /// 422 for what cannot be kept, or shows nothing.
    pub(crate) fn check(&mut self) -> Result<Said> {
        self.check_told()?;
        let said = match (self.text.take(), self.chunks.take()) {
            (Some(text), None) => Said::Text(text),
            (None, Some(chunks)) => Said::Chunks(chunks),
            (None, None) => return Err(Error::field("text", "is missing; or send `chunks`")),
            (Some(_), Some(_)) => {
                return Err(Error::field(
                    "chunks",
                    "cannot be sent beside `text`; send one of them",
                ));
            }
        };
        if let Said::Chunks(chunks) = &said {
            if !chunks.iter().all(AddChunk::is_good) {
                let message = "must have at most 10 headings each, of 200 characters each";
                return Err(Error::field("chunks", message));
            }
            if chunks.iter().any(|chunk| chunk.page == Some(0)) {
                return Err(Error::field("chunks", "must have pages from 1"));
            }
        }
        Ok(said)
    }

    /// # Errors
    /// 422 for what is told beside it and cannot be kept, or shows nothing.
    pub(crate) fn check_told(&self) -> Result<()> {
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
        let language = language_fault(self.language.as_deref());
        service::Error::if_any(language.into_iter().collect())?;
        let source = self.source_url.as_deref();
        if source.is_some_and(|url| web_address(url).is_none()) {
            return Err(Error::field(
                "source_url",
                "must be an http or https address of at most 2000 characters",
            ));
        }
        if let Some(metadata) = &self.metadata {
            check_flat_metadata(metadata)?;
        }
        let groups = self.groups.as_deref().unwrap_or_default();
        Ok(service::Error::if_any(group_faults("groups", groups))?)
    }
}

/// What is wrong with the language of a document, if that is told.
pub(crate) fn language_fault(code: Option<&str>) -> Option<FieldError> {
    let is_code =
        |code: &str| (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
    (!code.is_none_or(is_code)).then(|| FieldError {
        field: "language".into(),
        message: "must be a code of two or three small letters, such as `en`; leave it out to have it found out".into(),
    })
}

/// A text as an http or https address of at most 2000 bytes; nothing if it is none.
pub(crate) fn web_address(text: &str) -> Option<Url> {
    // The length first: an international name takes the square of its length to read.
    if text.len() > fetch::MAX_URL {
        return None;
    }
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}
