//! A fault of ours ends one request and nothing else.

use crate::kit::{
    Kit, U1,
    http::{Events, Served, streamed},
    request,
    wait::wait_for,
};
use axum::{body::Body, http::StatusCode, routing::get};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A service with routes that panic, in the handler and in the middle of a body.
async fn kit() -> Kit {
    async fn panics() -> StatusCode {
        panic!("canary of a panic")
    }
    async fn panics_later() -> StatusCode {
        tokio::task::yield_now().await;
        let nothing: Vec<u16> = Vec::new();
        StatusCode::from_u16(nothing[0]).expect("it never comes to this")
    }
    let mut kit = Kit::new().await;
    let routes = container::routes()
        .route("/test/panic", get(panics))
        .route("/test/panic-later", get(panics_later));
    kit.service = web::router(routes, kit.app.clone());
    kit
}

#[tokio::test] // R57
async fn a_panic_is_a_problem_and_the_next_request_is_fine() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    for path in ["/test/panic", "/test/panic-later"] {
        let answer = kit.get("", path).await;
        assert_eq!(answer.problem(500), "internal");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(kit.get(&token, "/login/me").await.status, 200);
    }
}

#[tokio::test] // R57
async fn a_connection_survives_it() {
    let kit = kit().await;
    let served = Served::new(&kit).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (path, status) in [
        ("/test/panic", 500),
        ("/health", 200),
        ("/test/panic-later", 500),
        ("/ready", 200),
    ] {
        let asked = request("", "GET", path).header("host", "a");
        let asked = asked.body(Body::empty()).unwrap();
        let answer = wait_for(path, sender.send_request(asked)).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let problem = body["type"] == "urn:parlance:error:internal";
        assert_eq!(problem, status == 500, "{body}");
    }
    // And those of others do as well.
    let events = Events::new(served.send(streamed(&kit.token(U1).await, "Hello?")).await);
    assert_eq!(events.all().await.last().unwrap().event, "done");
    served.stop().await;
}
