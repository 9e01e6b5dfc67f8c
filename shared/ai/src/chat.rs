//! The request of the chat completions API that OpenAI and DeepSeek share.

use reqwest::{RequestBuilder, header::AUTHORIZATION};
use secrecy::SecretString;
use serde::Serialize;

use crate::{
    BaseUrl, Client, Error, Options, Prompt, Provider, Timeouts,
    http::secret_header,
    prompt::{WireMessage, messages},
    tokens,
};

/// A request that is ready to send, with what reading its answer needs.
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) request: RequestBuilder,
    pub(crate) timeouts: Timeouts,
    /// Estimated, in case the provider does not count.
    pub(crate) prompt_tokens: u32,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [WireMessage],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// A provider that is reached by HTTP, and how it differs from the other.
pub(crate) struct Target<'a> {
    service: &'static str,
    base: &'a BaseUrl,
    key: &'a SecretString,
    /// Whether it calls the limit on the answer's length by its newer name.
    max_completion_tokens: bool,
}

impl Client {
    /// Where `provider` is; `None` for the local provider, which is nowhere.
    pub(crate) fn target<'a>(&'a self, provider: &'a Provider) -> Option<Target<'a>> {
        let (base, key, max_completion_tokens) = match provider {
            Provider::OpenAi { key } => (&self.endpoints.openai, key, true),
            Provider::DeepSeek { key } => (&self.endpoints.deepseek, key, false),
            Provider::Local => return None,
        };
        Some(Target {
            service: provider.name(),
            base,
            key,
            max_completion_tokens,
        })
    }

    /// Prepares the request of `prompt` to `target`.
    ///
    /// # Errors
    /// [`Error::Auth`] if the key cannot be sent.
    pub(crate) fn call(
        &self,
        target: &Target<'_>,
        prompt: Prompt,
        options: &Options,
        stream: bool,
    ) -> Result<Call, Error> {
        let messages = messages(prompt);
        let limit = Some(options.max_output_tokens);
        let (max_tokens, max_completion_tokens) = match target.max_completion_tokens {
            true => (None, limit),
            false => (limit, None),
        };
        let body = Body {
            model: &options.model,
            messages: &messages,
            stream,
            stream_options: stream.then_some(StreamOptions {
                include_usage: true,
            }),
            temperature: options.temperature,
            max_tokens,
            max_completion_tokens,
        };
        let client = match stream {
            true => &self.streams,
            false => &self.http,
        };
        let request = client
            .post(target.base.at("chat/completions"))
            .header(AUTHORIZATION, secret_header("Bearer ", target.key)?)
            .json(&body);
        let costs = messages
            .iter()
            .map(|m| tokens::estimate(m.content()).saturating_add(tokens::PER_MESSAGE));
        Ok(Call {
            service: target.service,
            request,
            timeouts: self.timeouts,
            prompt_tokens: costs.fold(0, u32::saturating_add),
        })
    }
}
