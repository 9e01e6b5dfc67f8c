//! `parlance dev`, as somebody meets it who writes a page beside it.

use crate::{
    commands::program,
    kit::{SECRET_KEY, database::Database, program::listening, wait::wait_until},
};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A folder to be started in.
fn folder(name: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// What is answered to a page that asks whether it may call.
async fn preflight(address: &str, origin: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!(
        "OPTIONS /chat HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

#[tokio::test]
async fn a_taken_port_is_noticed_before_anything_is_made() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = folder("taken");
    let ended = program(&["dev"], &[("PORT", &port)])
        .current_dir(&folder)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        !ended.status.success() && said.contains(&format!("port {port} is taken")),
        "{said}"
    );
    assert!(!folder.join(".parlance/postgres").exists());
}

#[tokio::test]
async fn pages_of_this_machine_may_call_and_others_may_not() {
    let url = Database::empty().await.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("ROLE_PREFIX", "dev_test"),
        ("PORT", "0"),
    ];
    let folder = folder("dev");
    let mut child = program(&["dev"], &vars)
        .current_dir(&folder)
        .spawn()
        .unwrap();
    let port = listening(&mut child).await;
    let four = format!("127.0.0.1:{port}");
    let mut answer = None;
    // The demo data are made first; the kernel keeps who asks meanwhile.
    while answer.is_none() {
        assert!(child.try_wait().unwrap().is_none(), "it ended instead");
        answer = preflight(&four, "http://localhost:5173").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let allowed = "access-control-allow-origin: http://localhost:5173\r\n";
    assert!(answer.as_deref().unwrap().contains(allowed), "{answer:?}");
    if TcpListener::bind("[::1]:0").is_ok() {
        let six = preflight(&format!("[::1]:{port}"), "http://127.0.0.1:4173")
            .await
            .unwrap();
        assert!(
            six.contains("access-control-allow-origin: http://127.0.0.1:4173\r\n"),
            "{six}"
        );
    }
    for other in [
        "https://localhost:5173",
        "http://localhost.example.com",
        "https://app.example.com",
    ] {
        let refused = preflight(&four, other).await.unwrap();
        assert!(
            !refused.contains("access-control-allow-origin"),
            "{other}: {refused}"
        );
    }
    assert_page(&folder, port).await;
    child.kill().await.unwrap();
}

#[tokio::test]
async fn without_the_chat_for_pages_there_is_no_page() {
    let url = Database::empty().await.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("ROLE_PREFIX", "dev_off"),
        ("PORT", "0"),
        ("WIDGET", "off"),
    ];
    let folder = folder("dev-off");
    let mut child = program(&["dev"], &vars)
        .current_dir(&folder)
        .spawn()
        .unwrap();
    let port = listening(&mut child).await;
    let demo = folder.join(".parlance/demo.json");
    let demo = wait_until("the demo data", async || {
        assert!(child.try_wait().unwrap().is_none(), "it ended instead");
        let text = fs::read_to_string(&demo).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(&text).map_err(|e| e.to_string())
    })
    .await;
    assert_eq!(demo["page"], serde_json::Value::Null, "{demo}");
    let mut answer = None;
    while answer.is_none() {
        answer = preflight(&format!("127.0.0.1:{port}"), "http://localhost:5173").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().await.unwrap();
}

/// Asserts that a page on another port has the chat, and may have nothing else.
async fn assert_page(folder: &Path, port: u16) {
    let demo = fs::read_to_string(folder.join(".parlance/demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_str(&demo).unwrap();
    let page = demo["page"].as_str().unwrap();
    let address = page.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let host = format!("http://localhost:{port}");
    let policy = format!("default-src 'none'; script-src {host}; connect-src {host};");
    assert!(answer.contains(&policy), "{answer}");
    let script = format!("<script src=\"{host}/widget.js\" data-site=\"site_");
    assert!(answer.contains(&script), "{answer}");
}
