//! What a document is sent as.

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use utoipa::ToSchema;
use web::{Error, Result, check_flat_metadata};

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddDocumentRequest)]
pub(crate) struct AddDocument {
    /// Its title, 1 to 300 characters; answers cite it.
    #[schema(min_length = 1, max_length = 300, example = "Refunds")]
    pub(crate) title: String,
    /// The text itself, not only blanks; the whole request may have 2 MiB.
    #[schema(min_length = 1, example = "Refunds take 14 days.")]
    pub(crate) text: String,
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
}

impl AddDocument {
    /// # Errors
    /// 422 for what cannot be kept, or shows nothing.
    pub(crate) fn check(&self) -> Result<()> {
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
        if let Some(metadata) = &self.metadata {
            check_flat_metadata(metadata)?;
        }
        Ok(())
    }
}

fn is_web_address(text: &str) -> bool {
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    // The length first: an international name takes the square of its length to read.
    text.len() <= 2000 && Url::parse(text).is_ok_and(is_web)
}
