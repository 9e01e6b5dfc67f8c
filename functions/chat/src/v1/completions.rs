//! `POST /v1/chat/completions`.

use super::{
    begun::begun,
    call::{By, Call, repeat_key, tell_limit},
    chunks::{ChatCompletionChunk, Chunks},
    completion::ChatCompletion,
    fields::{MOST_TEMPERATURE, effort, format, metadata, most_tokens, no_tools, number, stops},
    messages,
    refused::Names,
};
use crate::{answered::collect, sse};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::Wishes;
use utoipa::ToSchema;
use web::{App, Error, Json, Own, Result, Stop};

/// What is asked of chat completions. Members that are not named here are ignored, and any may be null.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ChatCompletionRequest)]
pub(crate) struct Completion {
    /// One of `GET /v1/models`, or `default`.
    #[schema(value_type = String, required = true, example = "default")]
    model: Option<String>,
    /// The conversation, oldest first. The last message of the user is the question; those of `system` and `developer` are
    /// added to the tenant's instructions, after them.
    #[schema(value_type = Vec<ChatCompletionMessageParam>, required = true, min_items = 1)]
    messages: Option<Vec<Value>>,
    /// Whether to stream the answer.
    stream: Option<bool>,
    /// How to stream it.
    stream_options: Option<StreamOptions>,
    /// The most tokens that the answer may have; never more than the tenant's `max_output_tokens`.
    #[schema(minimum = 1)]
    max_completion_tokens: Option<i64>,
    /// The older name of `max_completion_tokens`, which counts where both are sent.
    #[schema(minimum = 1)]
    max_tokens: Option<i64>,
    /// Randomness, where the model takes it.
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// From how probable a share of the words to choose, where the model takes it.
    #[schema(minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// A text before which the answer ends, or a list of up to 4.
    #[schema(value_type = Option<Vec<String>>)]
    stop: Option<Value>,
    /// `{"type": "text"}`; `json_object` and `json_schema` where the tenant's provider has them.
    #[schema(value_type = Option<Object>)]
    response_format: Option<Value>,
    /// How much to think, as far as the model can: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`. Without it,
    /// as little as it can.
    reasoning_effort: Option<String>,
    /// 1.
    n: Option<i64>,
    /// None: no tools can be called.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Value>,
    /// `none` or `auto`.
    #[schema(value_type = Option<String>)]
    tool_choice: Option<Value>,
    /// None, as of `tools`.
    #[schema(value_type = Option<Vec<Object>>)]
    functions: Option<Value>,
    /// `none` or `auto`.
    #[schema(value_type = Option<String>)]
    function_call: Option<Value>,
    /// Whom the client asks for. It is stored as a hash, `end_user` in the question's metadata, and nobody is identified by
    /// it.
    safety_identifier: Option<String>,
    /// The older name of `safety_identifier`.
    user: Option<String>,
    /// What the client wants to find beside its question again: at most 16 texts.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// False: they are not told.
    logprobs: Option<bool>,
    /// 0.
    top_logprobs: Option<i64>,
    /// `["text"]`.
    #[schema(value_type = Option<Vec<String>>)]
    modalities: Option<Value>,
    /// None.
    #[schema(value_type = Option<Object>)]
    audio: Option<Value>,
    /// None: the tenant's documents are searched, not the web.
    #[schema(value_type = Option<Object>)]
    web_search_options: Option<Value>,
}

/// A message of a conversation.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes what is read without it, so that what is wrong can be named by its path"
)]
struct ChatCompletionMessageParam {
    /// `system`, `developer`, `user` or `assistant`.
    #[schema(example = "user")]
    role: String,
    /// A text, or a list of parts such as `{"type": "text", "text": "Hello?"}`; of an assistant perhaps null.
    #[schema(value_type = String, example = "How long does a refund take?")]
    content: Value,
}

/// How to stream an answer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ChatCompletionStreamOptions)]
pub(crate) struct StreamOptions {
    /// Whether to tell at the end what the answer took.
    include_usage: Option<bool>,
}

/// Asks as OpenAI's clients do. The answer is made as that of `POST /chat`: with the tenant's instructions, documents, limits
/// and provider. Each request is a conversation of its own, `GET /chat/sessions?origin=api`, which holds its question and the
/// answer; what was said before is what the request says, as far as the tenant's `history_token_budget` and the model allow.
///
/// Streamed, each line of `data` is one `ChatCompletionChunk`, and the last `[DONE]`. What goes wrong before the first word
/// is a failure with a status, unless that takes longer than 15 seconds; after it, `data` is one object with `error`.
/// A streamed answer whose client leaves is stopped; with an `Idempotency-Key`, the tenant's `on_disconnect` holds, and the
/// same request sent again is given the same answer.
#[utoipa::path(post, path = "/v1/chat/completions", operation_id = "createChatCompletion", tag = "openai",
    params(web::IdempotencyKey),
    request_body = Completion, responses(
    (status = 200, content((ChatCompletion = "application/json"), (ChatCompletionChunk = "text/event-stream"))),
    (status = 409, description = "`model_unpriced`: spending is limited, and the price of the model is not known."),
    (status = 410, description = "`conversation_deleted`: it was, while its answer was made. `result_gone`: the answer of an \
        earlier request with this `Idempotency-Key` is deleted."),
    (status = 502, description = "`provider_unreachable` and the like: the model's provider failed."),
    (status = 504, description = "`provider_timeout`: the model's provider did not answer in time."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    Own(caller): Own,
    stop: Stop,
    web::IdempotencyKey(key): web::IdempotencyKey,
    Json(asked): Json<Completion>,
) -> Result<Response> {
    let usage = asked.stream_options.as_ref();
    let usage = usage.and_then(|options| options.include_usage);
    let key = repeat_key(key, "POST /v1/chat/completions", &asked);
    let call = asked.check()?;
    let stream = call.stream;
    let by = By {
        app,
        caller,
        stop,
        key,
        route: "/v1/chat/completions",
    };
    let (events, nearest) = call.events(by).await?;
    let mut answer = match stream {
        true => {
            let mut chunks = Chunks::new(usage.unwrap_or_default());
            sse::stream(begun(events).await?, move |_, event| chunks.write(event))
        }
        false => {
            let answer = collect(events).await?;
            Json(ChatCompletion::from(answer)).into_response()
        }
    };
    tell_limit(&mut answer, nearest);
    Ok(answer)
}

impl Completion {
    /// # Errors
    /// 400 for what cannot be done, with the name of the parameter.
    fn check(self) -> Result<Call> {
        self.refuse()?;
        let model = self.model.ok_or_else(|| Error::missing("model"))?;
        let messages = self.messages.ok_or_else(|| Error::missing("messages"))?;
        let conversation = messages::read("messages", &messages)?;
        let newer = most_tokens("max_completion_tokens", self.max_completion_tokens)?;
        let older = most_tokens("max_tokens", self.max_tokens)?;
        let wishes = Wishes {
            temperature: number("temperature", self.temperature, MOST_TEMPERATURE)?,
            top_p: number("top_p", self.top_p, 1.0)?,
            max_output_tokens: newer.or(older),
            effort: effort("reasoning_effort", self.reasoning_effort.as_deref())?,
            format: format("response_format", self.response_format.as_ref())?,
            stop: stops(self.stop.as_ref())?,
        };
        Ok(Call {
            model,
            conversation,
            wishes,
            names: Names {
                format: "response_format",
                messages: "messages",
            },
            metadata: metadata(self.metadata)?,
            end_user: self.safety_identifier.or(self.user),
            stream: self.stream.unwrap_or_default(),
        })
    }

    /// # Errors
    /// 400 for what is asked for and not done here: a client that thinks that it was done goes wrong later.
    fn refuse(&self) -> Result<()> {
        no_tools("tools", self.tools.as_ref(), self.tool_choice.as_ref())?;
        no_tools(
            "functions",
            self.functions.as_ref(),
            self.function_call.as_ref(),
        )?;
        if self.n.is_some_and(|n| n != 1) {
            let message = "Only one answer is made. Send 1, or leave `n` out.";
            return Err(Error::unsupported("n", message));
        }
        let text = json!(["text"]);
        let is_asked = |value: &Option<Value>| value.as_ref().is_some_and(|v| !v.is_null());
        let refused = [
            ("logprobs", self.logprobs == Some(true)),
            ("top_logprobs", self.top_logprobs.is_some_and(|n| n != 0)),
            (
                "modalities",
                is_asked(&self.modalities) && self.modalities.as_ref() != Some(&text),
            ),
            ("audio", is_asked(&self.audio)),
            ("web_search_options", is_asked(&self.web_search_options)),
        ];
        match refused.into_iter().find(|(_, is_asked)| *is_asked) {
            Some((name, _)) => {
                let message = format!("`{name}` asks for what is not done here. Leave it out.");
                Err(Error::unsupported(name, message))
            }
            None => Ok(()),
        }
    }
}
