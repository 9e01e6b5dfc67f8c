//! What was said, as text in which nothing changes from one run to the next.

use super::{
    door::{Answered, Door},
    names::Names,
    scenario::{Asked, Scenario},
};
use crate::kit::{METRICS_TOKEN, PASSWORD, api::contract, wait::wait_until};
use serde_json::{Map, Value};
use similar::TextDiff;
use std::collections::HashMap;
use uuid::Uuid;

/// They say how the bytes of this answer travelled: `date` is the moment, `connection` and `transfer-encoding` are of
/// one connection (RFC 9110, 7.6.1), and `content-length` is there or not as the body is streamed or not, which a
/// front decides for itself. No handler sets any of them.
const OF_THE_TRANSPORT: &[&str] = &["connection", "content-length", "date", "transfer-encoding"];

/// What Lambda's runtime client writes into every answer that says nothing else. Only answers without a body do not, and
/// of those it says nothing (RFC 9110, 8.3); one with a body is not spared.
const OF_NO_BODY: (&str, &str) = ("content-type", "application/octet-stream");

/// One conversation as it was held.
pub(super) struct Transcript {
    name: String,
    /// Titles, and what was said.
    steps: Vec<(String, String)>,
    /// Answers that do not fit the conversation; after some, it could not go on.
    faults: Vec<String>,
}

impl Transcript {
    /// Holds the conversation through `door`.
    pub(super) async fn of(scenario: &Scenario, door: &mut Door) -> Self {
        let mut kept = HashMap::from([
            ("password".to_owned(), PASSWORD.to_owned()),
            ("host".to_owned(), door.host().to_owned()),
            ("metrics_token".to_owned(), METRICS_TOKEN.to_owned()),
        ]);
        let mut names = Names::new(door.host());
        let (mut steps, mut faults) = (Vec::new(), Vec::new());
        'steps: for step in &scenario.steps {
            let asked = step.request(&kept);
            let mut text = request(&asked, &mut names);
            let given = asked.headers.clone();
            let answered = wait_until(&step.title, async || {
                let answered = door.ask(asked.clone()).await;
                let said = Said::new(&answered);
                let until = step
                    .until
                    .as_ref()
                    .map(|pointer| said.json().pointer(pointer));
                if !matches!(until, Some(None | Some(Value::Null))) {
                    return Ok(answered);
                }
                door.work().await;
                Err(said.text())
            })
            .await;
            let at = format!("{}.toml: {}", scenario.name, step.title);
            if answered.status != step.status {
                faults.push(format!("{at}: {} and not {}", answered.status, step.status));
            }
            let said = Said::new(&answered);
            text += &answer(&answered, &said, &given, &mut names);
            steps.push((step.title.clone(), text));
            for (name, pointer) in &step.keep {
                let Some(value) = said.json().pointer(pointer).and_then(Value::as_str) else {
                    faults.push(format!("{at}: there is no {pointer} to go on with"));
                    break 'steps;
                };
                kept.insert(name.clone(), value.to_owned());
            }
        }
        let name = scenario.name.clone();
        Self {
            name,
            steps,
            faults,
        }
    }

    /// What is to be recorded.
    ///
    /// # Panics
    /// An answer does not fit the conversation.
    pub(super) fn recording(&self) -> String {
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
        let steps = self.steps.iter();
        let steps = steps.map(|(title, text)| format!("=== {title}\n\n{text}"));
        steps.collect()
    }

    /// Step by step, what differs from the recorded text; empty if nothing does.
    pub(super) fn differences(&self, recorded: &str) -> String {
        let recorded: Vec<(&str, &str)> = recorded
            .split("=== ")
            .filter_map(|step| step.split_once("\n\n"))
            .collect();
        let was = |title: &str| recorded.iter().find(|(t, _)| *t == title);
        let titles = recorded.iter().map(|(title, _)| *title);
        let new = self.steps.iter().map(|(title, _)| title.as_str());
        let new = new.filter(|title| was(title).is_none());
        let mut differences: String = self.faults.iter().map(|f| format!("{f}\n")).collect();
        for title in titles.chain(new) {
            let was = was(title).map_or("", |(_, text)| text);
            let is = self.steps.iter().find(|(t, _)| t == title);
            let is = is.map_or("", |(_, text)| text);
            if was != is {
                let diff = TextDiff::from_lines(was, is);
                let diff = diff
                    .unified_diff()
                    .header("recorded", "answered")
                    .to_string();
                differences += &format!("\n{}: {title}\n{diff}", self.name);
            }
        }
        differences
    }
}

/// A body by its media type.
enum Said {
    Json(Value),
    /// The events as a list of objects with their fields; `data` is JSON.
    Events(Value),
    Text(String),
}

impl Said {
    fn new(answered: &Answered) -> Self {
        let media = answered.headers.iter().find(|(n, _)| n == "content-type");
        let media = media.map_or("", |(_, value)| value);
        let body = &answered.body;
        if media.ends_with("json") && !body.is_empty() {
            return Self::Json(serde_json::from_str(body).expect("the body is JSON"));
        }
        if media == "text/event-stream" {
            let blocks = body.split_terminator("\n\n");
            return Self::Events(whole(blocks.map(event)).into());
        }
        if media.starts_with("application/openmetrics-text") {
            // What was measured depends on which process is asked, names and all.
            let lines = body.lines().filter(|line| !line.contains("_seconds"));
            return Self::Text(lines.map(uncounted).collect());
        }
        Self::Text(body.clone())
    }

    fn json(&self) -> &Value {
        match self {
            Self::Json(value) | Self::Events(value) => value,
            Self::Text(_) => &Value::Null,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Json(value) if *value == contract() => "<openapi.json>\n".into(),
            Self::Json(value) => pretty(value),
            Self::Events(events) => {
                let events = events.as_array().into_iter().flatten();
                events.map(pretty).collect()
            }
            // Its policy, among the headers, names script and style by their hashes.
            Self::Text(text) if text.starts_with("<!doctype html>") => "<a page>\n".into(),
            // The loader knows the chat by its hash, so both change with every build of the widget.
            Self::Text(text) if text.contains("parlance-chat") => "<the widget>\n".into(),
            Self::Text(text) if text.is_empty() => String::new(),
            Self::Text(text) => format!("{text}\n"),
        }
    }
}

/// A line of metrics without its number: what happened before depends on which process is asked.
fn uncounted(line: &str) -> String {
    match line.rsplit_once(' ') {
        Some((name, _)) if !line.starts_with('#') => format!("{name} <count>\n"),
        _ => format!("{line}\n"),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The events with the pieces of a text as one: how it is cut says how fast its reader was.
fn whole(events: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for event in events {
        match all.last_mut() {
            Some(last) if piece(last).is_some() && piece(last) == piece(&event) => {
                let at = piece(&event).unwrap_or_default();
                let text = |event: &Value| event.pointer(at)?.as_str().map(str::to_owned);
                let joined = text(last).unwrap_or_default() + &text(&event).unwrap_or_default();
                *last = event;
                if let Some(text) = last.pointer_mut(at) {
                    *text = joined.into();
                }
            }
            _ => all.push(event),
        }
    }
    for (nth, event) in all.iter_mut().enumerate() {
        if let Some(number) = event.pointer_mut("/data/sequence_number") {
            *number = nth.into();
        }
    }
    all
}

/// Where an event has its text, if it is a piece of a text and nothing else.
fn piece(event: &Value) -> Option<&'static str> {
    let data = &event["data"];
    match (event["event"].as_str(), data["type"].as_str()) {
        (Some("delta"), _) => return Some("/data/text"),
        (_, Some("text-delta" | "response.output_text.delta")) => return Some("/data/delta"),
        _ => {}
    }
    let delta = &data["choices"][0]["delta"];
    let is_text = delta.as_object().is_some_and(|delta| delta.len() == 1);
    (is_text && delta["content"].is_string() && data["parlance"].is_null())
        .then_some("/data/choices/0/delta/content")
}

fn event(block: &str) -> Value {
    let mut event = Map::new();
    for line in block.lines() {
        let (name, value) = line
            .split_once(": ")
            .expect("a line of an event is a field");
        let value = match name {
            "data" if value == "[DONE]" => value.into(),
            "data" => serde_json::from_str(value).expect("data is JSON"),
            _ => value.into(),
        };
        let first = event.insert(name.to_owned(), value).is_none();
        assert!(first, "one {name} line in {block}");
    }
    event.into()
}

fn request(asked: &Asked, names: &mut Names) -> String {
    let mut text = format!("> {} {}\n", asked.method, asked.path);
    for (name, value) in &asked.headers {
        text += &format!("> {name}: {value}\n");
    }
    let body = asked.body.as_deref().unwrap_or_default();
    let json: Option<Value> = serde_json::from_str(body).ok();
    text += "\n";
    text += &match json {
        Some(json) => pretty(&json) + "\n",
        None if body.is_empty() => String::new(),
        None if body.len() > 500 => format!("<{} bytes>\n\n", body.len()),
        None => format!("{body}\n\n"),
    };
    names.replace(&text)
}

fn answer(
    answered: &Answered,
    said: &Said,
    given: &[(String, String)],
    names: &mut Names,
) -> String {
    // The contract's examples are nobody's.
    if *said.json() != contract() {
        names.learn(said.json());
    }
    let mut headers = answered.headers.clone();
    headers.retain(|(name, value)| {
        let of_no_body = answered.body.is_empty() && (&**name, &**value) == OF_NO_BODY;
        !OF_THE_TRANSPORT.contains(&&**name) && !of_no_body
    });
    headers.sort();
    let mut text = format!("< {}\n", answered.status);
    for (name, value) in &headers {
        // It is a hash of ids and moments, too, which are others in every run.
        let value = if name == "etag" { "<etag>" } else { value };
        text += &format!("< {name}: {value}\n");
    }
    text += "\n";
    let body = said.text();
    if !body.is_empty() {
        text += &(body + "\n");
    }
    // Unless the client gave it, it is a new one.
    let id = headers.iter().find(|(name, _)| name == "x-request-id");
    let id = id.filter(|id| !given.contains(id) && Uuid::try_parse(&id.1).is_ok());
    if let Some((_, id)) = id {
        text = text.replace(id, "<request-id>");
    }
    names.replace(&text)
}
