//! What whoever asks may choose of how they are answered, within what their tenant allows.

use crate::{Answering, Service};
use ai::{Effort, Options, Provider};
use serde_json::Value;

/// What is wanted of one answer; what is not said is as the tenant has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Randomness, from 0 to 2.
    pub temperature: Option<f32>,
    /// From how probable a share of the words to choose, from 0 to 1.
    pub top_p: Option<f32>,
    /// The most tokens the answer may have; never more than the tenant's.
    pub max_output_tokens: Option<u32>,
    /// How much to think.
    pub effort: Option<Effort>,
    /// `response_format`, as OpenAI has it.
    pub format: Option<Value>,
    /// Texts before which the answer ends.
    pub stop: Vec<String>,
}

impl Wishes {
    /// The options of a tenant's answers with these in them.
    pub fn apply(&self, options: &mut Options) {
        let most = self.max_output_tokens.unwrap_or(u32::MAX);
        options.max_output_tokens = options.max_output_tokens.min(most);
        options.temperature = self.temperature.or(options.temperature);
        options.top_p = self.top_p;
        options.effort = self.effort;
        options.format.clone_from(&self.format);
        options.stop.clone_from(&self.stop);
    }
}

impl Service {
    /// The models that clients of a tenant may name, of whoever answers for it: its own first, then those that the
    /// deployment lists for that server.
    pub fn models_of<'a>(&'a self, answering: &'a Answering) -> Vec<&'a str> {
        let own = &answering.options.model;
        let listed = match &answering.provider {
            Provider::Remote { name, .. } => self.config.endpoints.get(name),
            Provider::Local => None,
        };
        let listed = listed.into_iter().flat_map(|endpoint| &endpoint.models);
        let others = listed.filter(|model| *model != own);
        std::iter::once(own)
            .chain(others)
            .map(String::as_str)
            .collect()
    }

    /// Whether whoever answers takes this `response_format`.
    pub fn takes_format(&self, answering: &Answering, format: &Value) -> bool {
        match &answering.provider {
            Provider::Remote { name, .. } => {
                let endpoint = self.config.endpoints.get(name);
                endpoint.is_some_and(|e| e.json_schema || format["type"] != "json_schema")
            }
            Provider::Local => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // R63
    fn an_answer_is_no_longer_than_the_tenant_allows() {
        let tenant = || Options {
            model: "theirs".into(),
            temperature: Some(0.5),
            max_output_tokens: 100,
            ..Options::default()
        };
        for (wanted, most) in [(None, 100), (Some(7), 7), (Some(101), 100)] {
            let mut options = tenant();
            let wishes = Wishes {
                max_output_tokens: wanted,
                ..Wishes::default()
            };
            wishes.apply(&mut options);
            assert_eq!(
                options,
                Options {
                    max_output_tokens: most,
                    ..tenant()
                }
            );
        }
        let mut options = tenant();
        let wishes = Wishes {
            temperature: Some(0.0),
            stop: vec!["!".into()],
            ..Wishes::default()
        };
        wishes.apply(&mut options);
        assert_eq!(
            (options.temperature, options.model),
            (Some(0.0), "theirs".into())
        );
        assert_eq!(options.stop, ["!"]);
    }
}
