//! Pages that call from elsewhere than a web server, that send more than we do, or that are not allowed; and people who
//! look at the service with a browser.

use crate::kit::{
    ADMIN1, Answer, Kit, PASSWORD, U1,
    headers::EXPOSED,
    program::Program,
    request,
    wait::{wait_for, wait_until},
};
use axum::body::Body;
use serde_json::json;

const APPS: [&str; 7] = [
    // Capacitor on Android, then on iOS.
    "http://localhost",
    "https://localhost",
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "moz-extension://5f9f2c0e-8a6b-4f0a-9a53-2e1f0c7b1d11",
];

async fn preflight(kit: &Kit, origin: &str, headers: &str) -> Answer {
    let asked = request("", "OPTIONS", "/chat")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", headers);
    kit.send(asked, Body::empty()).await
}

#[tokio::test] // R68
async fn apps_and_extensions_may_be_allowed() {
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", "tauri://localhost")]).await;
    let admin = kit.token(ADMIN1).await;
    for no_page in [
        "null",
        "javascript://a",
        "capacitor:localhost",
        "*://localhost",
    ] {
        let change = json!({ "allowed_origins": [no_page] });
        let refused = kit.patch(&admin, "/tenants/current", change).await;
        assert_eq!(refused.fields(), ["allowed_origins[0]"], "{no_page}");
    }
    // That of the deployment is open to all already.
    let own = APPS.into_iter().filter(|app| *app != "tauri://localhost");
    let own: Vec<_> = own.collect();
    let change = json!({ "allowed_origins": own });
    let changed = kit.patch(&admin, "/tenants/current", change).await;
    assert_eq!(
        changed.json["allowed_origins"],
        json!(own),
        "{}",
        changed.text
    );
    for origin in APPS {
        let answer = preflight(&kit, origin, "authorization").await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
        let asked = request("", "POST", "/login")
            .header("content-type", "application/json")
            .header("origin", origin);
        let answer = kit.send(asked, Body::from(login.to_string())).await;
        assert_eq!(answer.status, 200, "{origin}: {}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    for other in [
        "capacitor://other",
        "ionic://localhost:1",
        "app://localhost",
        "http://localhost:1",
        "null",
        "capacitor://",
    ] {
        let answer = preflight(&kit, other, "authorization").await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_page_may_send_what_it_asks_to_send() {
    let page = "https://app.example";
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", page)]).await;
    for libraries in [
        "authorization,content-type,sentry-trace,baggage,traceparent,x-requested-with",
        "authorization,content-type,openai-beta,openai-organization,x-stainless-os,x-stainless-retry-count",
    ] {
        let answer = preflight(&kit, page, libraries).await;
        assert_eq!(answer.header("access-control-allow-headers"), libraries);
        let refused = preflight(&kit, "https://other.example", libraries).await;
        assert!(!refused.headers.contains_key("access-control-allow-headers"));
    }
    // What is no list of names is not repeated, nor what no page can send.
    for list in ["x\"; y=<z>", "*", "cookie", &"a".repeat(5000)] {
        let answer = preflight(&kit, page, list).await;
        let usual = answer.header("access-control-allow-headers");
        assert!(usual.starts_with("authorization, content-type"), "{usual}");
    }
    let answer = preflight(&kit, page, "Authorization, Cookie, Sec-Fetch-Site").await;
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "authorization"
    );
}

#[tokio::test]
async fn a_page_may_read_whatever_clients_look_for() {
    let page = "https://app.example";
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", page)]).await;
    let asked = request("", "GET", "/health").header("origin", page);
    let answer = kit.send(asked, Body::empty()).await;
    let exposed = answer.header("access-control-expose-headers");
    assert_eq!(exposed.split(", ").collect::<Vec<_>>(), EXPOSED);
}

#[tokio::test]
async fn made_up_origins_are_not_looked_up_one_by_one() {
    let kit = Kit::new().await;
    let page = "https://app.example";
    let admin = kit.token(ADMIN1).await;
    let change = json!({ "allowed_origins": [page] });
    assert_eq!(
        kit.patch(&admin, "/tenants/current", change).await.status,
        200
    );
    // Whether none of so many fails.
    let flood = async |attempt: &str| {
        for n in 0..30 {
            let answer = preflight(&kit, &format!("https://{attempt}{n}.example"), "accept").await;
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
            if answer.status != 204 {
                return false;
            }
        }
        true
    };
    let run = async |sql: &'static str| sqlx::query(sql).execute(&kit.pool).await.unwrap();
    let mut attempts = 0;
    // On a busy machine the second flood may come so late that it counts as the first.
    wait_until("a flood that asks the database nothing", async || {
        attempts += 1;
        assert!(flood(&format!("before-{attempts}-")).await);
        // Whoever looks one up now fails.
        run("alter function parlance.origin_claim(text) rename to hidden").await;
        let unharmed = flood(&format!("after-{attempts}-")).await;
        run("alter function parlance.hidden(text) rename to origin_claim").await;
        match unharmed {
            true => Ok(()),
            false => Err(attempts),
        }
    })
    .await;
    // One that is allowed is found all the while.
    let answer = preflight(&kit, page, "accept").await;
    assert_eq!(answer.header("access-control-allow-origin"), page);
}

#[tokio::test]
async fn the_log_tells_once_which_origin_was_refused_and_what_to_do() {
    let kit = Kit::new().await;
    let (program, log) = Program::serve_logging(&kit, &[]).await;
    let own = format!("http://{}", program.address());
    for origin in ["https://refused.example", "https://refused.example", &own] {
        let asked = request("", "GET", "/health").header("origin", origin);
        let asked = asked.header("host", program.address().to_string());
        let answer = program.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), 200);
    }
    let address = program.address();
    program.terminate().await;
    program.ended().await;
    let log = wait_for("the end of the log", log).await.unwrap();
    let told: Vec<_> = log
        .lines()
        .filter(|line| line.contains("BACKEND_CORS_ORIGINS"))
        .collect();
    let told: Vec<_> = told
        .into_iter()
        .filter(|line| line.contains("origin\""))
        .collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("https://refused.example"), "{}", told[0]);
    assert!(told[0].contains("PATCH /tenants/current"), "{}", told[0]);
    let listening = format!(":{}\"", address.port());
    let line = log.lines().find(|line| line.contains("\"listening\""));
    assert!(line.is_some_and(|line| line.contains(&listening)), "{log}");
}

#[tokio::test]
async fn a_log_for_people_has_no_colours_in_a_file() {
    let kit = Kit::new().await;
    let text = [("LOG_FORMAT".to_owned(), "text".to_owned())];
    let (program, log) = Program::serve_logging(&kit, &text).await;
    program.terminate().await;
    program.ended().await;
    let log = wait_for("the end of the log", log).await.unwrap();
    assert!(log.contains("listening") && !log.starts_with('{'), "{log}");
    assert!(!log.contains('\x1b'), "{log:?}");
}

#[tokio::test]
async fn a_browser_is_led_to_what_it_can_show() {
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let look = async |kit: &Kit, method: &str, path: &str, accept: &str| {
        let asked = request("", method, path).header("accept", accept);
        kit.send(asked, Body::empty()).await
    };
    let kit = Kit::new().await;
    let led = look(&kit, "GET", "/", browser).await;
    assert_eq!(
        (led.status.as_u16(), led.header("location")),
        (303, "/docs")
    );
    for (method, path, accept) in [
        ("GET", "/", "*/*"),
        ("GET", "/", "application/json"),
        ("POST", "/", browser),
        ("GET", "/nothing", browser),
    ] {
        let answer = look(&kit, method, path, accept).await;
        assert_eq!(answer.problem(404), "not_found", "{method} {path} {accept}");
    }
    let without = Kit::with([("DOCS", "off")]).await;
    assert_eq!(
        look(&without, "GET", "/", browser).await.problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn only_the_beginning_of_a_clients_name_is_kept() {
    let kit = Kit::new().await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let asked = request("", "POST", "/login")
        .header("content-type", "application/json")
        .header("user-agent", "Mozilla ".repeat(1000));
    let answer = kit.send(asked, Body::from(login.to_string())).await;
    let token = answer.json["access_token"].as_str().unwrap();
    let logins = kit.get(token, "/login/sessions").await;
    let name = logins.json["items"][0]["user_agent"].as_str().unwrap();
    assert_eq!(name.len(), 512);
    assert!(name.starts_with("Mozilla Mozilla"));
}
