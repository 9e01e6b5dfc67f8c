//! What a front of Lambda makes of a request: the event that it hands the function.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The two shapes of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Payload version 2: function URLs, and API Gateway's HTTP APIs.
    Url,
    /// Payload version 1: API Gateway's REST APIs.
    Rest,
}

pub const SHAPES: [Shape; 2] = [Shape::Url, Shape::Rest];

/// A request on its way through a front.
#[derive(Clone, Debug)]
pub struct Event {
    shape: Shape,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
    stage: String,
    custom_domain: bool,
    source_ip: String,
    body: Option<Vec<u8>>,
    base64: bool,
}

impl Event {
    /// From a front with events of that shape. The path may have a query.
    pub fn new(shape: Shape, method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            shape,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("host".into(), "example.org".into())],
            cookies: Vec::new(),
            stage: "$default".into(),
            custom_domain: false,
            source_ip: "192.0.2.1".into(),
            body: None,
            base64: false,
        }
    }

    /// With an access token, unless that is empty.
    pub fn token(self, token: &str) -> Self {
        match token {
            "" => self,
            token => self.header("authorization", &format!("Bearer {token}")),
        }
    }

    /// With one more line of a header; `host` has one line only.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if name == "host" {
            self.headers.retain(|(n, _)| n != name);
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cookie(mut self, cookie: &str) -> Self {
        self.cookies.push(cookie.to_owned());
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// With any body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The front hands over every body in base64 (a REST API does with `binaryMediaTypes: */*`).
    pub fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    /// Through a stage with a name, which is the first part of the path at the front's own host name.
    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = stage.to_owned();
        self
    }

    /// At a host name that is mapped to the stage, so that the path begins with no stage.
    pub fn custom_domain(mut self) -> Self {
        self.custom_domain = true;
        self
    }

    /// From this client. The front knows it from the connection, whatever `x-forwarded-for` says.
    pub fn source_ip(mut self, ip: &str) -> Self {
        self.source_ip = ip.to_owned();
        self
    }

    /// As the front's own host name has it, without a stage.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// As the function gets it.
    pub fn build(&self) -> Value {
        match self.shape {
            Shape::Url => self.version_2(),
            Shape::Rest => self.version_1(),
        }
    }

    fn version_2(&self) -> Value {
        let mut headers = Map::new();
        for (name, values) in self.values() {
            headers.insert(name, values.join(",").into());
        }
        let (body, base64) = self.encoded();
        let path = self.public_path();
        let cookies = (!self.cookies.is_empty()).then_some(&self.cookies);
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": self.query,
            "headers": headers, "cookies": cookies,
            "requestContext": {
                "accountId": "a", "apiId": "b", "domainName": "example.org", "domainPrefix": "b",
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": self.source_ip,
                    "userAgent": "test" },
                "requestId": "r", "routeKey": "$default", "stage": self.stage,
                "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1
            },
            "body": body, "isBase64Encoded": base64
        })
    }

    fn version_1(&self) -> Value {
        let mut all = self.values();
        if !self.cookies.is_empty() {
            all.insert("cookie".into(), vec![self.cookies.join("; ")]);
        }
        let (query, queries) = lasts_and_lists(&self.parameters());
        let (last, lists) = lasts_and_lists(&all);
        let (body, base64) = self.encoded();
        json!({
            "resource": "/{proxy+}", "path": self.path, "httpMethod": self.method,
            "headers": last, "multiValueHeaders": lists,
            "queryStringParameters": query, "multiValueQueryStringParameters": queries,
            "pathParameters": { "proxy": self.path.trim_start_matches('/') }, "stageVariables": null,
            "requestContext": {
                "accountId": "a", "apiId": "b", "domainName": "example.org", "httpMethod": self.method,
                "path": self.public_path(), "protocol": "HTTP/1.1", "requestId": "r", "requestTimeEpoch": 1,
                "resourceId": "c", "resourcePath": "/{proxy+}", "stage": self.stage,
                "identity": { "sourceIp": self.source_ip, "userAgent": "test" }
            },
            "body": body, "isBase64Encoded": base64
        })
    }

    /// As the client wrote it.
    fn public_path(&self) -> String {
        match self.stage == "$default" || self.custom_domain {
            true => self.path.clone(),
            false => format!("/{}{}", self.stage, self.path),
        }
    }

    fn values(&self) -> BTreeMap<String, Vec<String>> {
        let mut values = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in &self.headers {
            values.entry(name.clone()).or_default().push(value.clone());
        }
        values
    }

    /// A REST API hands over the parameters decoded.
    fn parameters(&self) -> BTreeMap<String, Vec<String>> {
        let mut parameters = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
            let values = parameters.entry(name.into_owned()).or_default();
            values.push(value.into_owned());
        }
        parameters
    }

    /// A front with version 2 hands over as text what is text by its media type, and all else in base64.
    fn encoded(&self) -> (Option<String>, bool) {
        let Some(body) = &self.body else {
            return (None, false);
        };
        let values = self.values();
        let media = values.get("content-type").map_or("", |values| &values[0]);
        let is_text = media.starts_with("text/") || media.starts_with("application/json");
        if self.base64 || (self.shape == Shape::Url && !is_text) {
            return (Some(STANDARD.encode(body)), true);
        }
        let text = String::from_utf8_lossy(body).into_owned();
        (Some(text), false)
    }
}

/// The last value of each name, and all of them; null if there is none.
fn lasts_and_lists(values: &BTreeMap<String, Vec<String>>) -> (Value, Value) {
    if values.is_empty() {
        return (Value::Null, Value::Null);
    }
    let lasts: BTreeMap<_, _> = values
        .iter()
        .map(|(name, values)| (name, values.last()))
        .collect();
    (json!(lasts), json!(values))
}
