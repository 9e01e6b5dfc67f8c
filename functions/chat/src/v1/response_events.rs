//! A response as it is streamed.

use super::{
    output::{OutputMessage, OutputText, UrlAnnotation},
    response::{Echo, Response},
};
use crate::event::{Done, Event, Start};
use axum::body::Bytes;
use db::Source;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::OpenAiFailure;

/// One event of a streamed response: `type` says which, and so what is in it.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = OpenAiResponseEvent)]
pub(crate) struct ResponseEvent {
    /// What happened, as `event` says, too.
    #[schema(example = "response.output_text.delta")]
    r#type: &'static str,
    /// How many came before it.
    #[schema(example = 4)]
    sequence_number: u32,
    /// The response as it is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Response, required = false)]
    response: Option<Response>,
    /// The message as it is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = OutputMessage, required = false)]
    item: Option<OutputMessage>,
    /// Its part as it is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = OutputText, required = false)]
    part: Option<OutputText>,
    /// The message that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "msg_0193d0f27c207b118f3d5b7f0c9e1d22")]
    item_id: Option<String>,
    /// 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false, example = 0)]
    output_index: Option<u32>,
    /// 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false, example = 0)]
    content_index: Option<u32>,
    /// A piece of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "A refund takes")]
    delta: Option<String>,
    /// All of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "A refund takes 14 days [1].")]
    text: Option<String>,
    /// None.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Object>, required = false)]
    logprobs: Option<[(); 0]>,
    /// A place that cites a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = UrlAnnotation, required = false)]
    annotation: Option<UrlAnnotation>,
    /// Which of them it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false, example = 0)]
    annotation_index: Option<u32>,
}

/// Writes the events of one response.
pub(super) struct ResponseEvents {
    echo: Option<Echo>,
    response: Option<Response>,
    item_id: String,
    sources: Vec<Source>,
    text: String,
    sent: u32,
}

impl ResponseEvents {
    pub(super) fn new(echo: Echo) -> Self {
        Self {
            echo: Some(echo),
            response: None,
            item_id: String::new(),
            sources: Vec::new(),
            text: String::new(),
            sent: 0,
        }
    }

    /// What an event is on the wire. There are no lines of `id:`, which some clients take amiss.
    pub(super) fn write(&mut self, event: Event) -> Bytes {
        let mut out = Vec::new();
        match event {
            Event::Start(start) => self.start(&start, &mut out),
            Event::Sources(found) => self.sources = found.sources,
            Event::Reasoning(_) => {}
            Event::Delta(delta) => {
                self.text.push_str(&delta.text);
                let mut event = self.about_text("response.output_text.delta");
                event.delta = Some(delta.text);
                event.logprobs = Some([]);
                self.send(event, &mut out);
            }
            Event::Done(done) => self.end(&done, &mut out),
            Event::Error(failure) => {
                let told = OpenAiFailure::from(&failure.cause).error;
                let response = self.response.clone();
                let failed = response.map(|r| r.failed(told.code, &told.message));
                self.whole("response.failed", failed, &mut out);
            }
        }
        out.into()
    }

    fn start(&mut self, start: &Start, out: &mut Vec<u8>) {
        let response = Response::begun(start, self.echo.take().unwrap_or_default());
        self.response = Some(response.clone());
        self.whole("response.created", Some(response.clone()), out);
        self.whole("response.in_progress", Some(response), out);
        self.item("response.output_item.added", start.message_id, None, out);
        let part = OutputText::new(String::new(), &[]);
        self.part("response.content_part.added", part, out);
    }

    fn end(&mut self, done: &Done, out: &mut Vec<u8>) {
        let (text, sources) = (
            std::mem::take(&mut self.text),
            std::mem::take(&mut self.sources),
        );
        let Some(response) = self.response.take() else {
            return;
        };
        let response = response.ended(done, text, sources);
        let part = response.message().and_then(OutputMessage::part).cloned();
        if let Some(part) = part {
            for (nth, annotation) in (0..).zip(part.annotations()) {
                let mut event = self.about_text("response.output_text.annotation.added");
                event.annotation = Some(annotation.clone());
                event.annotation_index = Some(nth);
                self.send(event, out);
            }
            let mut event = self.about_text("response.output_text.done");
            event.text = Some(part.text().to_owned());
            event.logprobs = Some([]);
            self.send(event, out);
            self.part("response.content_part.done", part, out);
        }
        let message = response.message().cloned();
        self.item("response.output_item.done", done.message_id, message, out);
        let kind = match response.status() {
            "incomplete" => "response.incomplete",
            _ => "response.completed",
        };
        self.whole(kind, Some(response), out);
    }

    fn whole(&mut self, r#type: &'static str, response: Option<Response>, out: &mut Vec<u8>) {
        let event = ResponseEvent {
            r#type,
            response,
            ..ResponseEvent::default()
        };
        self.send(event, out);
    }

    fn item(
        &mut self,
        r#type: &'static str,
        message: Uuid,
        item: Option<OutputMessage>,
        out: &mut Vec<u8>,
    ) {
        let item = item.unwrap_or_else(|| OutputMessage::new(message, "in_progress", None));
        item.id().clone_into(&mut self.item_id);
        let event = ResponseEvent {
            r#type,
            item: Some(item),
            output_index: Some(0),
            ..ResponseEvent::default()
        };
        self.send(event, out);
    }

    fn part(&mut self, r#type: &'static str, part: OutputText, out: &mut Vec<u8>) {
        let mut event = self.about_text(r#type);
        event.part = Some(part);
        self.send(event, out);
    }

    fn about_text(&self, r#type: &'static str) -> ResponseEvent {
        ResponseEvent {
            r#type,
            item_id: Some(self.item_id.clone()),
            output_index: Some(0),
            content_index: Some(0),
            ..ResponseEvent::default()
        }
    }

    /// One line of JSON, which has no bare line break whatever a model writes.
    fn send(&mut self, mut event: ResponseEvent, out: &mut Vec<u8>) {
        event.sequence_number = self.sent;
        self.sent += 1;
        out.extend_from_slice(format!("event: {}\ndata: ", event.r#type).as_bytes());
        serde_json::to_writer(&mut *out, &event)
            .expect("structs with string keys always serialise");
        out.extend_from_slice(b"\n\n");
    }
}
