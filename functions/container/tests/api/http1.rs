//! Requests that are wrong before anybody of ours is asked: they are refused in our words, too.

use crate::{
    kit::{Answer, Kit, U1, http::Served, raw::Raw},
    problems::assert_problem,
};

async fn answer_to(served: &Served, request: impl AsRef<[u8]>) -> Answer {
    let mut raw = Raw::connect(served.address).await;
    raw.send(request).await;
    raw.answer().await
}

#[tokio::test] // R55 R70
async fn what_is_not_http_is_refused_with_a_problem() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let large = format!(
        "GET /health HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000));
    for (request, status, code) in [
        ("canary\r\n\r\n", 400, "malformed_request"),
        (
            "G@T /canary HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "malformed_request",
        ),
        (
            "GET /health HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n",
            400,
            "malformed_request",
        ),
        (
            "GET /health HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
            400,
            "malformed_request",
        ),
        (&large, 431, "headers_too_large"),
        (&long, 431, "headers_too_large"),
    ] {
        let mut raw = Raw::connect(served.address).await;
        // As the second request, too: it is not the first answer that is refused.
        assert_eq!(raw.get("/health").await.status, 200);
        raw.send(request).await;
        for answer in [raw.answer().await, answer_to(&served, request).await] {
            assert_eq!(answer.status, status, "{request:.60}: {}", answer.text);
            assert_eq!(assert_problem(&answer), code);
            assert!(!answer.text.contains("canary"), "{}", answer.text);
            assert_eq!(answer.header("connection"), "close");
            assert!(answer.header("date").ends_with(" GMT"));
        }
        assert_eq!(raw.ended().await, "");
    }
}

#[tokio::test]
async fn a_request_says_once_whom_it_is_for() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    for hosts in ["", "host: a\r\nhost: a\r\n", "host: a\r\nHost: b\r\n"] {
        let answer = answer_to(&served, format!("GET /health HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_eq!(answer.status, 400, "{hosts}");
        assert_eq!(assert_problem(&answer), "malformed_request");
    }
    let old = answer_to(&served, "GET /health HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.status, 200);
}

fn ask(token: &str, more: &str) -> String {
    format!(
        "POST /chat HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{more}\r\n"
    )
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_asked_for() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let token = kit.token(U1).await;
    let announced = "expect: 100-continue\r\ncontent-length: 100000000\r\n";
    let refused = answer_to(&served, ask(&token, announced)).await;
    assert_eq!(refused.status, 413, "{}", refused.text);
    assert_eq!(assert_problem(&refused), "too_large");
    // Nor does a client that sends it all the same miss the answer.
    let mut hasty = Raw::connect(served.address).await;
    hasty
        .send(ask(&token, "content-length: 100000000\r\n"))
        .await;
    hasty.send("x".repeat(500_000)).await;
    assert_eq!(assert_problem(&hasty.answer().await), "too_large");
    // Another request would be taken for a part of it.
    for request in [announced, "content-length: 100000000\r\n"] {
        let refused = answer_to(&served, ask(&token, request)).await;
        assert_eq!(refused.header("connection"), "close", "{request}");
    }

    let body = r#"{"message":"Hello?"}"#;
    let small = format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len());
    let mut raw = Raw::connect(served.address).await;
    raw.send(ask(&token, &small)).await;
    assert_eq!(raw.head().await.unwrap().0, 100);
    raw.send(body).await;
    assert_eq!(raw.answer().await.status, 200);
}

/// An answer that does not say that the connection ends must be followed by others, whatever came of the request's body.
#[tokio::test]
async fn no_connection_ends_unsaid_whenever_a_body_comes() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let body = format!(r#"{{"message":"{}"}}"#, "x".repeat(4000));
    let length = format!("content-length: {}\r\n", body.len());
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = "transfer-encoding: chunked\r\n";
    for (framing, body) in [(length.as_str(), &body), (chunked, &chunks)] {
        // With the head, in parts while it is answered, and when it has been.
        for (at_once, soon) in [(body.len(), 0), (0, body.len()), (1, 1), (0, 0)] {
            let mut raw = Raw::connect(served.address).await;
            raw.send(ask("nobody's", framing) + &body[..at_once]).await;
            raw.send(&body[at_once..][..soon]).await;
            let refused = raw.answer().await;
            assert_eq!(refused.status, 401, "{}", refused.text);
            let late = &body[at_once + soon..];
            if refused.headers.contains_key("connection") {
                assert_eq!(refused.header("connection"), "close");
                assert!(!late.is_empty(), "it was kept waiting for nothing");
                // The answer is not lost by what the client still sends.
                raw.try_send(late).await.ok();
                assert_eq!(raw.ended().await, "");
            } else {
                raw.send(late).await;
                assert_eq!(raw.get("/health").await.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_as_such() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let token = kit.token(U1).await;
    let gzip = "content-encoding: gzip\r\ncontent-length: 4\r\n";
    let refused = answer_to(&served, ask(&token, gzip) + "\x1f_\x08\x00").await;
    assert_eq!(refused.status, 415, "{}", refused.text);
    assert_eq!(assert_problem(&refused), "unsupported_media_type");
    let detail = refused.json["detail"].as_str().unwrap();
    assert!(detail.contains("Content-Encoding"), "{detail}");
    let plain = "content-encoding: identity\r\ncontent-length: 2\r\n";
    let read = answer_to(&served, ask(&token, plain) + "{}").await;
    assert_eq!(read.fields(), ["message"]);
}

#[tokio::test]
async fn a_token_may_stand_after_several_spaces() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let token = kit.token(U1).await;
    for (spaces, status) in [(" ", 200), ("   ", 200), ("", 401)] {
        let request = format!(
            "GET /login/me HTTP/1.1\r\nhost: a\r\nauthorization: bearer{spaces}{token}\r\n\r\n"
        );
        assert_eq!(answer_to(&served, request).await.status, status);
    }
}
