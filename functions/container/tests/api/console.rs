//! The console: a page and its parts, as browsers load them. What it does there, scripts/check-console tests.

use crate::kit::{Answer, Kit, request};
use axum::body::Body;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use std::io::Read;
use tower::ServiceExt;

async fn load(kit: &Kit, path: &str) -> Answer {
    kit.send(request("", "GET", path), Body::empty()).await
}

/// The paths of what the page loads, which stand in it as what follows `console/`.
fn parts(page: &str) -> Vec<String> {
    let named = page.split("\"console/").skip(1);
    let named = named.map(|rest| rest.split('"').next().expect("it ends"));
    named.map(|name| format!("/console/{name}")).collect()
}

#[tokio::test]
async fn the_page_loads_its_parts_and_nothing_else() {
    let kit = Kit::new().await;
    let page = load(&kit, "/console").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    // Another release has parts of other names.
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
        "{policy}"
    );
    let parts = parts(&page.text);
    assert_eq!(parts.len(), 2, "{}", page.text);
    for part in &parts {
        let kind = match part.ends_with(".css") {
            true => "text/css; charset=utf-8",
            false => "text/javascript; charset=utf-8",
        };
        let answer = load(&kit, part).await;
        assert_eq!(answer.status, 200, "{part}");
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    let slash = load(&kit, "/console/").await;
    assert_eq!(slash.status, 308);
    assert_eq!(slash.header("location"), "../console");
    for other in [
        "/console/app.js",
        "/console/app-0.js",
        "/console/index.html",
        "/console/a/b",
    ] {
        assert_eq!(load(&kit, other).await.problem(404), "not_found", "{other}");
    }
}

#[tokio::test]
async fn it_is_sent_compressed_to_those_who_take_it() {
    let kit = Kit::new().await;
    let page = load(&kit, "/console").await.text;
    let mut paths = parts(&page);
    paths.push("/console".into());
    for path in paths {
        let plain = load(&kit, &path).await.text;
        let asked = request("", "GET", &path).header("accept-encoding", "gzip");
        let asked = asked.body(Body::empty()).unwrap();
        let answer = kit.service.clone().oneshot(asked).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{path}");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let mut unpacked = String::new();
        GzDecoder::new(&*bytes)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, plain, "{path}");
    }
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let kit = Kit::with([("CONSOLE", "off")]).await;
    for path in ["/console", "/console/"] {
        assert_eq!(load(&kit, path).await.problem(404), "not_found");
    }
}
