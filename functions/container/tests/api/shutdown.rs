//! Being told to stop: open answers may finish, the rest is stored as interrupted, and then it ends.

use crate::kit::{
    Kit, U1,
    http::{Events, Served, streamed, text_of},
    program::Program,
    provider::{Provider, Reply},
    wait::wait_until,
};
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpStream;

const KEY: (&str, &str) = ("OPENAI_API_KEY", "sk-deployment");
/// Where an answer must finish, it may take the longest that there is.
const PATIENT: (&str, &str) = ("SHUTDOWN_SECONDS", "600");

/// Asks, and waits for the first piece of the answer.
async fn begin(served: &Served, kit: &Kit) -> Events {
    let token = kit.token(U1).await;
    let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
    assert_eq!(events.one().await.event, "start");
    assert_eq!(events.one().await.data["text"], "The beginning, ");
    events
}

async fn no_longer_listens(address: SocketAddr) {
    wait_until(
        "the service to accept no more connections",
        async || match TcpStream::connect(address).await {
            Ok(_) => Err("it accepts them"),
            Err(_) => Ok(()),
        },
    )
    .await;
}

#[tokio::test] // R80
async fn open_answers_may_finish() {
    let provider = Provider::start().await;
    let kit = provider.kit([KEY, PATIENT]).await;
    let mut served = Served::new(&kit).await;
    assert_eq!(kit.get("", "/ready").await.status, 200);
    provider.hold(&["The beginning, ", "and the end."]);
    provider.let_go(1);
    let events = begin(&served, &kit).await;

    served.begin_stop();
    no_longer_listens(served.address).await;
    wait_until("/ready to answer 503", async || {
        match kit.get("", "/ready").await.status.as_u16() {
            503 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    assert_eq!(kit.get("", "/health").await.status, 200);

    provider.let_go(2);
    let rest = events.all().await;
    assert_eq!(text_of(&rest), "and the end.");
    assert_eq!(rest.last().unwrap().event, "done");
    served.stop().await;
    let rows = kit.messages().await;
    assert_eq!(rows[1].status, "complete");
    assert_eq!(rows[1].content, "The beginning, and the end.");
}

#[tokio::test] // R80
async fn an_answer_whose_reader_left_is_waited_for_as_well() {
    let provider = Provider::start().await;
    let kit = provider.kit([KEY, PATIENT]).await;
    let mut served = Served::new(&kit).await;
    provider.hold(&["The beginning, ", "and the end."]);
    provider.let_go(1);
    drop(begin(&served, &kit).await);
    served.begin_stop();
    no_longer_listens(served.address).await;
    provider.let_go(2);
    served.stop().await;
    assert_eq!(kit.messages().await[1].status, "complete");
}

#[tokio::test] // R80
async fn one_that_takes_too_long_is_ended_and_stored() {
    let provider = Provider::start().await;
    let kit = provider.kit([KEY, ("SHUTDOWN_SECONDS", "1")]).await;
    let served = Served::new(&kit).await;
    provider.hold(&["The beginning, ", "but no end."]);
    provider.let_go(1);
    let events = begin(&served, &kit).await;
    // Nor does a connection that asks nothing hold it up.
    let idle = TcpStream::connect(served.address).await.unwrap();

    let (rest, ()) = tokio::join!(events.all(), served.stop());
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].event, "error");
    assert_eq!(rest[0].data["type"], "urn:parlance:error:server_shutdown");
    assert_eq!(rest[0].data["retryable"], true);
    let rows = kit.messages().await;
    assert_eq!(rows[1].status, "interrupted");
    assert_eq!(rows[1].content, "The beginning, ");
    assert_eq!(rows[1].error_code.as_deref(), Some("server_shutdown"));
    drop(idle);
}

#[tokio::test] // R80
async fn one_that_has_not_even_begun_is_ended_too() {
    let provider = Provider::start().await;
    let kit = provider.kit([KEY, ("SHUTDOWN_SECONDS", "0")]).await;
    let served = Served::new(&kit).await;
    provider.reply(Reply::Silence);
    let token = kit.token(U1).await;
    let plain = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    let stop = async {
        provider.asked_for(1).await;
        served.stop().await;
    };
    let (answer, ()) = tokio::join!(plain, stop);
    assert_eq!(answer.problem(503), "server_shutdown");
    assert_eq!(kit.messages().await[1].status, "interrupted");
}

#[tokio::test] // R80
async fn sigterm_lets_the_program_finish_and_exit_well() {
    let provider = Provider::start().await;
    let kit = provider.kit([]).await;
    let vars: Vec<_> = provider
        .vars()
        .into_iter()
        .chain([KEY, PATIENT].map(|(n, v)| (n.into(), v.into())))
        .collect();
    let program = Program::serve(&kit, &vars).await;
    provider.hold(&["The beginning, ", "and the end."]);
    provider.let_go(1);
    let token = kit.token(U1).await;
    let mut events = Events::new(program.send(streamed(&token, "Hello?")).await);
    assert_eq!(events.one().await.event, "start");
    assert_eq!(events.one().await.event, "delta");
    program.terminate().await;
    no_longer_listens(program.address()).await;
    provider.let_go(2);
    let rest = events.all().await;
    assert_eq!(rest.last().unwrap().event, "done");
    assert_eq!(program.ended().await.code(), Some(0));
    assert_eq!(kit.messages().await[1].status, "complete");
}

#[tokio::test] // R80
async fn sigterm_ends_an_idle_program_at_once() {
    let kit = Kit::new().await;
    let program = Program::serve(&kit, &[]).await;
    program.terminate().await;
    assert_eq!(program.ended().await.code(), Some(0));
}
