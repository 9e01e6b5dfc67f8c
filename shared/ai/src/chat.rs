//! The request of OpenAI's chat completions API, as each server takes it.

use std::{sync::Arc, time::Duration};

use reqwest::{
    RequestBuilder, Response,
    header::{HeaderName, HeaderValue},
};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    Client, Effort, Endpoint, Error, Meter, Options, Prompt, Provider, Timeouts,
    breaker::Permit,
    failure::{Failure, Retries},
    fit::fit,
    http,
    models::{Limit, Model},
    params::{Complaint, Params, Refusals},
    prompt::{WireMessage, messages},
    reported, tokens,
};

/// A request that is ready to send, with what reading its answer needs.
pub(crate) struct Call {
    pub(crate) service: String,
    /// Whether the model marks only the end of its thoughts.
    pub(crate) is_unmarked: bool,
    pub(crate) ask: Ask,
    pub(crate) timeouts: Timeouts,
    pub(crate) meter: Meter,
}

/// An answer to read.
pub(crate) struct Opened {
    pub(crate) response: Response,
    /// The most tokens to read of it, if the server takes no limit.
    pub(crate) most: Option<u32>,
}

/// The request, as often as it must be made.
pub(crate) struct Ask {
    service: String,
    client: reqwest::Client,
    url: Url,
    /// The header that has the key.
    key: Option<(HeaderName, HeaderValue)>,
    pub(crate) options: Options,
    messages: Vec<WireMessage>,
    stream: bool,
    /// What is known of the model.
    model: Model,
    /// What this server does not take, and what it does not take of this request.
    refused: Params,
    /// Of these, what it takes from nobody.
    lasting: Params,
    /// Whether the limit has been lowered to what the server takes.
    is_lowered: bool,
    refusals: Refusals,
    permit: Arc<Permit>,
    meter: Meter,
    backoff: Duration,
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
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a Value>,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// A provider that is reached by HTTP.
pub(crate) struct Target<'a> {
    pub(crate) service: &'a str,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) key: Option<&'a SecretString>,
}

impl Client {
    /// Where `provider` is; `None` for the local provider, which is nowhere.
    ///
    /// # Errors
    /// [`Error::Rejected`] if there is none of that name.
    pub(crate) fn target<'a>(
        &'a self,
        provider: &'a Provider,
    ) -> Result<Option<Target<'a>>, Error> {
        let Provider::Remote { name, key } = provider else {
            return Ok(None);
        };
        let endpoint = self.endpoints.get(name).ok_or(Error::Rejected)?;
        Ok(Some(Target {
            service: name,
            endpoint,
            key: key.as_ref(),
        }))
    }

    /// Prepares the request of `prompt` to `target`.
    ///
    /// # Errors
    /// [`Error::Auth`] if the key cannot be sent.
    pub(crate) fn call(
        &self,
        target: &Target<'_>,
        permit: Arc<Permit>,
        mut prompt: Prompt,
        mut options: Options,
        stream: bool,
    ) -> Result<Call, Error> {
        let endpoint = target.endpoint;
        fit(&mut prompt, self.room(endpoint, &options));
        let known = self.models.get(&endpoint.table, &options.model);
        let mut model = known.cloned().unwrap_or_default();
        model.limit = model.limit.or(Some(endpoint.limit));
        let most = model.output.unwrap_or(u32::MAX);
        options.max_output_tokens = options.max_output_tokens.min(most);
        let messages = messages(prompt);
        let costs = messages
            .iter()
            .map(|m| tokens::estimate(m.content()).saturating_add(tokens::PER_MESSAGE));
        let format = options.format.as_ref();
        let format = format.map_or(0, |format| tokens::estimate(&format.to_string()));
        let meter = Meter::new(costs.fold(format, u32::saturating_add));
        let service = target.service.to_owned();
        let mut refused = self.refusals.get(&service, &options.model);
        if !endpoint.stream_options {
            refused = refused.and(Params::STREAM_OPTIONS);
        }
        let is_unmarked = model.unmarked_thoughts == Some(true);
        let ask = Ask {
            client: self.toward_base(&endpoint.base, stream).clone(),
            url: endpoint.at("chat/completions"),
            key: target.key.map(|key| endpoint.key(key)).transpose()?,
            service: service.clone(),
            refused,
            lasting: refused,
            is_lowered: false,
            refusals: self.refusals.clone(),
            model,
            backoff: self.timeouts.backoff,
            options,
            messages,
            stream,
            permit,
            meter: meter.clone(),
        };
        Ok(Call {
            service,
            is_unmarked,
            ask,
            timeouts: self.timeouts,
            meter,
        })
    }
}

impl Ask {
    /// Makes the request, again if it fails in a way that may pass or for a parameter that can be left out, and gives
    /// an answer to read.
    ///
    /// # Errors
    /// That of the last request.
    pub(crate) async fn open(mut self) -> Result<Opened, Failure> {
        let permit = Arc::clone(&self.permit);
        let mut retries = Retries::new(&permit, self.backoff);
        let known = self.lasting;
        loop {
            let (request, sent) = self.request();
            self.meter.sent();
            let mut failure = match http::open(&self.service, request).await {
                Ok(response) => {
                    if self.lasting != known {
                        let model = &self.options.model;
                        self.refusals.insert(&self.service, model, self.lasting);
                    }
                    let is_limited =
                        sent.has(Params::MAX_TOKENS) || sent.has(Params::MAX_COMPLETION_TOKENS);
                    let most = (!is_limited).then_some(self.options.max_output_tokens);
                    return Ok(Opened { response, most });
                }
                Err(failure) => failure,
            };
            if !failure.may_cost() {
                self.meter.refused();
            }
            if self.learns(&failure, sent) {
                continue;
            }
            if failure.error == Error::Rejected {
                let has_format = self.options.format.is_some();
                let refused = reported::refused(&failure.body, has_format);
                failure.error = refused.unwrap_or(Error::Rejected);
            }
            retries.wait(failure).await?;
        }
    }

    /// Whether the failure tells of a parameter that was sent. It is sent no more, or lowered once, so this ends.
    fn learns(&mut self, failure: &Failure, sent: Params) -> bool {
        let limit = &mut self.options.max_output_tokens;
        let complaint = Complaint::of(&failure.body, sent, *limit);
        if let Some(most) = complaint.most.filter(|_| !self.is_lowered) {
            self.is_lowered = true;
            *limit = most;
            return true;
        }
        self.refused = self.refused.and(complaint.about);
        if complaint.is_lasting {
            self.lasting = self.lasting.and(complaint.about);
        }
        complaint.about != Params::NONE
    }

    /// The request, and what is in it that could be left out.
    fn request(&self) -> (RequestBuilder, Params) {
        let mut sent = Params::NONE;
        let mut may = |param: Params, is_wanted: bool| {
            let may = is_wanted && !self.refused.has(param);
            sent = if may { sent.and(param) } else { sent };
            may
        };
        let limit = self.options.max_output_tokens;
        // The other name, where the usual one is refused.
        let newer = self.model.limit == Some(Limit::MaxCompletionTokens);
        let newer = newer || self.refused.has(Params::MAX_TOKENS);
        let newer = may(Params::MAX_COMPLETION_TOKENS, newer);
        let older = may(Params::MAX_TOKENS, !newer);
        // An answer from documents needs no thoughts: they cost time and money, and are of the limit on its length.
        let can = self.model.thinking == Some(true);
        let thinks = self.options.effort.is_some_and(|e| e > Effort::None);
        let thinks = thinks || can && self.options.thoughts;
        let effort = self.model.effort(&self.options);
        if self.model.thinks(&self.options) {
            self.meter.thinks(limit);
        }
        let effort = effort.filter(|_| may(Params::REASONING_EFFORT, true));
        let no_thinking = can && !thinks;
        let no_thinking = may(Params::THINKING, no_thinking);
        // Models that think refuse both, and what one request is refused for would be left out of all.
        let samples = self.model.temperature.unwrap_or(true) && !thinks;
        let temperature = self.options.temperature.filter(|_| samples);
        let temperature = temperature.filter(|_| may(Params::TEMPERATURE, true));
        let top_p = self.options.top_p.filter(|_| samples);
        let top_p = top_p.filter(|_| may(Params::TOP_P, true));
        let body = Body {
            model: &self.options.model,
            messages: &self.messages,
            stream: self.stream,
            stream_options: may(Params::STREAM_OPTIONS, self.stream).then_some(StreamOptions {
                include_usage: true,
            }),
            temperature,
            top_p,
            max_tokens: older.then_some(limit),
            max_completion_tokens: newer.then_some(limit),
            reasoning_effort: effort,
            thinking: no_thinking.then_some(Thinking { r#type: "disabled" }),
            response_format: self.options.format.as_ref(),
        };
        let mut request = self.client.post(self.url.clone());
        if let Some((name, value)) = &self.key {
            request = request.header(name, value);
        }
        (request.json(&body), sent)
    }
}
