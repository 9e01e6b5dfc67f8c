//! A client that does not give up: it sends again, and reads on where it was cut off.

use crate::kit::random::Random;
use crate::turns::programs::Programs;
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use uuid::Uuid;

pub(crate) struct Client {
    pub(crate) token: String,
    pub(crate) programs: Programs,
    pub(crate) random: Random,
    /// What it does at most between two questions.
    pub(crate) pause: Duration,
    /// How often an answer was read on after a cut.
    pub(crate) resumed: u64,
    /// How often it was answered with what status; 0 is none, before the connection was lost.
    pub(crate) answered: BTreeMap<u16, u64>,
}

/// What a client was told of the end of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is whole.
    Done,
    /// It is not.
    Broken,
}

/// What is known of a turn as its events come.
#[derive(Default)]
struct Heard {
    message: Option<Uuid>,
    session: Option<Uuid>,
    text: String,
    end: Option<End>,
    /// Whether it was told that the database is away.
    is_away: bool,
}

/// How often a turn is tried. Nothing that goes well needs a part of it.
const ATTEMPTS: u32 = 5000;
/// How long nothing may come before a connection is taken for dead. The service says every 15 s that it lives.
const SILENCE: Duration = Duration::from_secs(30);
/// Worth another attempt: too early, too much, or something behind the service is not there.
const AGAIN: [u16; 5] = [0, 429, 502, 503, 504];

impl Client {
    pub(crate) fn new(token: &str, programs: &Programs, random: Random) -> Self {
        Self {
            token: token.to_owned(),
            programs: programs.clone(),
            random,
            pause: Duration::ZERO,
            resumed: 0,
            answered: BTreeMap::new(),
        }
    }

    /// Asks as often as it takes, under one key; status and body of the first answer that has one of these statuses.
    pub(crate) async fn until(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        good: &[u16],
    ) -> (u16, Value) {
        let key = Uuid::new_v4().to_string();
        for _ in 0..ATTEMPTS {
            let request = self.request(method, path).header("idempotency-key", &key);
            let request = match body {
                Value::Null => request.body(Body::empty()),
                body => request
                    .header("content-type", "application/json")
                    .body(Body::from(body.to_string())),
            };
            let answer = match self.send(request.unwrap()).await {
                Some(response) => whole(response).await,
                None => None,
            };
            let (status, json) = answer.unwrap_or_default();
            if good.contains(&status) {
                return (status, json);
            }
            assert!(
                AGAIN.contains(&status) || self.is_stranger(status),
                "{status} to {method} {path}: {json}"
            );
            sleep(Duration::from_millis(20)).await;
        }
        panic!("{method} {path} is never answered");
    }

    /// Does nothing for a moment, if it is one that does.
    pub(crate) async fn rest(&mut self) {
        if !self.pause.is_zero() {
            let most = u64::try_from(self.pause.as_millis()).expect("it is short");
            sleep(Duration::from_millis(self.random.below(most))).await;
        }
    }

    /// Whether it is one whose token a process with another time does not take.
    fn is_stranger(&self, status: u16) -> bool {
        status == 401 && self.programs.differ_in_time()
    }

    /// Asks until the end is known. The answer's message, its conversation if that is known, and the end.
    pub(crate) async fn turn(
        &mut self,
        number: &str,
        session: Option<Uuid>,
    ) -> (Uuid, Option<Uuid>, End) {
        let key = Uuid::new_v4().to_string();
        let mut heard = Heard::default();
        for _ in 0..ATTEMPTS {
            match heard.message {
                None => self.ask(&key, number, session, &mut heard).await,
                Some(message) => self.read_on(message, &mut heard).await,
            }
            if let (Some(message), Some(end)) = (heard.message, heard.end) {
                if end == End::Done {
                    assert_eq!(heard.text, number, "{message} was told otherwise");
                }
                return (message, heard.session, end);
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!(
            "{number:?} has no end: {:?} had {:?}",
            heard.message, heard.text
        );
    }

    async fn ask(&mut self, key: &str, number: &str, session: Option<Uuid>, heard: &mut Heard) {
        let stream = self.random.below(4) != 0;
        let body = json!({ "message": number, "session_id": session, "stream": stream });
        let request = self
            .request("POST", "/chat")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()));
        let Some(response) = self.send(request.unwrap()).await else {
            return;
        };
        let status = response.status().as_u16();
        if stream && status == 200 {
            return self.listen(response, heard).await;
        }
        let Some((_, json)) = whole(response).await else {
            return;
        };
        match status {
            200 => {
                heard.told(&json);
                heard.text = json["answer"].as_str().unwrap().to_owned();
                heard.end = Some(End::Done);
            }
            401..=500 if !self.is_stranger(status) => panic!("{status} to {number:?}: {json}"),
            // Whether it was stored tells the next attempt: streamed, it has the message's id.
            _ => {}
        }
    }

    async fn read_on(&mut self, message: Uuid, heard: &mut Heard) {
        self.resumed += 1;
        let path = format!("/chat/messages/{message}/stream");
        let request = self
            .request("GET", &path)
            .header("last-event-id", heard.text.len())
            .body(Body::empty());
        let Some(response) = self.send(request.unwrap()).await else {
            return;
        };
        match response.status().as_u16() {
            200 => self.listen(response, heard).await,
            // It was sent what its process could not store any more.
            422 => heard.end = Some(End::Broken),
            503 => {}
            status if self.is_stranger(status) => {}
            status => panic!("{status} to the rest of {message}"),
        }
    }

    /// Reads events, and perhaps leaves in the middle.
    async fn listen(&mut self, response: Response<Incoming>, heard: &mut Heard) {
        let leaves_after = match self.random.below(5) {
            0 => self.random.below(6),
            _ => u64::MAX,
        };
        let (mut body, mut buffer, mut events) = (response.into_body(), Vec::new(), 0);
        while let Ok(Some(Ok(frame))) = timeout(SILENCE, body.frame()).await {
            buffer.extend_from_slice(&frame.into_data().unwrap_or_default());
            while let Some(end) = buffer.windows(2).position(|w| w == b"\n\n") {
                let block: Vec<u8> = buffer.drain(..end + 2).collect();
                heard.event(std::str::from_utf8(&block).unwrap());
                events += 1;
                if heard.end.is_some() || events > leaves_after {
                    return;
                }
            }
        }
    }

    fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        crate::kit::request(&self.token, method, path).header("host", "localhost")
    }

    /// Sends to any of the programs; none if it cannot be reached, ends, or says nothing.
    async fn send(&mut self, request: Request<Body>) -> Option<Response<Incoming>> {
        let address = self.programs.any(&mut self.random).await?;
        let answer = timeout(SILENCE, sent(address, request)).await;
        let response = answer.ok().flatten();
        let status = response.as_ref().map_or(0, |r| r.status().as_u16());
        *self.answered.entry(status).or_default() += 1;
        response
    }

    /// Asks one of the programs for an answer in one piece, once; its status, 0 if none comes.
    pub(crate) async fn ask_once(&self, which: usize, question: &Value) -> u16 {
        let request = self
            .request("POST", "/chat")
            .header("content-type", "application/json")
            .body(Body::from(question.to_string()));
        let address = self.programs.ways()[which].address;
        let answer = timeout(SILENCE, sent(address, request.unwrap())).await;
        match answer.ok().flatten() {
            Some(response) => whole(response).await.map_or(0, |(status, _)| status),
            None => 0,
        }
    }
}

async fn sent(address: SocketAddr, request: Request<Body>) -> Option<Response<Incoming>> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    sender.send_request(request).await.ok()
}

/// Status and body, if all of it comes.
async fn whole(response: Response<Incoming>) -> Option<(u16, Value)> {
    let status = response.status().as_u16();
    let body = timeout(SILENCE, response.into_body().collect()).await;
    let body = body.ok()?.ok()?.to_bytes();
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

impl Heard {
    fn told(&mut self, json: &Value) {
        let id = |field: &str| json[field].as_str().and_then(|id| id.parse().ok());
        let message = id("message_id");
        assert!(
            self.message.is_none() || self.message == message,
            "the same turn has two answers: {:?} and {message:?}",
            self.message
        );
        self.message = message;
        self.session = id("session_id").or(self.session);
    }

    fn event(&mut self, block: &str) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let (Some(event), Some(data)) = (field("event: "), field("data: ")) else {
            return;
        };
        let data: Value = serde_json::from_str(data).expect("data is JSON");
        match event {
            "start" => self.told(&data),
            "delta" => self.text.push_str(data["text"].as_str().unwrap()),
            "done" => self.end = Some(End::Done),
            "error" => {
                let code = data["type"].as_str().unwrap();
                // The first time, it may be that its end could not be stored, and is not known.
                let is_away = code == "urn:parlance:error:unavailable";
                let ended = !is_away || std::mem::replace(&mut self.is_away, is_away);
                self.end = ended.then_some(End::Broken);
            }
            _ => {}
        }
    }
}
