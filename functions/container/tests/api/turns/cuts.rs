//! Answers that are cut off anywhere, again and again, and read on at either of two processes.
//!
//! `CHECK_CUTS=1000 scripts/test cuts` makes more of them; `CHECK_BINARY` names another build of the program.

use super::programs::Programs;
use crate::kit::{Kit, U1, database::Database, http::send, provider::Provider, random::Random};
use crate::kit::{request, wait::tell};
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use serde_json::{Value, json};
use std::{sync::atomic::AtomicBool, sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;

/// What answers are made of: of one to four bytes a character, and what could be taken for the end of an event.
const PIECES: [&str; 8] = [
    "word ",
    "Grüße, ",
    "日本語",
    "🦀 ",
    "\n\n",
    "data: ",
    "é\u{301}",
    "id: 7\n",
];

/// The most pieces of an answer.
const LONGEST: u64 = 60;
/// From how many bytes on a connection is cut at the latest. Its first and its last event must fit, or it never ends.
const FURTHEST: u64 = 1500;

fn cuts() -> u64 {
    let asked = std::env::var("CHECK_CUTS").ok();
    asked.map_or(100, |n| n.parse().expect("CHECK_CUTS is a number"))
}

#[tokio::test(flavor = "multi_thread")] // R27
async fn an_answer_that_is_cut_anywhere_is_the_same_wherever_it_is_read_on() {
    let seed = u64::from(Uuid::new_v4().as_fields().0);
    let provider = Provider::start().await;
    let kit = Kit::on(Database::clone_template().await, provider.vars()).await;
    let mut vars: Vec<(String, String)> = provider.vars().into();
    vars.push(("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned()));
    let programs = Programs::start(&kit, vars).await;
    let token = programs.login(U1).await;
    let (mut made, mut answers, mut random) = (0, 0, Random(seed));
    while made < cuts() {
        let count = 1 + random.below(LONGEST);
        let pieces: Vec<_> = (0..count).map(|_| PIECES[index(&mut random)]).collect();
        provider.hold(&pieces);
        let ended = AtomicBool::new(false);
        let mut reader = Reader::new(&token, &programs, &mut random);
        let all = async {
            reader.read().await;
            ended.store(true, Relaxed);
        };
        let pace = Duration::from_micros(u64::from(seed as u16) % 3000 + 1);
        let let_go = async {
            for _ in 0..=count {
                provider.let_go(1);
                sleep(pace).await;
            }
        };
        tokio::join!(all, let_go);
        let (whole, row) = (pieces.concat(), kit.message(reader.message.unwrap()).await);
        assert_eq!(reader.text, whole, "seed {seed}, answer {answers}");
        assert_eq!(row.unwrap().content, whole, "seed {seed}, answer {answers}");
        made += reader.cuts;
        answers += 1;
    }
    assert_eq!(provider.chats().len(), answers, "each was asked for once");
    tell(&format!("{made} cuts of {answers} answers; seed {seed}"));
}

fn index(random: &mut Random) -> usize {
    usize::try_from(random.below(PIECES.len() as u64)).expect("it is below a length")
}

/// Somebody whose connections do not last.
struct Reader<'a> {
    token: &'a str,
    programs: &'a Programs,
    random: &'a mut Random,
    key: Uuid,
    message: Option<Uuid>,
    /// The last position that it was told.
    position: String,
    text: String,
    is_over: bool,
    cuts: u64,
}

impl<'a> Reader<'a> {
    fn new(token: &'a str, programs: &'a Programs, random: &'a mut Random) -> Self {
        Self {
            token,
            programs,
            random,
            key: Uuid::new_v4(),
            message: None,
            position: String::new(),
            text: String::new(),
            is_over: false,
            cuts: 0,
        }
    }

    /// Asks, and reads on until it was told the end.
    async fn read(&mut self) {
        while !self.is_over {
            let request = match self.message {
                // As the question may have arrived, it is sent under the same key.
                None => request(self.token, "POST", "/chat")
                    .header("content-type", "application/json")
                    .header("idempotency-key", self.key.to_string())
                    .body(Body::from(
                        json!({ "message": "Go on?", "stream": true }).to_string(),
                    )),
                Some(message) => request(
                    self.token,
                    "GET",
                    &format!("/chat/messages/{message}/stream"),
                )
                .header("last-event-id", &self.position)
                .body(Body::empty()),
            };
            let address = self.programs.any(self.random).await;
            let address = address.expect("both run all the time");
            let response = send(address, request.unwrap()).await;
            assert_eq!(response.status(), 200);
            self.listen(response).await;
        }
    }

    /// Takes what comes up to some byte, and leaves.
    async fn listen(&mut self, response: Response<Incoming>) {
        let most = usize::try_from(self.random.below(FURTHEST)).unwrap();
        let (mut body, mut had) = (response.into_body(), Vec::new());
        while had.len() < most
            && let Some(frame) = body.frame().await
        {
            let frame = frame.expect("nobody but the reader cuts anything");
            had.extend_from_slice(&frame.into_data().unwrap_or_default());
        }
        had.truncate(most);
        while let Some(end) = had.windows(2).position(|w| w == b"\n\n") {
            let block: Vec<u8> = had.drain(..end + 2).collect();
            self.hear(std::str::from_utf8(&block).expect("events are UTF-8"));
        }
        self.cuts += u64::from(!self.is_over);
    }

    fn hear(&mut self, block: &str) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let (Some(event), Some(data)) = (field("event: "), field("data: ")) else {
            return;
        };
        if let Some(id) = field("id: ") {
            id.clone_into(&mut self.position);
        }
        let data: Value = serde_json::from_str(data).expect("data is JSON");
        match event {
            "start" => {
                let message = data["message_id"].as_str().unwrap().parse().unwrap();
                assert!(self.message.is_none_or(|known| known == message));
                self.message = Some(message);
            }
            "delta" => self.text.push_str(data["text"].as_str().unwrap()),
            "done" => self.is_over = true,
            other => panic!("{other}: {data}"),
        }
    }
}
