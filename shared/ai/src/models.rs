//! What is known of models: what they take, cost and can hold, and how long they will be there.
//!
//! The table in `data/models.json` is made by `scripts/update-models`; an operator's file may know better.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};

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
    /// Of a token that is read, in pico-USD: 1,000,000 is one USD for a million tokens. All prices are of the dearest
    /// hour.
    pub input_price: Option<u64>,
    /// Of a token that is read from the provider's cache.
    pub cached_price: Option<u64>,
    /// Of a token that is written to the provider's cache, if not [`Model::input_price`].
    pub write_price: Option<u64>,
    /// Of a token that is written.
    pub output_price: Option<u64>,
    /// The day on which its provider switches it off.
    pub ends: Option<NaiveDate>,
    /// What its provider recommends instead.
    pub successor: Option<String>,
    /// The values of `reasoning_effort` that it takes.
    pub efforts: Option<Vec<String>>,
    /// Whether it thinks unless `thinking` says that it should not.
    pub thinking: Option<bool>,
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
        let context = self.context.unwrap_or(UNKNOWN_CONTEXT);
        context - output.min(context / 2)
    }
}

/// The models that are known, by provider and name.
#[derive(Debug, Clone)]
pub struct Models(HashMap<String, Model>);

/// An operator's table of models cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "is no table of models: {0}. It looks like {{\"models\": {{\"openai/my-model\": {{\"context\": 128000}}}}}}; the fields are those of shared/ai/data/models.json"
)]
pub struct BadModels(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Table {
    models: Map<String, Value>,
}

impl Models {
    /// The table of this version, with the fields of `own`, an operator's table as JSON, instead of its own.
    ///
    /// # Errors
    /// `own` is no such table.
    pub fn new(own: Option<&str>) -> Result<Self, BadModels> {
        let mut all = serde_json::from_str::<Table>(EMBEDDED)?.models;
        let own: Option<Table> = own.map(serde_json::from_str).transpose()?;
        for (name, own) in own.into_iter().flat_map(|own| own.models) {
            match (all.get_mut(&name), own) {
                (Some(Value::Object(known)), Value::Object(own)) => known.extend(own),
                (_, own) => {
                    all.insert(name, own);
                }
            }
        }
        Ok(Models(serde_json::from_value(Value::Object(all))?))
    }

    /// What is known of `model` of `provider`.
    pub fn get(&self, provider: &str, model: &str) -> Option<&Model> {
        self.0.get(&format!("{provider}/{model}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_knows_counts() {
        let own = r#"{"models": {
            "openai/gpt-6-luna": {"context": 1000, "ends": "2027-02-03"},
            "mine/llama": {"context": 8192, "limit": "max_tokens"}
        }}"#;
        let models = Models::new(Some(own)).unwrap();
        let luna = models.get("openai", "gpt-6-luna").unwrap();
        assert_eq!(luna.context, Some(1000));
        assert_eq!(luna.ends, NaiveDate::from_ymd_opt(2027, 2, 3));
        assert!(luna.has_effort("none"), "the rest is as it was");
        assert_eq!(
            models.get("mine", "llama").unwrap().limit,
            Some(Limit::MaxTokens)
        );
        assert_eq!(models.get("mine", "other"), None);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for own in [
            "",
            "[]",
            "{}",
            r#"{"models": {"a/b": {"contxt": 1}}}"#,
            r#"{"models": {"a/b": 1}}"#,
        ] {
            let refused = Models::new(Some(own)).unwrap_err().to_string();
            assert!(refused.starts_with("is no table of models"), "{refused}");
        }
    }

    #[test]
    fn a_prompt_has_what_the_answer_leaves() {
        let room = |context, output| {
            Model {
                context,
                ..Model::default()
            }
            .room(output)
        };
        assert_eq!(room(Some(128_000), 1024), 126_976);
        assert_eq!(room(Some(8000), 32_768), 4000);
        assert_eq!(room(None, 768), 32_000);
    }
}
