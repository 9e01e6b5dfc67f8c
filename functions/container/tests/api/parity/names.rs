//! Names for what is different in every run. The same thing keeps its name, so that it can be seen where it came from.

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// What was met so far.
pub(super) struct Names {
    host: String,
    /// Tokens, cursors and the like.
    opaque: Vec<(String, String)>,
    ids: Vec<Uuid>,
}

impl Names {
    pub(super) fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            opaque: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// Takes note of what is opaque in a body.
    pub(super) fn learn(&mut self, body: &Value) {
        match body {
            Value::Array(list) => list.iter().for_each(|value| self.learn(value)),
            Value::Object(fields) => {
                for (field, value) in fields {
                    match (field.as_str(), value.as_str()) {
                        ("access_token", Some(value)) => self.name("access-token", value),
                        ("refresh_token", Some(value)) => self.name("refresh-token", value),
                        ("token", Some(value)) => self.name("invitation", value),
                        ("key", Some(value)) => self.name("api-key", value),
                        ("site_key", Some(value)) => self.name("site-key", value),
                        ("secret", Some(value)) => self.name("secret", value),
                        ("hint", Some(value)) => self.name("hint", value),
                        ("salt", Some(value)) => self.name("salt", value),
                        ("challenge", Some(value)) if value.len() == 64 => {
                            self.name("challenge", value);
                        }
                        ("signature", Some(value)) => self.name("signature", value),
                        ("next_cursor", Some(value)) => self.name("cursor", value),
                        // The container sees the test's address, a function the one that its front tells.
                        ("client_ip", Some(value)) => self.name("client", value),
                        // It follows from the deployment's SECRET_KEY.
                        ("key_id", Some(value)) => self.name("key", value),
                        // Seconds since 1970, as OpenAI's objects have them.
                        ("created" | "created_at", None) if value.is_u64() => {
                            self.opaque
                                .push((value.to_string(), "<seconds>".to_owned()));
                        }
                        ("millis", None) if value.is_u64() => {
                            let name = |what: &str| format!("\"millis\": {what},\n");
                            let millis = (name(&value.to_string()), name("<milliseconds>"));
                            self.opaque.push(millis);
                        }
                        // Seconds to midnight, or to the end of the month.
                        ("reset", None) if value.as_i64() > Some(60) => {
                            self.opaque
                                .push((value.to_string(), "<seconds>".to_owned()));
                        }
                        _ => self.learn(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, kind: &str, value: &str) {
        if self.opaque.iter().any(|(known, _)| known == value) {
            return;
        }
        let start = format!("<{kind}-");
        let same = self.opaque.iter().filter(|(_, n)| n.starts_with(&start));
        let name = format!("{start}{}>", same.count() + 1);
        self.opaque.push((value.to_owned(), name));
    }

    /// Puts names in the places of what they stand for.
    pub(super) fn replace(&mut self, text: &str) -> String {
        let mut text = text.replace(&self.host, "<host>");
        for (value, name) in &self.opaque {
            text = text.replace(value, name);
        }
        let mut named = String::new();
        let mut rest = &*text;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-:.+".contains(c)));
            let (word, after) = rest.split_at(word.unwrap_or(rest.len()));
            if word.is_empty() {
                named.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            named += &self.word(word);
            rest = after;
        }
        named
    }

    fn word(&mut self, word: &str) -> String {
        if let Some(id) = word.strip_prefix("chatcmpl-") {
            return format!("chatcmpl-{}", self.word(id));
        }
        if let Ok(id) = Uuid::try_parse(word) {
            let known = self.ids.iter().position(|known| *known == id);
            let number = 1 + known.unwrap_or_else(|| {
                self.ids.push(id);
                self.ids.len() - 1
            });
            // A namespace of vectors has the tenant's id without hyphens.
            let plain = if word.contains('-') { "" } else { "-plain" };
            return format!("<id-{number}{plain}>");
        }
        match DateTime::parse_from_rfc3339(word) {
            Ok(_) => "<time>".into(),
            Err(_) => word.to_owned(),
        }
    }
}
