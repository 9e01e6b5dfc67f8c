//! The answer to one event, as the function tells it.

use super::{Runtime, Told};
use serde_json::Value;

/// An answer that is being told.
pub struct Invocation<'a> {
    runtime: &'a mut Runtime,
    /// What came of the body and was not taken yet.
    bytes: Vec<u8>,
    /// In how many pieces the body came.
    pub pieces: usize,
    /// `statusCode`, `headers` and `cookies`.
    pub prelude: Value,
}

impl<'a> Invocation<'a> {
    /// One whose body is about to come.
    pub(super) async fn begun(runtime: &'a mut Runtime) -> Self {
        let mut answer = Self {
            runtime,
            bytes: Vec::new(),
            pieces: 0,
            prelude: Value::Null,
        };
        answer.read_prelude().await;
        answer
    }

    /// JSON, then eight NUL bytes, then the body.
    async fn read_prelude(&mut self) {
        loop {
            if let Some(end) = self.bytes.windows(8).position(|w| w == [0; 8]) {
                let body = self.bytes.split_off(end + 8);
                let prelude = &self.bytes[..end];
                self.prelude = serde_json::from_slice(prelude).expect("the prelude is JSON");
                self.pieces = usize::from(!body.is_empty());
                self.bytes = body;
                return;
            }
            assert!(self.more().await, "no end of the prelude");
        }
    }

    /// Takes another piece; false at the end.
    async fn more(&mut self) -> bool {
        match self.runtime.next().await {
            Told::Piece(bytes) => {
                self.pieces += 1;
                self.bytes.extend(bytes);
                true
            }
            Told::End => false,
            Told::Failed(why) => panic!("the answer broke off: {why}"),
            told => panic!("{told:?} in the middle of an answer"),
        }
    }

    /// Reads on until the body so far holds `text`.
    pub async fn until(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.bytes).contains(text) {
            assert!(self.more().await, "no {text} in the answer");
        }
    }

    /// The whole body, and in how many pieces it came.
    pub async fn text(mut self) -> (String, usize) {
        while self.more().await {}
        let text = String::from_utf8(self.bytes).expect("the body is UTF-8");
        (text, self.pieces)
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Vec<u8> {
        while self.more().await {}
        self.bytes
    }

    pub fn status(&self) -> u64 {
        self.prelude["statusCode"].as_u64().expect("a status")
    }

    pub fn header(&self, name: &str) -> &str {
        self.prelude["headers"][name].as_str().unwrap_or_default()
    }

    /// Every header with every value. A front takes a list of values only where it is told of cookies.
    pub fn headers(&self) -> Vec<(String, String)> {
        let headers = self.prelude["headers"].as_object().into_iter().flatten();
        let cookies = self.prelude["cookies"].as_array().into_iter().flatten();
        let cookies = cookies.map(|value| ("set-cookie", value));
        let all = headers
            .map(|(name, value)| (name.as_str(), value))
            .chain(cookies);
        let text = |value: &Value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => panic!("a header has one value, not {value}"),
        };
        all.map(|(name, value)| (name.to_owned(), text(value)))
            .collect()
    }
}
