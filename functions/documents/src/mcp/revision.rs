//! The revisions of the protocol, and which of them a message is of.

use super::message::Message;
use axum::http::{HeaderMap, StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use web::{Error, McpFault, Result};

/// The one in which each message says of what revision it is, and what its client can.
const MODERN: &str = "2026-07-28";
/// Those that begin with `initialize`, newest first. What is asked of a server of one tool is the same in both.
const WITH_HANDSHAKE: [&str; 2] = ["2025-11-25", "2025-06-18"];
/// All that are spoken here, newest first.
pub(super) const ALL: [&str; 3] = [MODERN, WITH_HANDSHAKE[0], WITH_HANDSHAKE[1]];

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// Which of those that begin with `initialize` is spoken with a client that wants `wanted`.
pub(super) fn agreed(wanted: &str) -> &'static str {
    let known = WITH_HANDSHAKE.into_iter().find(|known| *known == wanted);
    known.unwrap_or(WITH_HANDSHAKE[0])
}

/// Whether a message is of the modern revision.
///
/// # Errors
/// It is of a revision that is not spoken here, contradicts its headers, or lacks what that revision wants.
pub(super) fn is_modern(message: &Message, headers: &HeaderMap) -> Result<bool> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let said = header("mcp-protocol-version");
    let meta = message
        .params
        .as_ref()
        .and_then(|params| params.get("_meta"));
    let Some(version) = meta.and_then(|meta| meta.get(VERSION)) else {
        return match said {
            _ if message.method == "initialize" => Ok(false),
            // Its notifications need not say so.
            Some(MODERN) if message.id.is_none() => Ok(true),
            Some(MODERN) => Err(lacking(message, VERSION)),
            Some(said) if !WITH_HANDSHAKE.contains(&said) => Err(unknown(message, said)),
            _ => Ok(false),
        };
    };
    if version.as_str() != said {
        return Err(mismatch(message, "MCP-Protocol-Version", VERSION));
    }
    if said != Some(MODERN) {
        return Err(unknown(message, said.unwrap_or_default()));
    }
    if meta.is_some_and(|meta| !meta[CAPABILITIES].is_object()) {
        return Err(lacking(message, CAPABILITIES));
    }
    if header("mcp-method") != Some(&message.method) {
        return Err(mismatch(message, "Mcp-Method", "method"));
    }
    let name = message
        .params
        .as_ref()
        .and_then(|params| params.get("name"));
    let name = name.filter(|_| message.method == "tools/call");
    if name.is_some_and(|name| header("mcp-name").map(decoded) != name.as_str().map(str::to_owned))
    {
        return Err(mismatch(message, "Mcp-Name", "params.name"));
    }
    Ok(true)
}

/// What a header says that may be written as `=?base64?...?=`.
fn decoded(header: &str) -> String {
    let written = header.strip_prefix("=?base64?");
    let written = written.and_then(|rest| rest.strip_suffix("?="));
    let bytes = written.and_then(|written| STANDARD.decode(written).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| header.to_owned())
}

fn fault(message: &Message, code: i32, sentence: String, data: Option<Value>) -> Error {
    Error::Mcp(Box::new(McpFault {
        status: StatusCode::BAD_REQUEST,
        code,
        message: sentence,
        id: message.id.clone(),
        data,
    }))
}

fn lacking(message: &Message, key: &str) -> Error {
    let sentence = format!("`params._meta` must have `{key}`: revision {MODERN} wants it.");
    fault(message, -32602, sentence, None)
}

fn mismatch(message: &Message, header: &str, member: &str) -> Error {
    let sentence = format!("The header {header} must be what `{member}` is in the body.");
    fault(message, -32020, sentence, None)
}

fn unknown(message: &Message, said: &str) -> Error {
    let sentence = format!(
        "This revision of the protocol is not spoken here. Use one of {}.",
        ALL.join(", ")
    );
    let data = json!({ "supported": ALL, "requested": said });
    fault(message, -32022, sentence, Some(data))
}
