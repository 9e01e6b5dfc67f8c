//! What is wanted of an answer.

use serde_json::Value;

use crate::Effort;

/// How the model should answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The provider's name of the model.
    pub model: String,
    /// Randomness, from 0; `None` leaves it to the provider, as some models accept no value.
    pub temperature: Option<f32>,
    /// From how probable a share of the words it chooses, up to 1; `None` leaves it to the provider.
    pub top_p: Option<f32>,
    /// The most tokens the answer may have.
    pub max_output_tokens: u32,
    /// How much it should think; `None` for as little as it can.
    pub effort: Option<Effort>,
    /// Whether somebody wants to read its thoughts: then a model that would think does.
    pub thoughts: bool,
    /// `response_format`, as OpenAI has it.
    pub format: Option<Value>,
    /// Texts before which the answer ends.
    pub stop: Vec<String>,
}
