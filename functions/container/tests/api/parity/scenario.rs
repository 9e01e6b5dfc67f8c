//! Conversations as data.

use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};

/// One conversation, from one file.
pub(super) struct Scenario {
    /// The file's name.
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    step: Vec<Step>,
}

/// One request and the status of its answer. `{name}` stands for what an earlier step kept, for the `{password}` of
/// everybody in the template, for the `{host}` of the service and for its `{metrics_token}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// What happens; different in all steps of a conversation.
    pub(super) title: String,
    /// `METHOD /path?query`.
    ask: String,
    /// The kept access token to send.
    pub(super) token: Option<String>,
    /// More headers, each `name: value`.
    #[serde(default)]
    headers: Vec<String>,
    /// A JSON body.
    json: Option<Value>,
    /// A form as browsers send it.
    form: Option<BTreeMap<String, String>>,
    /// Any other body; its media type is among the headers.
    body: Option<String>,
    /// A body of so many bytes.
    fill: Option<usize>,
    /// The status that must come back.
    pub(super) status: u16,
    /// Where the answer has something once what an earlier step asked for is done (RFC 6901): it is asked for until then.
    pub(super) until: Option<String>,
    /// What to keep of the answer: a name, and where it stands (RFC 6901).
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
}

/// A request, ready to be sent.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

/// All conversations, by name.
pub(super) fn all() -> Vec<Scenario> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/parity");
    let files = fs::read_dir(folder).expect("parity/ is there");
    let paths = files.map(|file| file.expect("parity/ can be listed").path());
    let mut all: Vec<Scenario> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let name = path.file_stem().expect("it has a name").to_string_lossy();
            read(name.into_owned(), &text)
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn read(name: String, text: &str) -> Scenario {
    let file: File = toml::from_str(text).unwrap_or_else(|e| panic!("{name}.toml: {e}"));
    let mut titles = HashSet::new();
    for step in &file.step {
        let new = titles.insert(&step.title);
        assert!(new, "{name}.toml has two steps {:?}", step.title);
    }
    Scenario {
        name,
        steps: file.step,
    }
}

impl Step {
    pub(super) fn method(&self) -> &str {
        self.ask.split(' ').next().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        self.ask.split_once(' ').map_or("", |(_, path)| path)
    }

    /// The request, with what was kept in the places of its names.
    pub(super) fn request(&self, kept: &HashMap<String, String>) -> Asked {
        let filled = |text: &str| fill(text, kept);
        let mut headers: Vec<(String, String)> = Vec::new();
        if let Some(who) = &self.token {
            let token = kept.get(who);
            let token = token.unwrap_or_else(|| panic!("{}: no token {who}", self.title));
            headers.push(("authorization".into(), format!("Bearer {token}")));
        }
        let media = match (&self.json, &self.form) {
            (Some(_), _) => Some("application/json"),
            (_, Some(_)) => Some("application/x-www-form-urlencoded"),
            _ => None,
        };
        headers.extend(media.map(|media| ("content-type".into(), media.into())));
        for header in &self.headers {
            let (name, value) = header.split_once(": ").expect("a header is `name: value`");
            headers.push((name.to_owned(), filled(value)));
        }
        let form = self.form.as_ref().map(|fields| {
            let fields = fields.iter().map(|(name, value)| (name, filled(value)));
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields).finish()
        });
        let json = self.json.as_ref().map(|json| filled(&json.to_string()));
        let other = self.body.as_deref().map(filled);
        let long = self.fill.map(|length| "x".repeat(length));
        Asked {
            method: self.method().to_owned(),
            path: filled(self.path()),
            headers,
            body: json.or(form).or(other).or(long),
        }
    }
}

fn fill(text: &str, kept: &HashMap<String, String>) -> String {
    let mut filled = text.to_owned();
    for (name, value) in kept {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}
