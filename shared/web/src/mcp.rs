//! Failures as clients of the Model Context Protocol know them: JSON-RPC's, of whatever is asked at `/mcp`. What goes wrong in a call of
//! a tool is its result, which the model reads.

use crate::{Error, openai};
use axum::{
    http::{Extensions, StatusCode},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A failure of JSON-RPC.
#[derive(Debug, Serialize, ToSchema)]
pub struct McpFailure {
    /// `2.0`.
    #[schema(example = "2.0")]
    pub jsonrpc: &'static str,
    /// The request that it is about: a text or a number; null where none could be read.
    #[schema(value_type = Option<String>, required = true, example = "1")]
    pub id: Option<Value>,
    /// What went wrong.
    pub error: McpError,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct McpError {
    /// JSON-RPC's and the protocol's own: -32700 to -32600 and -32099 to -32000.
    #[schema(example = -32601)]
    pub code: i32,
    /// What happened and what to do, for people.
    #[schema(example = "There is no such method here.")]
    pub message: String,
    /// `code`: one of `x-error-codes` of this document; or what the protocol says that belongs to its code.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What the protocol has a code of its own for.
#[derive(Debug)]
pub struct McpFault {
    /// The HTTP status.
    pub status: StatusCode,
    /// JSON-RPC's.
    pub code: i32,
    /// In a sentence.
    pub message: String,
    /// The request that it is about.
    pub id: Option<Value>,
    /// Which revisions of the protocol there are, where that is the question.
    pub data: Option<Value>,
}

impl McpFault {
    /// The name of the problem: for logs, and beside JSON-RPC's.
    pub(crate) fn name(&self) -> &'static str {
        match self.code {
            -32601 => "not_found",
            _ => "malformed_request",
        }
    }
}

/// The call of a tool that an answer is for.
#[derive(Clone, Debug)]
struct Call {
    id: Value,
}

/// Marks the answer to a call of a tool: what fails is its result then.
pub fn answer_of_call(mut answer: Response, id: Value) -> Response {
    answer.extensions_mut().insert(Call { id });
    answer
}

/// Where everything is told so.
pub(crate) fn is_mcp(path: &str) -> bool {
    path == "/mcp"
}

/// Status and body of a failure.
pub(crate) fn told(error: &Error, answer: &Extensions) -> (StatusCode, Value) {
    if let Error::Mcp(fault) = error {
        let data = fault.data.clone();
        let message = fault.message.clone();
        let failure = McpFailure {
            jsonrpc: "2.0",
            id: fault.id.clone(),
            error: McpError {
                code: fault.code,
                message,
                data: data.unwrap_or_else(|| json!({ "code": fault.name() })),
            },
        };
        return (fault.status, json!(failure));
    }
    let status = openai::status(error);
    let message = error.in_words();
    if let Some(Call { id }) = answer.get().filter(|_| is_for_the_model(error)) {
        let result = json!({
            "resultType": "complete",
            "isError": true,
            "content": [{ "type": "text", "text": message }],
            "_meta": { "parlance/code": error.code() },
        });
        return (
            StatusCode::OK,
            json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        );
    }
    let call = answer.get::<Call>();
    let failure = McpFailure {
        jsonrpc: "2.0",
        id: call.map(|call| call.id.clone()),
        error: McpError {
            code: code(error),
            message,
            data: json!({ "code": error.code() }),
        },
    };
    (status, json!(failure))
}

/// Whether a model can do something about it, or tell whoever asked it: not where the service itself fails.
fn is_for_the_model(error: &Error) -> bool {
    error.status().is_client_error() || error.code() == "search_timeout"
}

fn code(error: &Error) -> i32 {
    match error.status() {
        StatusCode::BAD_REQUEST => -32700,
        StatusCode::UNPROCESSABLE_ENTITY => -32600,
        status if status.is_server_error() => -32603,
        _ => -32000,
    }
}
