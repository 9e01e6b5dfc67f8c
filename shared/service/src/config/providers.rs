//! Reading what is set about the providers.

use super::vars::Vars;
use ai::{BaseUrl, Endpoints, Timeouts};
use std::time::Duration;

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
}

fn base_url(text: &str) -> Result<BaseUrl, String> {
    text.parse().map_err(|e| format!("cannot be used. {e}"))
}
