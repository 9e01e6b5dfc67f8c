//! The chat for pages of others: its files, as browsers load them. What it does there, scripts/check-widget tests.

use crate::kit::{Answer, Kit, request};
use axum::body::Body;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use std::io::Read;
use tower::ServiceExt;

/// Any page, none of which a tenant knows.
const PAGE: &str = "https://page.example";

async fn load(kit: &Kit, path: &str) -> Answer {
    let asked = request("", "GET", path).header("origin", PAGE);
    kit.send(asked, Body::empty()).await
}

/// The bytes of a file in an encoding.
async fn compressed(kit: &Kit, path: &str, encoding: &str) -> Vec<u8> {
    let asked = request("", "GET", path).header("accept-encoding", encoding);
    let asked = asked.body(Body::empty()).unwrap();
    let answer = kit.service.clone().oneshot(asked).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], encoding, "{path}");
    answer
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .into()
}

/// The name of the chat's file, which the loader knows.
fn chat_of(loader: &Answer) -> String {
    let (_, rest) = loader.text.split_once("\"chat-").expect("it names a file");
    let (hash, _) = rest.split_once(".js\"").expect("a script");
    format!("/widget/chat-{hash}.js")
}

#[tokio::test]
async fn every_page_may_load_the_widget() {
    let kit = Kit::new().await;
    let loader = load(&kit, "/widget.js").await;
    let chat = load(&kit, &chat_of(&loader)).await;
    for (answer, cache) in [
        (&loader, "public, max-age=300"),
        (&chat, "public, max-age=31536000, immutable"),
    ] {
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-type"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            "cross-origin"
        );
        assert_eq!(answer.header("cache-control"), cache);
    }
    // A page that was loaded before another release finds that release's.
    let unnamed = load(&kit, "/widget/chat.js").await;
    assert_eq!(unnamed.text, chat.text);
    assert_eq!(unnamed.header("cache-control"), "public, max-age=300");
    for other in [
        "/widget",
        "/widget/",
        "/widget/chat-0.js",
        "/widget/../widget.js",
    ] {
        assert_eq!(load(&kit, other).await.problem(404), "not_found", "{other}");
    }
}

#[tokio::test]
async fn it_is_sent_compressed_to_those_who_take_it() {
    let kit = Kit::new().await;
    for path in ["/widget.js", "/widget/chat.js"] {
        let plain = load(&kit, path).await.text;
        let mut unpacked = String::new();
        let gzip = compressed(&kit, path, "gzip").await;
        GzDecoder::new(&*gzip)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, plain, "{path}");
        let brotli = compressed(&kit, path, "br").await;
        assert!(brotli.len() < gzip.len(), "{path}");
    }
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let kit = Kit::with([("WIDGET", "off")]).await;
    for path in ["/widget.js", "/widget/chat.js"] {
        assert_eq!(load(&kit, path).await.problem(404), "not_found");
    }
}
