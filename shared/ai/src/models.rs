//! What is known of models: what they take, cost and can hold, and how long they will be there.
//!
//! The table in `data/models.json` is made by `scripts/update-models`; an operator's file may know better.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::prices::{LongContext, OffPeak, Price};

const EMBEDDED: &str = include_str!("../data/models.json");

/// What a model can hold of which nothing is known, in tokens: nearly all that are still sold hold more.
const UNKNOWN_CONTEXT: u32 = 32_768;

/// One model. What is not known is `None`, and then what most models take is sent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The longest prompt, in tokens.
    pub context: Option<u32>,
    /// The longest answer, in tokens.
    pub output: Option<u32>,
    /// Of a token that is read.
    pub input_price: Option<Price>,
    /// Of a token that is read from the provider's cache, if not [`Model::input_price`].
    pub cached_price: Option<Price>,
    /// Of a token that is written to the provider's cache, if not [`Model::input_price`].
    pub write_price: Option<Price>,
    /// Of a token that is written.
    pub output_price: Option<Price>,
    /// What is other of long prompts; it goes before the prices of other hours.
    pub long_context: Option<LongContext>,
    /// What is other at some hours.
    pub off_peak: Option<OffPeak>,
    /// The day on which its provider switches it off.
    pub ends: Option<NaiveDate>,
    /// What its provider recommends instead.
    pub successor: Option<String>,
    /// The values of `reasoning_effort` that it takes.
    pub efforts: Option<Vec<String>>,
    /// Whether it thinks unless `thinking` says that it should not.
    pub thinking: Option<bool>,
    /// Whether it writes its thoughts into the text and marks only their end, with `</think>` on a line of its own: nothing
    /// of a stream can be passed on before that has come.
    pub unmarked_thoughts: Option<bool>,
    /// What it calls the limit on the answer's length, if not as its provider's others.
    pub limit: Option<Limit>,
    /// Whether it takes any temperature but its own.
    pub temperature: Option<bool>,
}

/// The name of the parameter that limits the length of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The older, which most servers take.
    MaxTokens,
    /// The newer, of OpenAI.
    MaxCompletionTokens,
}

impl Model {
    /// Whether it takes this `reasoning_effort`.
    pub fn has_effort(&self, effort: &str) -> bool {
        let efforts = self.efforts.iter().flatten();
        efforts.into_iter().any(|one| one == effort)
    }

    /// How many tokens a prompt may have where the answer may have `output`.
    pub(crate) fn room(&self, output: u32) -> u32 {
        let output = output.min(self.output.unwrap_or(u32::MAX));
        let context = self.context.unwrap_or(UNKNOWN_CONTEXT);
        context - output.min(context / 2)
    }
}

/// The models that are known, by provider and name.
#[derive(Debug, Clone)]
pub struct Models {
    all: HashMap<String, Model>,
    version: String,
}

/// An operator's table of models cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("is no table of models: {0}")]
pub struct BadModels(String);

#[derive(Deserialize)]
struct Table {
    /// Which one it is; an operator's need not say.
    #[serde(default)]
    version: String,
    models: Map<String, Value>,
}

impl Models {
    /// The table of this version, with the fields of `own`, an operator's table as JSON, instead of its own.
    ///
    /// # Errors
    /// `own` is no such table.
    pub fn new(own: Option<&str>) -> Result<Self, BadModels> {
        let Table {
            mut version,
            models: mut all,
        } = table(EMBEDDED)?;
        if let Some(own) = own {
            version.push_str(&format!(" own-{}", short_hash(own)));
            for (name, own) in table(own)?.models {
                match (all.get_mut(&name), own) {
                    (Some(Value::Object(known)), Value::Object(own)) => known.extend(own),
                    (_, own) => {
                        all.insert(name, own);
                    }
                }
            }
        }
        let models = all.into_iter().map(|(name, value)| {
            let model = model(&name, value)?;
            Ok((name, model))
        });
        Ok(Models {
            all: models.collect::<Result<_, _>>()?,
            version,
        })
    }

    /// What is known of `model` of `provider`.
    pub fn get(&self, provider: &str, model: &str) -> Option<&Model> {
        self.all.get(&format!("{provider}/{model}"))
    }

    /// The model of `provider` by whose prices a call is counted: the one that the answer names, such as
    /// `gpt-6-luna-2026-08-01`, if its prices are known, and otherwise the one that was `asked` for.
    pub fn priced(&self, provider: &str, asked: &str, named: Option<&str>) -> Option<&Model> {
        let named = named.and_then(|named| self.get(provider, named));
        let named = named.filter(|model| model.is_priced());
        named.or_else(|| self.get(provider, asked))
    }

    /// The name of this table, to be kept beside what was counted with it: its source, that one's version and date, and
    /// eight digits of a hash of the operator's own table, if there is one.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn table(text: &str) -> Result<Table, BadModels> {
    serde_json::from_str(text).map_err(|e| {
        BadModels(format!(
            "{e}. It looks like {{\"models\": {{\"openai/my-model\": {{\"context\": 128000}}}}}}; the fields are those \
             of shared/ai/data/models.json"
        ))
    })
}

fn model(name: &str, value: Value) -> Result<Model, BadModels> {
    serde_path_to_error::deserialize(value).map_err(|e| {
        let (field, why) = (e.path().to_string(), e.inner());
        BadModels(match field.as_str() {
            "." => format!("{name} cannot be used: {why}"),
            _ => format!("{field} of {name} cannot be used: {why}"),
        })
    })
}

fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..4])
}

#[cfg(test)]
#[path = "models_tests.rs"]
mod tests;
