//! Where a request came from, as the audit log has it: what the host knows, and never what the client says of itself.

use crate::kit::{
    ADMIN1, Kit,
    http::send,
    lambda::{
        event::{Event, SHAPES},
        functions::Function,
    },
    program::Program,
    request,
};
use axum::body::Body;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::net::TcpListener;

const LIES: [(&str, &str); 3] = [
    ("x-forwarded-for", "1.2.3.4"),
    ("x-real-ip", "1.2.3.4"),
    ("forwarded", "for=1.2.3.4"),
];

#[tokio::test]
async fn a_container_listens_on_every_address_of_both_families() {
    let kit = Kit::new().await;
    let program = Program::serve(&kit, &[]).await;
    let port = program.address().port();
    let mut hosts = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    // A machine without IPv6 has nothing to listen on there.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok() {
        hosts.push(Ipv6Addr::LOCALHOST.into());
    }
    for host in hosts {
        let ready = request("", "GET", "/ready").body(Body::empty()).unwrap();
        let answer = send((host, port).into(), ready).await;
        assert_eq!(answer.status(), 200, "{host}");
    }
}

/// The address in the newest row.
async fn written(kit: &Kit) -> Option<String> {
    sqlx::query_scalar("select host(client_ip) from parlance.audit_log order by id desc limit 1")
        .fetch_one(&kit.pool)
        .await
        .unwrap()
}

/// Sets a key, which is written down, with these headers.
async fn ask(program: &Program, token: &str, headers: &[(&str, &str)]) {
    let key = json!({ "api_key": "sk-0123456789-abcdef" }).to_string();
    let mut asked = request(token, "PUT", "/tenants/current/secrets/openai")
        .header("content-type", "application/json");
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    let asked = asked.body(Body::from(key)).unwrap();
    assert_eq!(program.send(asked).await.status(), 204);
}

#[tokio::test] // R8
async fn behind_nothing_the_peer_is_the_client() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let program = Program::serve(&kit, &[]).await;
    ask(&program, &token, &LIES).await;
    assert_eq!(written(&kit).await.as_deref(), Some("127.0.0.1"));
}

#[tokio::test] // R8
async fn behind_proxies_they_are_counted_from_the_right() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let vars = [("TRUSTED_PROXY_HOPS".to_owned(), "2".to_owned())];
    let program = Program::serve(&kit, &vars).await;
    let chain = ("x-forwarded-for", "198.51.100.7, 10.0.0.2");
    ask(&program, &token, &[LIES[0], chain]).await;
    assert_eq!(written(&kit).await.as_deref(), Some("198.51.100.7"));
    // Some write the port, too.
    for (written_by, ip) in [
        ("203.0.113.7:54321, 10.0.0.2:80", "203.0.113.7"),
        ("[2001:db8::1]:443, [2001:db8::2]", "2001:db8::1"),
    ] {
        ask(&program, &token, &[("x-forwarded-for", written_by)]).await;
        assert_eq!(written(&kit).await.as_deref(), Some(ip));
    }
    // Without the proxies there is nobody to believe.
    ask(&program, &token, &LIES).await;
    assert_eq!(written(&kit).await.as_deref(), Some("127.0.0.1"));
}

#[tokio::test] // R8
async fn on_railway_its_edge_is_believed() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let vars = [("RAILWAY_PROJECT_ID".to_owned(), "a-project".to_owned())];
    let program = Program::serve(&kit, &vars).await;
    let edge = ("x-real-ip", "198.51.100.7");
    ask(&program, &token, &[LIES[0], edge]).await;
    assert_eq!(written(&kit).await.as_deref(), Some("198.51.100.7"));
}

#[tokio::test] // R8
async fn a_function_believes_the_front_that_invokes_it() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let mut function = Function::start("tenants", &kit, &[]).await;
    let key = json!({ "api_key": "sk-0123456789-abcdef" });
    for (shape, ip) in SHAPES.into_iter().zip(["198.51.100.7", "2001:db8::7"]) {
        let mut event = Event::new(shape, "PUT", "/tenants/current/secrets/openai").token(&token);
        for (name, value) in LIES {
            event = event.header(name, value);
        }
        let answer = function.invoke(event.json(&key).source_ip(ip)).await;
        assert_eq!(answer.status(), 204, "{shape:?}");
        answer.text().await;
        assert_eq!(written(&kit).await.as_deref(), Some(ip), "{shape:?}");
    }
}
