//! `POST /v1/responses`.

use super::{
    begun::begun,
    call::{By, Call, repeat_key, tell_limit},
    fields::{MOST_TEMPERATURE, effort, format, metadata, most_tokens, no_tools, number},
    input,
    messages::{Conversation, is_nothing},
    refused::Names,
    response::{Echo, Response},
    response_events::{ResponseEvent, ResponseEvents},
};
use crate::{answered::collect, sse};
use axum::{extract::State, response::IntoResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::Wishes;
use utoipa::ToSchema;
use web::{App, Error, Json, Own, Result, Stop};

/// What is asked of responses. Members that are not named here are ignored, and any may be null.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = OpenAiResponseRequest)]
pub(crate) struct Responses {
    /// One of `GET /v1/models`, or `default`.
    #[schema(value_type = String, required = true, example = "default")]
    model: Option<String>,
    /// A text, which is the question; or a list of messages, `{"role": "user", "content": "Hello?"}`, of which the last one
    /// of the user is.
    #[schema(value_type = String, required = true, example = "How long does a refund take?")]
    input: Option<Value>,
    /// What is added to the tenant's instructions, after them.
    instructions: Option<String>,
    /// Whether to stream the response.
    stream: Option<bool>,
    /// The most tokens that it may have; never more than the tenant's `max_output_tokens`.
    #[schema(minimum = 1)]
    max_output_tokens: Option<i64>,
    /// Randomness, where the model takes it.
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// From how probable a share of the words to choose, where the model takes it.
    #[schema(minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// How much to think: `{"effort": "low"}`.
    #[schema(value_type = Option<Object>)]
    reasoning: Option<Reasoning>,
    /// The form of the text: `{"format": {"type": "json_object"}}`, where the tenant's provider has that.
    #[schema(value_type = Option<Object>)]
    text: Option<TextForm>,
    /// Whom the client asks for, as of chat completions.
    safety_identifier: Option<String>,
    /// The older name of `safety_identifier`.
    user: Option<String>,
    /// What the client wants to find beside its question again: at most 16 texts.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// None: no tools can be called.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Value>,
    /// `none` or `auto`.
    #[schema(value_type = Option<String>)]
    tool_choice: Option<Value>,
    /// None: send the conversation.
    previous_response_id: Option<String>,
    /// None, likewise.
    #[schema(value_type = Option<Object>)]
    conversation: Option<Value>,
    /// None: instructions are sent.
    #[schema(value_type = Option<Object>)]
    prompt: Option<Value>,
    /// False.
    background: Option<bool>,
}

/// How much to think.
#[derive(Debug, Deserialize, Serialize)]
struct Reasoning {
    effort: Option<String>,
}

/// The form of a text.
#[derive(Debug, Deserialize, Serialize)]
struct TextForm {
    format: Option<Value>,
}

/// Asks as clients of OpenAI's responses do: stateless, and for text alone. All is as of `POST /v1/chat/completions`, but for
/// the form. The item of an answer may be named in a later request (`item_reference`), which the AI SDK does.
///
/// Streamed, the events are those of OpenAI, each with its `sequence_number`; the last is `response.completed`,
/// `response.incomplete` or `response.failed`.
#[utoipa::path(post, path = "/v1/responses", operation_id = "createResponse", tag = "openai",
    params(web::IdempotencyKey),
    request_body = Responses, responses(
    (status = 200, content((Response = "application/json"), (ResponseEvent = "text/event-stream"))),
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
    Json(asked): Json<Responses>,
) -> Result<axum::response::Response> {
    let key = repeat_key(key, "POST /v1/responses", &asked);
    let missing = || Error::missing("input");
    let mut conversation = {
        asked.refuse()?;
        let input = asked.input.as_ref().ok_or_else(missing)?;
        input::conversation(&app, &caller, input).await?
    };
    asked.instruct(&mut conversation);
    let (call, echo) = asked.check(conversation)?;
    let stream = call.stream;
    let by = By {
        app,
        caller,
        stop,
        key,
        route: "/v1/responses",
    };
    let (events, nearest) = call.events(by).await?;
    let mut answer = match stream {
        true => {
            let mut written = ResponseEvents::new(echo);
            sse::stream(begun(events).await?, move |_, event| written.write(event))
        }
        false => Json(Response::of(collect(events).await?, echo)).into_response(),
    };
    tell_limit(&mut answer, nearest);
    Ok(answer)
}

impl Responses {
    /// Puts the instructions before those among the messages.
    fn instruct(&self, conversation: &mut Conversation) {
        let said = &mut conversation.said;
        let own = self
            .instructions
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        let all = [
            own,
            Some(&*said.instructions).filter(|text| !text.is_empty()),
        ];
        said.instructions = all.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    }

    /// # Errors
    /// 400 for what cannot be done, with the name of the parameter.
    fn check(self, conversation: Conversation) -> Result<(Call, Echo)> {
        let effort_is = self.reasoning.as_ref().and_then(|r| r.effort.as_deref());
        let form = self.text.as_ref().and_then(|text| text.format.as_ref());
        let wishes = Wishes {
            temperature: number("temperature", self.temperature, MOST_TEMPERATURE)?,
            top_p: number("top_p", self.top_p, 1.0)?,
            max_output_tokens: most_tokens("max_output_tokens", self.max_output_tokens)?,
            effort: effort("reasoning.effort", effort_is)?,
            format: format("text.format", form.map(as_completions).as_ref())?,
            stop: Vec::new(),
        };
        let metadata = metadata(self.metadata)?;
        let echo = Echo {
            instructions: self.instructions,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            metadata: metadata.clone(),
        };
        let call = Call {
            model: self.model.ok_or_else(|| Error::missing("model"))?,
            conversation,
            wishes,
            names: Names {
                format: "text.format",
                messages: "input",
            },
            metadata,
            end_user: self.safety_identifier.or(self.user),
            stream: self.stream.unwrap_or_default(),
        };
        Ok((call, echo))
    }

    /// # Errors
    /// 400 for what is asked for and not done here.
    fn refuse(&self) -> Result<()> {
        no_tools("tools", self.tools.as_ref(), self.tool_choice.as_ref())?;
        let is_asked = |value: &Option<Value>| value.as_ref().is_some_and(|v| !is_nothing(v));
        let refused = [
            ("previous_response_id", self.previous_response_id.is_some()),
            ("conversation", is_asked(&self.conversation)),
            ("prompt", is_asked(&self.prompt)),
            ("background", self.background == Some(true)),
        ];
        match refused.into_iter().find(|(_, is_asked)| *is_asked) {
            Some((name, _)) => {
                let message = format!(
                    "`{name}` is not known here: no state is kept. Leave it out, and send the conversation in `input`."
                );
                Err(Error::unsupported(name, message))
            }
            None => Ok(()),
        }
    }
}

/// The form of a text as chat completions have it: there, what describes a schema is a member of its own.
fn as_completions(format: &Value) -> Value {
    match format["type"].as_str() {
        Some("json_schema") => {
            let mut schema = format.clone();
            if let Some(schema) = schema.as_object_mut() {
                schema.remove("type");
            }
            json!({ "type": "json_schema", "json_schema": schema })
        }
        _ => format.clone(),
    }
}
