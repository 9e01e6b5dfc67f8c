//! How much a request may be: its body and its head.

use crate::{
    corpus::operations,
    kit::{ADMIN1, Kit, PASSWORD, SUPERUSER, U1, http::Served, request},
    problems::assert_problem,
};
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::convert::Infallible;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn limit(method: &str, path: &str) -> usize {
    let is_text = path == "/documents"
        || method == "PUT" && path.starts_with("/documents/") && path.split('/').count() == 3;
    match path.split('/').nth(1) {
        _ if is_text => 20 * 1024 * 1024,
        _ if path.starts_with("/chat/ui") => 2 * 1024 * 1024,
        Some("v1") => 2 * 1024 * 1024,
        // With whom the page says that it is.
        Some("login") if path == "/login/visitor" => 32 * 1024,
        Some("login") => 4 * 1024,
        Some("chat") => 256 * 1024,
        _ => 64 * 1024,
    }
}

/// `text` with spaces behind it.
fn padded(text: &str, length: usize) -> String {
    text.to_owned() + &" ".repeat(length - text.len())
}

#[tokio::test] // R53
async fn one_byte_over_the_limit_is_too_large() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    for operation in operations() {
        let (least, limit) = (
            operation.least.to_string(),
            limit(&operation.method, &operation.path),
        );
        for (length, too_large) in [(limit, false), (limit + 1, true), (2 * limit, true)] {
            let request = request(&token, &operation.method, &operation.path)
                .header("content-type", "application/json");
            let answer = kit.send(request, Body::from(padded(&least, length))).await;
            let at = format!("{} with {length} bytes: {}", operation.path, answer.text);
            assert_eq!(answer.status == 413, too_large, "{at}");
            assert!(answer.status.as_u16() < 500, "{at}");
            if too_large {
                assert_eq!(answer.problem(413), "too_large");
                let told = match limit / 1024 {
                    2048 => "2 MiB".to_owned(),
                    20_480 => "20 MiB".to_owned(),
                    kib => format!("{kib} KiB"),
                };
                let sentence = &answer.text;
                assert!(sentence.contains(&told), "{at}");
                assert_problem(&answer);
            }
        }
    }
}

#[tokio::test] // R53
async fn a_body_of_exactly_the_limit_is_taken() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let login = json!({ "tenant": "one", "email": U1.email, "password": PASSWORD });
    let question = json!({ "message": "Hello?" });
    let document = json!({ "title": "T", "text": "t" });
    for (path, body, status) in [
        ("/login", login, 200),
        ("/chat", question, 200),
        ("/documents", document, 202),
    ] {
        let request = request(&token, "POST", path).header("content-type", "application/json");
        let body = padded(&body.to_string(), limit("POST", path));
        let answer = kit.send(request, Body::from(body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    let form = format!("username=a&password={}", "x".repeat(4 * 1024));
    let form_request =
        request("", "POST", "/login").header("content-type", "application/x-www-form-urlencoded");
    let answer = kit.send(form_request, Body::from(form)).await;
    assert_eq!(answer.problem(413), "too_large");
}

#[tokio::test] // R53
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let served = Served::new(&kit).await;
    for operation in operations() {
        let limit = limit(&operation.method, &operation.path);
        // The rest never comes: whoever waited for it would not answer.
        let piece = Bytes::from(" ".repeat(16 * 1024));
        let count = limit / piece.len() + 1;
        let pieces = std::iter::repeat_n(Ok::<_, Infallible>(piece), count);
        let endless = stream::iter(pieces).chain(stream::pending());
        let request = request(&token, &operation.method, &operation.path)
            .header("content-type", "application/json")
            .header("host", "localhost");
        let answer = served
            .send(request.body(Body::from_stream(endless)).unwrap())
            .await;
        assert_eq!(answer.status(), 413, "{}", operation.path);
        let media = match &*operation.path {
            path if path.starts_with("/v1/") || path == "/mcp" => "application/json",
            path if path.starts_with("/chat/ui") => "text/plain; charset=utf-8",
            _ => "application/problem+json",
        };
        assert_eq!(answer.headers()["content-type"], media);
    }
    served.stop().await;
}

#[tokio::test] // R53
async fn a_compressed_body_is_not_taken() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    // gzip of {"message":"Hello?"}, without a checksum that anybody would come to check.
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 20, 0, 0xeb, 0xff];
    let gzip = [&head[..], br#"{"message":"Hello?"}"#, &[0; 8]].concat();
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        let request = request(&token, "POST", "/chat")
            .header("content-type", "application/json")
            .header("content-encoding", encoding);
        let answer = kit.send(request, Body::from(gzip.clone())).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 415 | 422),
            "{encoding}: {}",
            answer.text
        );
        assert_problem(&answer);
    }
    let listed = kit.get(&token, "/chat/sessions").await;
    assert_eq!(listed.json["items"], json!([]));
}

/// The first line of the answer to a request that is sent as it is.
async fn raw(served: &Served, request: Vec<u8>) -> String {
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    // The service closes the connection before it has read everything.
    let writing = tokio::spawn(async move { drop(write.write_all(&request).await) });
    let mut answer = vec![0; 64];
    let n = read.read(&mut answer).await.unwrap_or(0);
    drop(read);
    writing.await.unwrap();
    String::from_utf8_lossy(&answer[..n])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test] // R53
async fn a_head_that_is_too_large_is_refused() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let get =
        |headers: &str| format!("GET /health HTTP/1.1\r\nhost: a\r\n{headers}\r\n").into_bytes();
    assert_eq!(raw(&served, get("")).await, "HTTP/1.1 200 OK");
    let mebibyte = "a".repeat(1024 * 1024);
    let many: String = (0..20_000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    for (name, request) in [
        ("one long header", get(&format!("x-long: {mebibyte}\r\n"))),
        (
            "one a little too long",
            get(&format!("x-long: {}\r\n", "a".repeat(17 * 1024))),
        ),
        ("many short headers", get(&many)),
        (
            "a long token",
            get(&format!("authorization: Bearer {mebibyte}\r\n")),
        ),
        (
            "a long path",
            format!("GET /{mebibyte} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes(),
        ),
        ("a long name", get(&format!("{mebibyte}: a\r\n"))),
    ] {
        let answer = raw(&served, request).await;
        let refused = ["HTTP/1.1 431 ", "HTTP/1.1 400 ", "HTTP/1.1 414 "];
        assert!(
            refused.iter().any(|r| answer.starts_with(r)),
            "{name}: {answer}"
        );
    }
    assert_eq!(
        raw(&served, get("")).await,
        "HTTP/1.1 200 OK",
        "it lives on"
    );
    served.stop().await;
}
