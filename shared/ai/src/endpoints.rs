//! Where the providers of a deployment are.

use std::collections::BTreeMap;

use crate::{BaseUrl, BaseUrlError, Endpoint, Preset};

/// Where the providers are: a deployment's choice, never a tenant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The servers that answer, by the name that tenants know them by.
    pub chat: BTreeMap<String, Endpoint>,
    /// Pinecone's control plane: `https://api.pinecone.io/`. A loopback address also permits index
    /// hosts on a loopback address; see [`Client::check_host`](crate::Client::check_host).
    pub pinecone: BaseUrl,
}

impl Endpoints {
    /// OpenAI, DeepSeek and Pinecone at these addresses.
    ///
    /// # Errors
    /// The first refusal; see [`BaseUrl`].
    pub fn new(openai: &str, deepseek: &str, pinecone: &str) -> Result<Self, BaseUrlError> {
        let mut chat = BTreeMap::new();
        for (name, base) in [("openai", openai), ("deepseek", deepseek)] {
            let preset = Preset::named(name).unwrap_or_default();
            let usual = preset.default_model.unwrap_or_default();
            chat.insert(name.to_owned(), preset.at(base, name, usual)?);
        }
        Ok(Endpoints {
            chat,
            pinecone: pinecone.parse()?,
        })
    }

    /// The server of that name.
    pub fn get(&self, name: &str) -> Option<&Endpoint> {
        self.chat.get(name)
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Endpoints::new(
            "https://api.openai.com/v1/",
            "https://api.deepseek.com/",
            "https://api.pinecone.io/",
        )
        .expect("the public addresses are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Models, Price, endpoint::PRESETS};

    #[test]
    fn the_defaults_are_the_public_addresses() {
        let endpoints = Endpoints::default();
        let deepseek = &endpoints.get("deepseek").unwrap().base;
        assert_eq!(deepseek.to_string(), "https://api.deepseek.com/");
        assert!(!endpoints.pinecone.is_loopback());
    }

    #[test]
    fn the_usual_models_are_known_and_here_to_stay() {
        let models = Models::new(None).unwrap();
        for preset in PRESETS {
            let Some(model) = preset.default_model else {
                continue;
            };
            let base = preset.base.unwrap();
            let endpoint = preset.at(base, preset.name, model).unwrap();
            let known = models.get(&endpoint.table, model);
            let known = known.unwrap_or_else(|| panic!("{model} is not known"));
            assert_eq!(known.ends, None, "{model}");
            assert!(
                known.output_price.unwrap() <= Price(2_000_000),
                "{model} is dear"
            );
        }
    }
}
