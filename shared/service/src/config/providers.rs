//! Reading what is set about the providers.

use super::vars::Vars;
use ai::{BaseUrl, Endpoint, Endpoints, IndexName, Limit, Models, PRESETS, Preset, Timeouts};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, fs, time::Duration};

/// What `ENDPOINTS` looks like.
const EXAMPLE: &str = r#"{"groq": {}, "ours": {"preset": "vllm", "base_url": "http://vllm.internal:8000/v1/", "default_model": "llama"}}"#;

/// One server in `ENDPOINTS`; what is not said is as its preset has it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// The kind of server; its name if it is not said.
    preset: Option<String>,
    base_url: Option<String>,
    /// Azure's, if not the preset's.
    api_version: Option<String>,
    /// The only models that may be chosen.
    #[serde(default)]
    models: Vec<String>,
    default_model: Option<String>,
    limit: Option<Limit>,
    stream_options: Option<bool>,
}

impl Vars {
    /// Where the providers are.
    pub(super) fn endpoints(&mut self) -> Endpoints {
        let listed = self.parsed("ENDPOINTS", |text| {
            // The parser's own message would repeat a part of the value.
            serde_json::from_str::<BTreeMap<String, Listed>>(text).map_err(|e| {
                format!(
                    "cannot be read at line {}, column {}. It is JSON such as {EXAMPLE}",
                    e.line(),
                    e.column()
                )
            })
        });
        let mut listed = listed.unwrap_or_default();
        for name in ["openai", "deepseek"] {
            listed.entry(name.to_owned()).or_default();
        }
        let mut endpoints = Endpoints::default();
        for (name, listed) in listed {
            let base = self.parsed(&variable(&name, "BASE_URL"), base_url);
            match listed.endpoint(&name, base) {
                Ok(endpoint) => {
                    endpoints.chat.insert(name, endpoint);
                }
                Err(fault) => self.faults.push(format!("ENDPOINTS: {fault}")),
            }
        }
        if let Some(url) = self.parsed("PINECONE_BASE_URL", base_url) {
            endpoints.pinecone = url;
        }
        endpoints
    }

    /// The deployment's keys for the servers that answer, by their names.
    pub(super) fn provider_keys(
        &mut self,
        endpoints: &Endpoints,
    ) -> BTreeMap<String, SecretString> {
        let names = endpoints.chat.keys();
        let keys = names.filter_map(|name| {
            let key = self.key(&variable(name, "API_KEY"))?;
            Some((name.clone(), key))
        });
        keys.collect()
    }

    /// The deployment's index in Pinecone.
    pub(super) fn index_name(&mut self) -> Option<String> {
        self.parsed("INDEX_NAME", |name| {
            let known = name.parse::<IndexName>();
            let why = "is not the name of an index in Pinecone: 1 to 45 of a-z, 0-9 and -";
            known.map(|_| name.to_owned()).map_err(|_| why)
        })
    }

    /// How long the providers may take.
    pub(super) fn provider_times(&mut self) -> Timeouts {
        let mut times = Timeouts::default();
        for (name, time) in [
            ("PROVIDER_FIRST_TOKEN_SECONDS", &mut times.first_token),
            ("PROVIDER_IDLE_SECONDS", &mut times.idle),
            ("PROVIDER_TOTAL_SECONDS", &mut times.total),
            ("PROVIDER_COMPLETE_SECONDS", &mut times.complete),
        ] {
            *time = Duration::from_secs(self.number(name, time.as_secs(), 1, 3600));
        }
        times
    }

    /// What is known of models.
    pub(super) fn models(&mut self) -> Option<Models> {
        const NAME: &str = "MODELS_FILE";
        let own = self.parsed(NAME, |path| {
            let text = fs::read_to_string(path).map_err(|e| format!("cannot be read: {e}"))?;
            Models::new(Some(&text)).map_err(|e| e.to_string())
        });
        match self.get(NAME) {
            Some(_) => own,
            None => self.usable(NAME, Models::new(None)),
        }
    }
}

fn base_url(text: &str) -> Result<BaseUrl, String> {
    text.parse().map_err(|e| format!("cannot be used. {e}"))
}

/// The variable of a server that is called `name`.
fn variable(name: &str, what: &str) -> String {
    format!("{}_{what}", name.to_uppercase().replace('-', "_"))
}

/// Whether tenants can know a server by that name: as the database takes it, and none of those that are no server.
fn is_name(name: &str) -> bool {
    let (first, rest) = name.split_at_checked(1).unwrap_or_default();
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    first.bytes().all(|b| b.is_ascii_lowercase())
        && (1..=32).contains(&name.len())
        && rest.bytes().all(is_good)
        && !["local", "pinecone"].contains(&name)
}

impl Listed {
    /// The server `name`, at `base` if that is set.
    fn endpoint(self, name: &str, base: Option<BaseUrl>) -> Result<Endpoint, String> {
        if !is_name(name) {
            return Err("a name is 1 to 32 of a-z, 0-9 and -, begins with a letter, and is neither local nor pinecone".into());
        }
        let kind = self.preset.as_deref().unwrap_or(name);
        let preset = Preset::named(kind).ok_or_else(|| {
            let kinds: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            format!("{name} needs a preset: {}", kinds.join(", "))
        })?;
        let base = base.map(|base| base.to_string()).or(self.base_url);
        let base = base.as_deref().or(preset.base);
        let base = base.ok_or_else(|| format!("{name} needs a base_url"))?;
        let model = self.default_model.as_ref().or(self.models.first());
        let model = model.map(String::as_str).or(preset.default_model);
        let model = model.ok_or_else(|| format!("{name} needs a default_model"))?;
        if !self.models.is_empty() && !self.models.iter().any(|one| one == model) {
            return Err(format!("the default_model of {name} is none of its models"));
        }
        let endpoint = preset.at(base, name, model);
        let mut endpoint = endpoint.map_err(|e| format!("{name} has no usable base_url. {e}"))?;
        if let Some(version) = self.api_version {
            endpoint.query.insert("api-version".into(), version);
        }
        endpoint.limit = self.limit.unwrap_or(endpoint.limit);
        endpoint.stream_options = self.stream_options.unwrap_or(endpoint.stream_options);
        endpoint.models = self.models;
        Ok(endpoint)
    }
}
