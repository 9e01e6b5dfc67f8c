//! A message of JSON-RPC 2.0, as it is sent to `POST /mcp`.

use super::revision;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use web::{Error, McpFault, Result};

/// A message of JSON-RPC. A request has an `id`, a notification has none; batches there are none.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = McpMessage)]
pub(crate) struct Message {
    /// `2.0`.
    #[schema(example = "2.0")]
    jsonrpc: String,
    /// What the client calls the request: a text or a whole number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, example = "1")]
    pub(super) id: Option<Value>,
    /// `tools/call`, `tools/list`, `server/discover`; before 2026-07-28 also `initialize` and `ping`.
    #[schema(example = "tools/list")]
    pub(super) method: String,
    /// What the method takes.
    #[schema(value_type = Object, required = false)]
    pub(super) params: Option<Map<String, Value>>,
}

/// Tells null from nothing.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// A request that can be answered.
pub(crate) struct Request {
    message: Message,
    id: Value,
    is_modern: bool,
}

impl Message {
    /// The request that it is; nothing, if it is a notification.
    ///
    /// # Errors
    /// 400: it is neither, or is of a revision that is not spoken here.
    pub(super) fn check(self, headers: &HeaderMap) -> Result<Option<Request>> {
        if self.jsonrpc != "2.0" {
            return Err(Error::field("jsonrpc", "must be `2.0`"));
        }
        if let Some(id) = &self.id
            && !(id.is_string() || id.is_i64() || id.is_u64())
        {
            return Err(Error::field("id", "must be a text or a whole number"));
        }
        let is_modern = revision::is_modern(&self, headers)?;
        let id = self.id.clone();
        Ok(id.map(|id| Request {
            message: self,
            id,
            is_modern,
        }))
    }
}

impl Request {
    pub(super) fn id(&self) -> &Value {
        &self.id
    }

    pub(super) fn into_id(self) -> Value {
        self.id
    }

    /// The method, if its revision has that.
    pub(super) fn method(&self) -> &str {
        match (&*self.message.method, self.is_modern) {
            ("initialize" | "ping", true) | ("server/discover", false) => "",
            (method, _) => method,
        }
    }

    fn param(&self, name: &str) -> Option<&Value> {
        let value = self.message.params.as_ref()?.get(name)?;
        Some(value).filter(|value| !value.is_null())
    }

    /// A parameter that is a text; empty if it is none.
    pub(super) fn text(&self, name: &str) -> &str {
        let value = self.param(name).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// # Errors
    /// -32602: the client wants another page of what has one.
    pub(super) fn check_no_cursor(&self) -> Result<()> {
        match self.param("cursor") {
            None => Ok(()),
            Some(_) => Err(self.bad_params("There is one page only: leave `cursor` out.")),
        }
    }

    /// What the tool of that name is called with.
    ///
    /// # Errors
    /// -32602: another is called, or with what are no arguments.
    pub(super) fn arguments(&self, tool: &str) -> Result<Map<String, Value>> {
        if self.text("name") != tool {
            let sentence = format!("`params.name` must be `{tool}`, the one tool that there is.");
            return Err(self.bad_params(&sentence));
        }
        match self.param("arguments") {
            None => Ok(Map::new()),
            Some(Value::Object(arguments)) => Ok(arguments.clone()),
            Some(_) => Err(self.bad_params("`params.arguments` must be an object.")),
        }
    }

    fn bad_params(&self, sentence: &str) -> Error {
        self.fault(-32602, StatusCode::BAD_REQUEST, sentence)
    }

    pub(super) fn no_such_method(&self) -> Error {
        let sentence = "There is no such method here. There are `tools/list` and `tools/call`.";
        self.fault(-32601, StatusCode::NOT_FOUND, sentence)
    }

    /// Before 2026-07-28, a failure of a request that could be read is an answer like others.
    fn fault(&self, code: i32, status: StatusCode, sentence: &str) -> Error {
        let status = if self.is_modern {
            status
        } else {
            StatusCode::OK
        };
        Error::Mcp(Box::new(McpFault {
            status,
            code,
            message: sentence.to_owned(),
            id: Some(self.id.clone()),
            data: None,
        }))
    }
}
