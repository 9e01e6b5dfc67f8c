//! Many at once: questions in one conversation, readers that read nothing, streams that hold no connection.

use super::{ask, kit};
use crate::kit::{
    Kit, U1,
    http::{Events, Served, streamed},
    program::Program,
    provider::{Provider, Reply},
    wait::wait_until,
};
use serde_json::json;
use std::collections::HashSet;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test] // R86
async fn questions_at_once_stand_one_after_the_other() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let first = ask(&kit, U1, json!({ "message": "First?" })).await;
    let session = &first["session_id"];
    let all = (0..50).map(|n| {
        let body = json!({ "message": format!("Number {n}?"), "session_id": session });
        kit.post(&token, "/chat", body)
    });
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let rows: Vec<(i32, String, String)> =
        sqlx::query_as("select seq, role, content from parlance.chat_messages order by seq")
            .fetch_all(&kit.pool)
            .await
            .unwrap();
    let questions: HashSet<_> = rows
        .iter()
        .filter(|row| row.1 == "user")
        .map(|row| &row.2)
        .collect();
    assert_eq!((rows.len(), questions.len()), (102, 51));
    for (at, (seq, role, _)) in rows.iter().enumerate() {
        let whose = if at % 2 == 0 { "user" } else { "assistant" };
        assert_eq!((usize::try_from(*seq).unwrap(), &**role), (at + 1, whose));
    }
}

/// The pool of the kit has one connection.
#[tokio::test] // R76
async fn open_streams_hold_no_connection() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let mut open = Vec::new();
    for _ in 0..50 {
        provider.hold(&["At last."]);
        let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
        assert_eq!(events.one().await.event, "start");
        open.push(events);
    }
    provider.asked_for(50).await;
    for _ in 0..20 {
        assert_eq!(kit.get(&token, "/chat/sessions").await.status, 200);
    }
    provider.let_go(100);
    for events in open {
        assert_eq!(events.all().await.pop().unwrap().event, "done");
    }
}

const READERS: usize = 200;
const ANSWER: usize = 64 * 1024;
/// In KiB: what R78 allows, where a copy of every answer for every reader would take 128 MiB more in buffers of the kernel.
const MAX_GROWTH: u64 = 64 * 1024;

#[tokio::test] // R78
async fn readers_that_read_nothing_hold_nothing_up() {
    let provider = Provider::start().await;
    let kit = provider.kit([]).await;
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    let vars: Vec<_> = provider.vars().into_iter().chain([key]).collect();
    let program = Program::serve(&kit, &vars).await;
    let token = kit.token(U1).await;
    let one = Events::new(program.send(streamed(&token, "Hello?")).await);
    assert_eq!(one.all().await.pop().unwrap().event, "done");
    let before = program.peak_memory();

    let body = json!({ "message": "Slow?", "stream": true }).to_string();
    let request = format!(
        "POST /chat HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut readers = Vec::new();
    for _ in 0..READERS {
        provider.reply(Reply::Text(vec!["x".repeat(ANSWER / 16); 16]));
        let mut reader = TcpStream::connect(program.address()).await.unwrap();
        reader.write_all(request.as_bytes()).await.unwrap();
        readers.push(reader);
    }
    wait_until("the answers that nobody reads", async || {
        let rows = kit.messages().await;
        let whole = rows
            .iter()
            .filter(|m| m.content.len() == ANSWER && m.status == "complete");
        let whole = whole.count();
        (whole == READERS).then_some(()).ok_or(whole)
    })
    .await;
    // Others are answered meanwhile.
    let other = Events::new(program.send(streamed(&token, "Hello?")).await);
    assert_eq!(other.all().await.pop().unwrap().event, "done");
    let growth = program.peak_memory() - before;
    assert!(growth < MAX_GROWTH, "{growth} KiB");
    // And who reads after all gets all of it.
    let mut late = readers.pop().unwrap();
    let mut text = String::new();
    while !text.contains("event: done") {
        let mut some = [0; 65536];
        let n = late.read(&mut some).await.unwrap();
        assert!(n > 0, "it is cut off");
        text.push_str(std::str::from_utf8(&some[..n]).unwrap());
    }
    let pieces = text.split(r#""text":""#).skip(1);
    let told: usize = pieces.filter_map(|piece| piece.find('"')).sum();
    assert_eq!(told, ANSWER);
}
