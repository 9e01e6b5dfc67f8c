//! Hosts and names that are taken, and those that are not.

use super::*;
use crate::{Endpoints, Timeouts};

fn client(pinecone: &str) -> Client {
    let endpoints = Endpoints::new("https://a.example/", "https://b.example/", pinecone).unwrap();
    Client::new(
        endpoints,
        crate::Models::new(None).unwrap(),
        Timeouts::default(),
    )
    .unwrap()
}

// R59
#[test]
fn only_pinecone_hosts_are_called() {
    let client = client("https://api.pinecone.io/");
    for host in [
        "docs-abc.svc.aped-1-a.pinecone.io",
        "https://docs-abc.svc.aped-1-a.pinecone.io",
        "https://DOCS-ABC.svc.aped-1-a.PINECONE.io:443/",
    ] {
        let checked = client.check_host(host).unwrap();
        let text = checked.to_string();
        assert_eq!(text, "https://docs-abc.svc.aped-1-a.pinecone.io/");
        assert_eq!(client.check_host(&text), Ok(checked));
    }
    for host in [
        "",
        "pinecone.io",
        "evilpinecone.io",
        "a.pinecone.io.evil.example",
        "evil.example/.pinecone.io",
        &format!("{}.pinecone.io", "a".repeat(300)),
        "evil.example#.pinecone.io",
        "evil.example?.pinecone.io",
        "evil.example\\.pinecone.io",
        "a.pinecone.io@evil.example",
        "user@a.pinecone.io",
        "http://a.pinecone.io",
        "ftp://a.pinecone.io",
        "a.pinecone.io:8080",
        "a.pinecone.io.",
        "a.pinecone.io/path",
        "169.254.169.254",
        "127.0.0.1:80",
        "http://127.0.0.1",
        "localhost",
    ] {
        assert_eq!(client.check_host(host), Err(HostError), "{host}");
    }
}

// R59
#[test]
fn a_local_deployment_may_use_local_indexes() {
    let client = client("http://127.0.0.1:5080/");
    for (host, expected) in [
        ("127.0.0.1:443", "http://127.0.0.1:443/"),
        ("localhost:5081", "http://localhost:5081/"),
        ("http://[::1]:5081", "http://[::1]:5081/"),
        ("a.pinecone.io", "https://a.pinecone.io/"),
    ] {
        assert_eq!(client.check_host(host).unwrap().to_string(), expected);
    }
    for host in ["10.0.0.1:80", "http://evil.example", "https://127.0.0.1:1"] {
        assert_eq!(client.check_host(host), Err(HostError), "{host}");
    }
}

// R59
#[test]
fn a_name_cannot_change_the_address() {
    assert_eq!("docs-1".parse::<IndexName>().unwrap().to_string(), "docs-1");
    let long = "a".repeat(46);
    for name in [
        "",
        "..",
        "a/b",
        "a?b",
        "a%2e",
        "A",
        "a.b",
        "é",
        long.as_str(),
    ] {
        assert_eq!(name.parse::<IndexName>(), Err(IndexNameError), "{name}");
    }
}
