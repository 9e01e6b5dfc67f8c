//! The request and the answers of the chat completions API that OpenAI and DeepSeek share.

use reqwest::{RequestBuilder, header::AUTHORIZATION};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    BaseUrl, Client, Error, Options, Prompt, Provider, Timeouts, Usage,
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

/// An answer in one piece, or one event of a stream.
///
/// Unknown fields are ignored; so is any choice but the first, since one is asked for.
#[derive(Deserialize)]
pub(crate) struct Completion {
    #[serde(default)]
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Option<WireUsage>,
    /// Its text is not kept.
    pub(crate) error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    /// `message` of an answer in one piece, `delta` of an event.
    #[serde(alias = "message")]
    pub(crate) delta: Option<Delta>,
    pub(crate) finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Delta {
    pub(crate) content: Option<String>,
    /// What the model says instead of `content` when it declines.
    pub(crate) refusal: Option<String>,
    /// A reasoning model's thoughts: a sign of life, not part of the answer.
    pub(crate) reasoning_content: Option<String>,
}

impl Delta {
    /// Whether the model is thinking aloud.
    pub(crate) fn reasons(&self) -> bool {
        self.reasoning_content
            .as_ref()
            .is_some_and(|text| !text.is_empty())
    }

    /// The text, if there is any.
    pub(crate) fn into_text(self) -> Option<String> {
        let text = self.content.filter(|text| !text.is_empty());
        text.or(self.refusal).filter(|text| !text.is_empty())
    }
}

#[derive(Clone, Copy, Deserialize)]
pub(crate) struct WireUsage {
    prompt_tokens: u32,
    completion_tokens: u32,
}

/// The provider's count, or an estimate from what was sent and received.
pub(crate) fn usage(counted: Option<WireUsage>, prompt_tokens: u32, text_bytes: usize) -> Usage {
    match counted {
        Some(counted) => Usage {
            prompt_tokens: counted.prompt_tokens,
            completion_tokens: counted.completion_tokens,
            exact: true,
        },
        None => Usage {
            prompt_tokens,
            completion_tokens: tokens::of_bytes(text_bytes),
            exact: false,
        },
    }
}
