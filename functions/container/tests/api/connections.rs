//! Connections on which nothing happens, or on which too much would: each has a bound, and none holds up the end.

use crate::kit::{
    Kit, U1,
    database::Database,
    http::Served,
    provider::Provider,
    raw::Raw,
    wait::{wait_for, wait_until},
};
use service::ConnectionTimes;
use std::time::Duration;

/// What happens on a busy machine.
const LATE: &str = "closed before its request";
const INSTANT: Duration = Duration::from_millis(50);

async fn waiting(change: impl FnOnce(&mut ConnectionTimes)) -> (Kit, Served) {
    let database = Database::clone_template().await;
    let kit = Kit::adjusted(database, [], |config| change(&mut config.times)).await;
    let served = Served::new(&kit).await;
    (kit, served)
}

#[tokio::test] // R58
async fn an_idle_connection_outlives_a_header_that_has_begun() {
    let (_kit, served) = waiting(|times| times.header = INSTANT).await;
    let mut unused = Raw::connect(served.address).await;
    let mut idle = Raw::connect(served.address).await;
    assert_eq!(idle.get("/health").await.status, 200);
    let mut begun = Raw::connect(served.address).await;
    begun.send("GET /health HTTP/1.1\r\nhost:").await;
    let mut again = Raw::connect(served.address).await;
    assert_eq!(again.get("/health").await.status, 200);
    again.send("GET /hea").await;
    assert_eq!(begun.ended().await, "");
    assert_eq!(again.ended().await, "");
    assert_eq!(idle.get("/health").await.status, 200);
    assert_eq!(unused.get("/health").await.status, 200);
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let kit = Kit::with([("KEEP_ALIVE_SECONDS", "1")]).await;
    let served = Served::new(&kit).await;
    assert_eq!(Raw::connect(served.address).await.ended().await, "");
    // On a busy machine the first request may come too late.
    wait_until("the end of a used connection", async || {
        let mut used = Raw::connect(served.address).await;
        let request = "GET /health HTTP/1.1\r\nhost: a\r\n\r\n";

        used.try_send(request).await.map_err(|_| LATE)?;
        let answer = used.try_answer().await.ok_or(LATE)?;
        assert_eq!(answer.status, 200);
        assert_eq!(used.ended().await, "");
        Ok::<_, &str>(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_takes_long_is_not_taken_for_an_idle_connection() {
    let provider = Provider::start().await;
    let vars = provider.vars().into_iter();
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    let database = Database::clone_template().await;
    let short = |config: &mut service::Config| config.times.idle = INSTANT;
    let kit = Kit::adjusted(database, vars.chain([key]), short).await;
    let served = Served::new(&kit).await;
    let token = kit.token(U1).await;
    provider.hold(&["The beginning, ", "and the end."]);
    let body = r#"{"message":"Hello?","stream":true}"#;
    let request = format!(
        "POST /chat HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // On a busy machine it may come too late.
    let asking = wait_until("the head of a streamed answer", async || {
        let mut asking = Raw::connect(served.address).await;

        asking.try_send(&request).await.map_err(|_| LATE)?;
        asking.head().await.ok_or(LATE)?;
        Ok::<_, &str>(asking)
    })
    .await;
    // Meanwhile another connection is closed for idleness.
    assert_eq!(Raw::connect(served.address).await.ended().await, "");
    provider.let_go(3);
    let answer = asking.ended().await;
    assert!(answer.contains("and the end."), "{answer}");
    assert!(answer.contains("event: done"), "{answer}");
}

#[tokio::test] // R58
async fn whoever_takes_nothing_of_its_answers_is_closed() {
    let (_kit, served) = waiting(|times| times.write = INSTANT).await;
    let mut deaf = Raw::connect(served.address).await;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100);
    wait_for("the end of a connection that is not read", async {
        // It reads nothing, so this ends only when nobody takes its questions any more.
        while deaf.try_send(&request).await.is_ok() {}
    })
    .await;
}

#[tokio::test]
async fn nothing_of_this_holds_up_the_end() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let unused = Raw::connect(served.address).await;
    let mut idle = Raw::connect(served.address).await;
    assert_eq!(idle.get("/health").await.status, 200);
    served.stop().await;
    assert_eq!(unused.ended().await, "");
    assert_eq!(idle.ended().await, "");

    let kit = Kit::with([("SHUTDOWN_SECONDS", "0")]).await;
    let served = Served::new(&kit).await;
    let mut deaf = Raw::connect(served.address).await;
    deaf.send("GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200))
        .await;
    let mut begun = Raw::connect(served.address).await;
    begun.send("GET /health HTTP/1.1\r\n").await;
    served.stop().await;
}

#[tokio::test] // R58
async fn one_client_has_so_many_connections_and_no_more() {
    let kit = Kit::with([("MAX_CONNECTIONS_PER_CLIENT", "3")]).await;
    let served = Served::new(&kit).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut one = Raw::connect(served.address).await;
        assert_eq!(one.get("/health").await.status, 200);
        open.push(one);
    }
    for _ in 0..2 {
        let mut refused = Raw::connect(served.address).await;
        let answer = refused.get("/health").await;
        assert_eq!(answer.problem(503), "too_many_connections");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("connection"), "close");
        assert_eq!(refused.ended().await, "");
    }
    drop(open.pop());
    wait_until("a place for one more connection", async || {
        let mut next = Raw::connect(served.address).await;
        match next.get("/health").await.status.as_u16() {
            200 => Ok(()),
            status => Err(status),
        }
    })
    .await;
    assert_eq!(open[0].get("/health").await.status, 200);
}

#[tokio::test]
async fn a_trusted_proxy_brings_as_many_as_it_likes() {
    let proxied = [
        ("MAX_CONNECTIONS_PER_CLIENT", "1"),
        ("TRUSTED_PROXY_HOPS", "1"),
    ];
    let kit = Kit::with(proxied).await;
    let served = Served::new(&kit).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut one = Raw::connect(served.address).await;
        assert_eq!(one.get("/health").await.status, 200);
        open.push(one);
    }
}
