//! `POST /mcp`: the search as a tool of the Model Context Protocol, for assistants and editors that others make. Stateless: no session,
//! no stream, each message a request of its own.

mod message;
mod revision;
mod tool;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use db::Caller;
use message::{Message, Request};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::{App, Json, Result, answer_of_call, check_page};

/// For how long a client need not ask again what there is, in milliseconds.
const KEPT_MS: u32 = 3_600_000;

/// An answer of JSON-RPC.
#[derive(Serialize, ToSchema)]
pub(crate) struct McpAnswer {
    /// `2.0`.
    #[schema(example = "2.0")]
    jsonrpc: &'static str,
    /// The request's: a text or a number.
    #[schema(value_type = String, example = "1")]
    id: Value,
    /// What the method gives.
    #[schema(value_type = Object)]
    result: Value,
}

/// One message of a client of the Model Context Protocol: revision 2026-07-28, or 2025-11-25 and 2025-06-18 without sessions. It has one
/// tool, `search_documents`, which finds what `POST /documents/search` finds.
#[utoipa::path(post, path = "/mcp", operation_id = "callMcp", tag = "documents", request_body = Message, responses(
    (status = 200, description = "What the method gives; of a tool that failed, with `isError`. Of the revisions before 2026-07-28, also an `error`.", body = McpAnswer),
    (status = 202, description = "A notification was taken."),
    (status = 404, description = "There is no such method (-32601); of the revisions before 2026-07-28, that is a 200."),
))]
pub(crate) async fn call(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(message): Json<Message>,
) -> Result<Response> {
    check_page(&app, &headers, &caller)?;
    let Some(request) = message.check(&headers)? else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    let result = match request.method() {
        "initialize" => initialized(&request),
        "ping" => json!({}),
        "server/discover" => discovered(),
        "tools/list" => {
            request.check_no_cursor()?;
            let tools = [tool::described(&caller.account().tenant.name)];
            json!({ "tools": tools, "ttlMs": KEPT_MS, "cacheScope": "private" })
        }
        "tools/call" => {
            let arguments = request.arguments(tool::NAME)?;
            let called = tool::call(&app, caller, arguments).await;
            let answer = called.map(|found| request.answer(found).into_response());
            return Ok(answer_of_call(answer.into_response(), request.into_id()));
        }
        _ => return Err(request.no_such_method()),
    };
    Ok(request.answer(result).into_response())
}

impl Request {
    /// What the request is answered.
    fn answer(&self, mut result: Value) -> Json<McpAnswer> {
        result["resultType"] = json!("complete");
        Json(McpAnswer {
            jsonrpc: "2.0",
            id: self.id().clone(),
            result,
        })
    }
}

/// Who answers here.
fn server() -> Value {
    json!({ "name": "parlance", "title": "Parlance", "version": env!("CARGO_PKG_VERSION") })
}

fn initialized(request: &Request) -> Value {
    json!({
        "protocolVersion": revision::agreed(request.text("protocolVersion")),
        "capabilities": { "tools": {} },
        "serverInfo": server(),
        "instructions": tool::INSTRUCTIONS,
    })
}

fn discovered() -> Value {
    json!({
        "supportedVersions": revision::ALL,
        "capabilities": { "tools": {} },
        "instructions": tool::INSTRUCTIONS,
        "ttlMs": KEPT_MS,
        "cacheScope": "public",
        "_meta": { "io.modelcontextprotocol/serverInfo": server() },
    })
}
