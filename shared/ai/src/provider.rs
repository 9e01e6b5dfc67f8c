//! Which provider answers, and with whose key.

use secrecy::SecretString;

/// A model provider together with the tenant's key for it.
///
/// The key travels with the choice, so a request cannot be made with a key of another provider.
/// Debug output does not show keys.
#[derive(Debug, Clone)]
pub enum Provider {
    /// OpenAI's chat completions.
    OpenAi {
        /// The tenant's API key.
        key: SecretString,
    },
    /// DeepSeek's chat completions.
    DeepSeek {
        /// The tenant's API key.
        key: SecretString,
    },
    /// The embedded extractive answer of [`local`](crate::local), which calls nothing.
    Local,
}

impl Provider {
    /// The name used in settings, records and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Provider::OpenAi { .. } => "openai",
            Provider::DeepSeek { .. } => "deepseek",
            Provider::Local => "local",
        }
    }

    /// The model for a tenant who chose none.
    pub fn default_model(&self) -> &'static str {
        default_model(self.name())
    }
}

/// The model of the provider of that name for a tenant who chose none.
pub fn default_model(provider: &str) -> &'static str {
    match provider {
        "openai" => "gpt-6-luna",
        "deepseek" => "deepseek-flash",
        _ => "local-extractive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_key() {
        let key: SecretString = "canary".into();
        for provider in [
            Provider::OpenAi { key: key.clone() },
            Provider::DeepSeek { key },
        ] {
            assert!(!format!("{provider:?}").contains("canary"));
        }
    }
}
