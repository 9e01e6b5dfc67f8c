//! The same routes as Lambda functions, each a program of its own, before a stub of Lambda's runtime API.

use crate::kit::{
    ADMIN1, Kit, PASSWORD, SUPERUSER, U1, environment,
    lambda::{Runtime, rest_event, url_event},
    provider::Provider,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};
use tokio::process::Child;

const FUNCTIONS: [&str; 5] = ["admin", "chat", "documents", "login", "tenants"];

/// The programs of the functions, built when the first test asks for one, beside this test and like it.
static PROGRAMS: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(build);

/// Cargo as for a person in a terminal: what it told this test about itself would make it build crates anew that
/// look at their environment.
fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stderr(Stdio::inherit());
    let told = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
        "CARGO_PRIMARY_",
    ];
    for (name, _) in std::env::vars_os() {
        if told
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo {arguments:?} failed; its reason is above"
    );
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn build() -> HashMap<String, PathBuf> {
    let mut arguments = vec!["build", "--locked", "--quiet", "--features", "lambda"];
    arguments.push("--message-format=json-render-diagnostics");
    let own = std::env::current_exe().expect("a test has a file");
    if own.ancestors().any(|folder| folder.ends_with("release")) {
        arguments.push("--release");
    }
    arguments.extend(FUNCTIONS.iter().flat_map(|name| ["-p", name]));
    let built = cargo(&arguments);
    let built = built.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).expect("cargo writes JSON");
        let program = message["executable"].as_str()?;
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), Path::new(program).to_owned()))
    });
    built.collect()
}

/// Starts a function on the database of `kit`; it ends with the second of the two.
async fn start(name: &str, kit: &Kit, vars: &[(String, String)]) -> (Runtime, Child) {
    let runtime = Runtime::start().await;
    let mut program = tokio::process::Command::new(&PROGRAMS[name]);
    program
        .env_clear()
        .envs(environment(&kit.database))
        .envs(vars.iter().cloned())
        .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let child = program.spawn().expect("the function starts");
    (runtime, child)
}

/// What a function is asked: method, path, whose token, body, and what it must answer.
type Asked<'a> = (&'a str, &'a str, &'a str, Option<&'a Value>, u64, &'a str);

/// Asks a function through both of its front doors.
async fn check(name: &str, kit: &Kit, asked: &[Asked<'_>]) {
    let (mut runtime, _function) = start(name, kit, &[]).await;
    for &(method, path, token, body, status, holds) in asked {
        for event in [url_event, rest_event] {
            let answer = runtime.invoke(event(method, path, token, body)).await;
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
    let query = json!({ "query": "How long does a refund take?" });
    let asked = [
        ("POST", "/documents", &*admin, Some(&text), 202, "ready"),
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
    let (mut runtime, _function) = start("chat", &kit, &vars).await;
    let question = json!({ "message": "Hello?", "stream": true });
    for event in [url_event, rest_event] {
        provider.hold(&["One, ", "two, ", "three."]);
        let mut answer = runtime
            .invoke(event("POST", "/chat", &token, Some(&question)))
            .await;
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
        assert!(last.starts_with("id: 4\nevent: done\ndata: {"), "{text}");
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
