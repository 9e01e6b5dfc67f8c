//! Requests as nobody should write them.

use super::*;

#[tokio::test] // R3
async fn no_spelling_of_a_path_or_header_opens_a_door() {
    let scene = Scene::new().await;
    let routes = ["/login/me", "/tenants", "/chat/sessions", "/documents"];
    let spellings = |path: &str| {
        let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        [
            format!("/{path}"),
            format!("/api/..{path}"),
            format!("/%2e%2e{path}"),
            format!("/health/..{path}"),
            format!("/health/%2e%2e{path}"),
            format!("/health;{path}"),
            format!("/{first}//{rest}"),
            format!("{path}%00"),
            path.to_uppercase(),
        ]
    };
    for path in routes.iter().flat_map(|path| spellings(path)) {
        for token in ["", scene.token_of(U1)] {
            let answer = scene.get(token, &path).await;
            let refused = [400, 401, 404].contains(&answer.status.as_u16());
            assert!(refused, "{path}: {} {}", answer.status, answer.text);
        }
    }
    for (name, value) in [
        ("host", "x/#@evil"),
        ("host", "localhost/health"),
        ("x-original-url", "/health"),
        ("x-rewrite-url", "/health"),
        ("x-forwarded-prefix", "/health"),
        ("x-forwarded-host", "x/#@evil"),
        ("x-http-method-override", "OPTIONS"),
    ] {
        for path in routes {
            let request = request("", "GET", path).header(name, value);
            let answer = scene.send(request, Body::empty()).await;
            assert_shut_out(&answer, &format!("{name}: {value}, {path}"));
        }
        let request = request("", "GET", "/nothing").header(name, "/login/me");
        let answer = scene.send(request, Body::empty()).await;
        assert_eq!(answer.problem(404), "not_found", "{name}");
    }
}

/// Sends bytes as they are; the status of the answer.
async fn raw(served: &Served, head: &str) -> u16 {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = format!("{head}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap_or("400");
    status
        .parse()
        .unwrap_or_else(|_| panic!("{head}: {answer}"))
}

#[tokio::test] // R3
async fn nor_does_one_that_only_a_socket_can_send() {
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    for head in [
        "GET /login/me HTTP/1.1\r\nHost: x/#@evil",
        "GET /login/me HTTP/1.1\r\nHost: a\r\nHost: b",
        "GET /login/me HTTP/1.0",
        "GET http://evil/health#/login/me HTTP/1.1\r\nHost: x",
        "GET http://health@x/login/me HTTP/1.1\r\nHost: health",
        "GET //login/me HTTP/1.1\r\nHost: x",
        "GET \\login\\me HTTP/1.1\r\nHost: x",
        "GET /login/me?/health HTTP/1.1\r\nHost: x",
        "GET /login/me#/health HTTP/1.1\r\nHost: x",
        "GET /health/../login/me HTTP/1.1\r\nHost: x",
        "OPTIONS * HTTP/1.1\r\nHost: x",
    ] {
        let status = raw(&served, head).await;
        let is_health = head.contains("evil/health") && status == 200;
        assert!(
            is_health || (400..=405).contains(&status),
            "{head}: {status}"
        );
    }
    served.stop().await;
}
