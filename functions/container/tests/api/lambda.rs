//! The same routes as Lambda functions, each a program of its own, before a stub of Lambda's Runtime API.

mod events;
mod hosts;
mod jobs;
mod life;
mod stages;

use crate::kit::{
    ADMIN1, Kit, PASSWORD, SUPERUSER, U1,
    lambda::{
        event::{Event, SHAPES},
        functions::{Function, cargo},
    },
    provider::Provider,
};
use serde_json::{Value, json};

/// What a function is asked: method, path, whose token, body, and what it must answer.
type Asked<'a> = (&'a str, &'a str, &'a str, Option<&'a Value>, u64, &'a str);

/// Asks a function through both of its front doors.
async fn check(name: &str, kit: &Kit, asked: &[Asked<'_>]) {
    let mut function = Function::start(name, kit, &[]).await;
    for &(method, path, token, body, status, holds) in asked {
        for shape in SHAPES {
            let event = Event::new(shape, method, path).token(token);
            let event = match body {
                Some(body) => event.json(body),
                None => event,
            };
            let answer = function.invoke(event).await;
            assert_eq!(answer.status(), status, "{method} {path}");
            assert_eq!(answer.header("x-request-id").len(), 36);
            assert_eq!(answer.header("cache-control"), "no-store");
            let media = answer.header("content-type").to_owned();
            let (text, _) = answer.text().await;
            assert!(text.contains(holds), "{method} {path}: {text}");
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
            let problem = media == "application/problem+json";
            assert_eq!(problem, status >= 400, "{media}");
        }
    }
}

#[tokio::test]
async fn login_runs_as_a_function() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let wrong = json!({ "tenant": U1.tenant, "email": U1.email, "password": "wrong" });
    let asked = [
        ("POST", "/login", "", Some(&login), 200, "access_token"),
        ("GET", "/login/me", &token, None, 200, U1.email),
        ("GET", "/login/me", "", None, 401, "invalid_token"),
        (
            "POST",
            "/login",
            "",
            Some(&wrong),
            401,
            "invalid_credentials",
        ),
        ("GET", "/ready", "", None, 200, "ready"),
        ("GET", "/chat/sessions", &token, None, 404, "not_found"),
    ];
    check("login", &kit, &asked).await;
}

#[tokio::test]
async fn tenants_runs_as_a_function() {
    let kit = Kit::new().await;
    let (admin, root) = (kit.token(ADMIN1).await, kit.token(SUPERUSER).await);
    let name = json!({ "name": "Renamed" });
    let asked = [
        (
            "GET",
            "/tenants/current",
            &*admin,
            None,
            200,
            r#""slug":"one""#,
        ),
        (
            "PATCH",
            "/tenants/current",
            &admin,
            Some(&name),
            200,
            "Renamed",
        ),
        ("GET", "/tenants", &root, None, 200, r#""slug":"two""#),
        ("GET", "/tenants", &admin, None, 403, "forbidden"),
        ("GET", "/tenants/current", "", None, 401, "invalid_token"),
    ];
    check("tenants", &kit, &asked).await;
}

#[tokio::test]
async fn documents_runs_as_a_function() {
    let kit = Kit::new().await;
    let (admin, user) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let text = json!({ "title": "Refunds", "text": "A refund takes 5 working days." });
    // Both doors find it there.
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let query = json!({ "query": "How long does a refund take?" });
    let asked = [
        ("POST", "/documents", &*admin, Some(&text), 200, "ready"),
        (
            "POST",
            "/documents/search",
            &user,
            Some(&query),
            200,
            "5 working days",
        ),
        ("GET", "/documents", &admin, None, 200, "Refunds"),
        ("GET", "/documents", &user, None, 403, "forbidden"),
        (
            "POST",
            "/documents/search",
            "",
            Some(&query),
            401,
            "invalid_token",
        ),
    ];
    check("documents", &kit, &asked).await;
}

#[tokio::test]
async fn admin_runs_as_a_function() {
    let kit = Kit::new().await;
    let (admin, user) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let asked = [
        ("GET", "/admin/users", &*admin, None, 200, U1.email),
        ("GET", "/admin/users", &user, None, 403, "forbidden"),
        ("GET", "/admin/users", "", None, 401, "invalid_token"),
    ];
    check("admin", &kit, &asked).await;
}

#[tokio::test]
async fn chat_runs_as_a_function() {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let token = kit.token(U1).await;
    let question = json!({ "message": "How long does a refund take?" });
    let streamed = json!({ "message": "Hello?", "stream": true });
    let asked = [
        (
            "POST",
            "/chat",
            &*token,
            Some(&question),
            200,
            "5 working days",
        ),
        (
            "GET",
            "/chat/sessions",
            &token,
            None,
            200,
            "How long does a refund take?",
        ),
        ("POST", "/chat", "", Some(&question), 401, "invalid_token"),
        ("POST", "/chat", "", Some(&streamed), 401, "invalid_token"),
    ];
    check("chat", &kit, &asked).await;
}

#[tokio::test]
async fn a_function_streams_an_answer_as_it_comes() {
    let provider = Provider::start().await;
    let kit = provider.kit([]).await;
    let token = kit.token(U1).await;
    let vars = provider.vars().into_iter();
    let vars: Vec<_> = vars
        .chain([("OPENAI_API_KEY".into(), "sk-deployment".into())])
        .collect();
    let mut function = Function::start("chat", &kit, &vars).await;
    let question = json!({ "message": "Hello?", "stream": true });
    for shape in SHAPES {
        provider.hold(&["One, ", "two, ", "three."]);
        let event = Event::new(shape, "POST", "/chat").token(&token);
        let mut answer = function.invoke(event.json(&question)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-cache, no-transform");
        answer.until("event: start").await;
        for piece in ["One, ", "two, ", "three."] {
            provider.let_go(1);
            // Were it held back, the next piece would never be let go.
            answer.until(&format!(r#"{{"text":"{piece}"}}"#)).await;
        }
        provider.let_go(1);
        let (text, pieces) = answer.text().await;
        assert!(pieces >= 5, "{pieces} pieces");
        let last = text.trim_end().rsplit("\n\n").next().unwrap();
        assert!(last.starts_with("id: 16\nevent: done\ndata: {"), "{text}");
        // The function is frozen after the last byte, so the row must have its end by now.
        let row = kit.messages().await.pop().unwrap();
        assert_eq!(
            (&*row.status, &*row.content),
            ("complete", "One, two, three.")
        );
        sqlx::query("delete from parlance.chat_sessions")
            .execute(&kit.pool)
            .await
            .unwrap();
    }
}

#[test]
fn the_container_is_built_without_any_of_it() {
    let tree = |arguments: &[&str]| {
        let common = ["tree", "--locked", "--edges", "normal", "--prefix", "none"];
        cargo(&[&common[..], arguments].concat())
    };
    let foreign = |tree: &str| {
        let mut names = tree.lines().filter_map(|line| line.split(' ').next());
        names.any(|name| name.contains("lambda") || name.starts_with("aws"))
    };
    assert!(!foreign(&tree(&["--package", "container"])));
    assert!(foreign(&tree(&[
        "--package",
        "chat",
        "--features",
        "lambda"
    ])));
}
