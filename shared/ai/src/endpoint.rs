//! The servers of OpenAI's API that a deployment knows, and how they differ.

use std::collections::BTreeMap;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::SecretString;
use url::Url;

use crate::{BaseUrl, BaseUrlError, Error, Limit, http::secret_header};

/// A server of OpenAI's chat completions API: a deployment's choice, never a tenant's.
///
/// A tenant who could choose an address could make this service call machines inside its own
/// network, or send another party its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is, up to and including its version: `https://api.openai.com/v1/`.
    pub base: BaseUrl,
    /// What is added to each address, such as Azure's `api-version`.
    pub query: BTreeMap<String, String>,
    /// How it takes a key.
    pub auth: Auth,
    /// What it calls the limit on the answer's length, where the model is not known.
    pub limit: Limit,
    /// Whether it takes `stream_options`, to count what it streams.
    pub stream_options: bool,
    /// Whether it takes a schema for answers in JSON, and not JSON alone.
    pub json_schema: bool,
    /// Whether it answers without a key, too.
    pub is_open: bool,
    /// Whose models it serves, in the table of [`Models`](crate::Models).
    pub table: String,
    /// The models that may be chosen; empty for any.
    pub models: Vec<String>,
    /// The model for a tenant who chose none.
    pub default_model: String,
}

impl Endpoint {
    /// The model that was chosen, or the usual one.
    pub fn model<'a>(&'a self, chosen: Option<&'a String>) -> &'a str {
        chosen.unwrap_or(&self.default_model)
    }

    /// The address of `path` there. `path` must be of this crate's making.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.base.at(path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// The header that has `key`.
    ///
    /// # Errors
    /// [`Error::Auth`] if it cannot be sent.
    pub(crate) fn key(&self, key: &SecretString) -> Result<(HeaderName, HeaderValue), Error> {
        match self.auth {
            Auth::Bearer => Ok((AUTHORIZATION, secret_header("Bearer ", key)?)),
            Auth::ApiKey => Ok((HeaderName::from_static("api-key"), secret_header("", key)?)),
        }
    }
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer`, as nearly everywhere.
    Bearer,
    /// `api-key`, as Azure has it.
    ApiKey,
}

/// What is known of a kind of server.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Where it is; none for one that everybody has at another place.
    pub base: Option<&'static str>,
    auth: Auth,
    /// The `api-version` of one that has it in each address.
    api_version: Option<&'static str>,
    limit: Limit,
    stream_options: bool,
    json_schema: bool,
    is_open: bool,
    table: &'static str,
    /// The usual model, where there is one.
    pub default_model: Option<&'static str>,
}

/// What most servers take.
const USUAL: Preset = Preset {
    name: "",
    base: None,
    auth: Auth::Bearer,
    api_version: None,
    limit: Limit::MaxTokens,
    stream_options: true,
    json_schema: true,
    is_open: false,
    table: "",
    default_model: None,
};

/// The kinds of servers that are known.
pub const PRESETS: [Preset; 9] = [
    Preset {
        name: "openai",
        base: Some("https://api.openai.com/v1/"),
        limit: Limit::MaxCompletionTokens,
        table: "openai",
        default_model: Some("gpt-6-luna"),
        ..USUAL
    },
    Preset {
        name: "deepseek",
        base: Some("https://api.deepseek.com/"),
        json_schema: false,
        table: "deepseek",
        default_model: Some("deepseek-flash"),
        ..USUAL
    },
    Preset {
        name: "azure",
        auth: Auth::ApiKey,
        api_version: Some("2024-10-21"),
        limit: Limit::MaxCompletionTokens,
        table: "openai",
        ..USUAL
    },
    Preset {
        name: "groq",
        base: Some("https://api.groq.com/openai/v1/"),
        limit: Limit::MaxCompletionTokens,
        table: "groq",
        default_model: Some("openai/gpt-oss-20b"),
        ..USUAL
    },
    Preset {
        name: "litellm",
        ..USUAL
    },
    Preset {
        name: "mistral",
        base: Some("https://api.mistral.ai/v1/"),
        // It counts without being asked.
        stream_options: false,
        table: "mistral",
        default_model: Some("mistral-small-latest"),
        ..USUAL
    },
    Preset {
        name: "ollama",
        base: Some("http://localhost:11434/v1/"),
        is_open: true,
        ..USUAL
    },
    Preset {
        name: "openrouter",
        base: Some("https://openrouter.ai/api/v1/"),
        ..USUAL
    },
    Preset {
        name: "vllm",
        is_open: true,
        ..USUAL
    },
];

impl Default for Preset {
    /// What most servers take.
    fn default() -> Self {
        USUAL
    }
}

impl Preset {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// An endpoint of this kind at `base`. Its models are of the table of that name where the kind has none.
    ///
    /// # Errors
    /// `base` cannot be used.
    pub fn at(self, base: &str, name: &str, default_model: &str) -> Result<Endpoint, BaseUrlError> {
        let version = self.api_version.map(|version| ("api-version", version));
        let query = version.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Endpoint {
            base: base.parse()?,
            query: query.into_iter().collect(),
            auth: self.auth,
            limit: self.limit,
            stream_options: self.stream_options,
            json_schema: self.json_schema,
            is_open: self.is_open,
            table: match self.table {
                "" => name.to_owned(),
                table => table.to_owned(),
            },
            models: Vec::new(),
            default_model: default_model.to_owned(),
        })
    }
}
