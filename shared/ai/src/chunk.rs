//! What an object of a provider's answer holds. Whatever is not needed for the answer may be anything at all.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::{Error, counts::Counts, reported::meaning_of, text::Wtf8};

/// One event of a stream, or an answer in one piece.
pub(crate) struct Chunk<'a> {
    /// How the provider failed, if it says that it did.
    pub(crate) error: Option<Error>,
    /// Whether it has a list of choices, as every object of this API has.
    pub(crate) is_known: bool,
    pub(crate) counts: Counts,
    /// The model that answers, by its own account.
    pub(crate) model: Option<Cow<'a, str>>,
    pub(crate) service_tier: Option<Cow<'a, str>>,
    /// The first of the choices, since one is asked for.
    pub(crate) choice: Option<Choice<'a>>,
}

/// A choice, of which nothing is needed.
pub(crate) struct Choice<'a> {
    /// Which one it is of those that the model makes side by side.
    pub(crate) index: u64,
    /// What an event adds.
    pub(crate) delta: Option<Said>,
    /// What there is in all; some servers repeat it in every event.
    pub(crate) message: Option<Said>,
    pub(crate) finish_reason: Option<Cow<'a, str>>,
}

/// What a model wrote, in pieces as they are in the object.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) text: Vec<Wtf8>,
    pub(crate) reasoning: Vec<Wtf8>,
}

impl<'a> Chunk<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// `json` is no JSON.
    pub(crate) fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(json)?;
        let all = Fields::of(raw);
        let choices: Option<Vec<&RawValue>> = all.get("choices").and_then(read);
        let objects = choices.iter().flatten();
        let choice = objects.map(|raw| Fields::of(raw)).find(Fields::are_any);
        Ok(Chunk {
            error: all
                .get("error")
                .filter(|raw| is_truthy(raw))
                .map(meaning_of),
            is_known: choices.is_some(),
            counts: all.get("usage").map(Counts::of).unwrap_or_default(),
            model: all.get("model").and_then(read_text),
            service_tier: all.get("service_tier").and_then(read_text),
            choice: choice.map(|choice| Choice {
                index: choice.get("index").and_then(read).unwrap_or(0),
                delta: choice.get("delta").and_then(Said::of),
                message: choice.get("message").and_then(Said::of),
                finish_reason: choice.get("finish_reason").and_then(read_text),
            }),
        })
    }
}

impl Said {
    /// What a delta or a message says; `None` if it is no object.
    fn of(raw: &RawValue) -> Option<Self> {
        if !raw.get().starts_with('{') {
            return None;
        }
        let all = Fields::of(raw);
        let mut said = Said::default();
        // Several names for the same, and some servers use more than one of them.
        for name in ["reasoning_content", "reasoning", "reasoning_details"] {
            if said.reasoning.is_empty() {
                said.reasoning = all.get(name).map(words).unwrap_or_default();
            }
        }
        if let Some(content) = all.get("content") {
            said.content(content);
        }
        if said.text.is_empty() {
            // What the model says instead when it declines.
            said.text = all.get("refusal").map(words).unwrap_or_default();
        }
        Some(said)
    }

    /// A text, or a list of parts that are texts and thoughts.
    fn content(&mut self, raw: &RawValue) {
        let Some(parts) = read::<Vec<&RawValue>>(raw) else {
            return self.text.extend(words(raw));
        };
        for part in parts {
            let kind = Fields::of(part).get("type").and_then(read_text);
            match kind.as_deref() {
                Some("thinking" | "reasoning") => self.reasoning.extend(words(part)),
                // A string, or a part of whatever name that has text.
                _ => self.text.extend(words(part)),
            }
        }
    }
}

/// The words of a string, of a list, or of an object that has them under one of the usual names.
fn words(raw: &RawValue) -> Vec<Wtf8> {
    let mut found = Vec::new();
    gather(raw, 4, &mut found);
    found
}

/// `depth` ends what has no end.
fn gather(raw: &RawValue, depth: usize, found: &mut Vec<Wtf8>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match raw.get().as_bytes().first() {
        Some(b'"') if raw.get().len() > 2 => found.extend(read::<Wtf8>(raw)),
        Some(b'[') => {
            for one in read::<Vec<&RawValue>>(raw).into_iter().flatten() {
                gather(one, depth, found);
            }
        }
        Some(b'{') => {
            let all = Fields::of(raw);
            let names = ["text", "thinking", "content", "summary"];
            if let Some(one) = names.into_iter().find_map(|name| all.get(name)) {
                gather(one, depth, found);
            }
        }
        _ => {}
    }
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

pub(crate) fn read_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    read::<Name<'_>>(raw).map(|name| name.0)
}

/// Whether a program that asks no more than whether there is something would find it.
fn is_truthy(raw: &RawValue) -> bool {
    !matches!(raw.get(), "false" | "0" | "\"\"" | "{}" | "[]")
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The fields of an object, unread. Of a field that is there twice, the last counts, as in every browser.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// None if it is no object.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        read(raw).unwrap_or(Fields(Vec::new()))
    }

    /// The value of a field that is not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut all = self.0.iter().rev();
        let (_, value) = all.find(|(field, _)| field == name)?;
        (value.get() != "null").then_some(*value)
    }

    fn are_any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
