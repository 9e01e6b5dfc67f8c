//! Which provider answers, and with whose key.

use secrecy::SecretString;

/// A model provider together with the tenant's key for it.
///
/// The key travels with the choice, so a request cannot be made with a key of another provider.
/// Debug output does not show keys.
#[derive(Debug, Clone)]
pub enum Provider {
    /// One of the [`Endpoints`](crate::Endpoints).
    Remote {
        /// Its name there.
        name: String,
        /// The tenant's API key; none for a server that needs none.
        key: Option<SecretString>,
    },
    /// The embedded extractive answer of [`local`](crate::local), which calls nothing.
    Local,
}

/// The name of the model of [`Provider::Local`].
pub const LOCAL_MODEL: &str = "local-extractive";

impl Provider {
    /// The name used in settings, records and logs.
    pub fn name(&self) -> &str {
        match self {
            Provider::Remote { name, .. } => name,
            Provider::Local => "local",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_key() {
        let provider = Provider::Remote {
            name: "openai".to_owned(),
            key: Some("canary".into()),
        };
        assert!(!format!("{provider:?}").contains("canary"));
    }
}
