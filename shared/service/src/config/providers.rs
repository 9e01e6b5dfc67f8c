//! Reading what is set about the providers.

use super::vars::Vars;
use ai::{BaseUrl, Endpoints, Models, Timeouts};
use std::{fs, time::Duration};

impl Vars {
    /// Where the providers are.
    pub(super) fn endpoints(&mut self) -> Endpoints {
        let mut endpoints = Endpoints::default();
        for (name, base) in [
            ("OPENAI_BASE_URL", &mut endpoints.openai),
            ("DEEPSEEK_BASE_URL", &mut endpoints.deepseek),
            ("PINECONE_BASE_URL", &mut endpoints.pinecone),
        ] {
            if let Some(url) = self.parsed(name, base_url) {
                *base = url;
            }
        }
        endpoints
    }

    /// How long the providers may take.
    pub(super) fn provider_times(&mut self) -> Timeouts {
        let mut times = Timeouts::default();
        for (name, time) in [
            ("PROVIDER_FIRST_TOKEN_SECONDS", &mut times.first_token),
            ("PROVIDER_IDLE_SECONDS", &mut times.idle),
            ("PROVIDER_TOTAL_SECONDS", &mut times.total),
            ("PROVIDER_COMPLETE_SECONDS", &mut times.complete),
        ] {
            *time = Duration::from_secs(self.number(name, time.as_secs(), 1, 3600));
        }
        times
    }

    /// What is known of models.
    pub(super) fn models(&mut self) -> Option<Models> {
        const NAME: &str = "MODELS_FILE";
        let own = self.parsed(NAME, |path| {
            let text = fs::read_to_string(path).map_err(|e| format!("cannot be read: {e}"))?;
            Models::new(Some(&text)).map_err(|e| e.to_string())
        });
        match self.get(NAME) {
            Some(_) => own,
            None => self.usable(NAME, Models::new(None)),
        }
    }
}

fn base_url(text: &str) -> Result<BaseUrl, String> {
    text.parse().map_err(|e| format!("cannot be used. {e}"))
}
