//! The life of a sandbox: it starts without a database, is frozen after every answer, and is told when it ends.

use crate::kit::{
    JWT_SECRET_KEY, Kit, SECRET_KEY, U1, environment,
    lambda::{
        event::{Event, Shape},
        functions::Function,
    },
    provider::Provider,
    proxy,
    wait::wait_until,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;

fn question() -> Event {
    let question = json!({ "message": "Hello?", "stream": true });
    Event::new(Shape::Rest, "POST", "/chat").json(&question)
}

/// The function's connections as the server sees them, and when it last heard of each; the kit's own service has none.
async fn connections(pool: &PgPool) -> Vec<String> {
    let states = sqlx::query_scalar(
        "select concat_ws(' ', state, state_change, query) from pg_stat_activity
         where datname = current_database() and application_name = 'parlance'",
    );
    states.fetch_all(pool).await.expect("the server tells")
}

#[tokio::test]
async fn nothing_is_left_to_do_after_the_last_byte() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    kit.app.db.close().await;
    // Slow, so that what is asked after the last byte comes late enough to be told apart.
    let slow = proxy::slow_url(&kit.database).await;
    let vars = [("APP_DATABASE_URL".to_owned(), slow)];
    let mut function = Function::start("chat", &kit, &vars).await;
    for _ in 0..2 {
        let answer = function.invoke(question().token(&token)).await;
        let (text, _) = answer.text().await;
        // From here on the process would be frozen.
        let then = connections(&kit.pool).await;
        assert!(text.contains("event: done"), "{text}");
        assert!(kit.messages().await.iter().all(|m| m.status == "complete"));
        assert!(then.iter().all(|c| c.starts_with("idle 2")), "{then:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(connections(&kit.pool).await, then);
    }
}

#[tokio::test]
async fn connections_that_died_in_the_freeze_are_replaced() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    kit.app.db.close().await;
    let mut function = Function::start("chat", &kit, &[]).await;
    for _ in 0..3 {
        let list = Event::new(Shape::Rest, "GET", "/chat/sessions").token(&token);
        let answer = function.invoke(list).await;
        assert_eq!(answer.status(), 200);
        answer.text().await;
        function.freeze(&kit).await;
    }
}

/// What a function that has so much time says of an answer that takes longer, and of which two pieces come; none if it had
/// not come so far by then.
async fn cut_off(
    kit: &Kit,
    provider: &Provider,
    seconds: u64,
) -> (Function, String, Option<String>) {
    let vars = provider.vars().into_iter();
    let key = [("OPENAI_API_KEY".into(), "sk-deployment".into())];
    let vars: Vec<_> = vars.chain(key).collect();
    let token = kit.token(U1).await;
    let mut function = Function::start("chat", kit, &vars).await;
    function.runtime.time = Duration::from_secs(seconds);
    provider.hold(&["Half ", "of ", "it."]);
    provider.let_go(2);
    let answer = function.invoke(question().token(&token)).await;
    let (text, _) = answer.text().await;
    assert!(!text.contains("event: done"), "{text}");
    let text = text.contains(r#"{"text":"of "}"#).then_some(text);
    (function, token, text)
}

#[tokio::test] // R84
async fn an_answer_is_stored_before_its_time_is_up() {
    // A slow machine comes nowhere in the time that is enough for others.
    let mut more = [6, 20, 60, 180].into_iter();
    let (provider, kit, mut function, token, text) = loop {
        let provider = Provider::start().await;
        let kit = provider.kit([]).await;
        let seconds = more.next().expect("two pieces come in three minutes");
        let (function, token, text) = cut_off(&kit, &provider, seconds).await;
        if let Some(text) = text {
            break (provider, kit, function, token, text);
        }
    };
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.contains("event: error"), "{text}");
    assert!(
        last.contains("urn:parlance:error:server_shutdown"),
        "{last}"
    );
    let row = kit.messages().await.pop().unwrap();
    assert_eq!((&*row.status, &*row.content), ("interrupted", "Half of "));
    // The next request has its own time.
    function.runtime.time = Duration::from_secs(300);
    provider.hold(&["Whole."]);
    let mut answer = function.invoke(question().token(&token)).await;
    answer.until("event: start").await;
    provider.let_go(2);
    let (text, _) = answer.text().await;
    assert!(text.contains("event: done"), "{text}");
}

#[tokio::test]
async fn a_function_needs_no_database_to_start_and_serves_once_there_is_one() {
    let kit = Kit::new().await;
    let name = kit.database.url().rsplit_once('/').unwrap().1.to_owned();
    // The database is there, and lets nobody in but superusers.
    let limit = async |connections: i32| {
        let sql = format!("alter database {name} connection limit {connections}");
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&kit.pool).await;
        done.unwrap();
    };
    limit(0).await;
    let mut function = Function::start("login", &kit, &[]).await;
    let health = Event::new(Shape::Rest, "GET", "/health");
    let answer = function.invoke(health).await;
    assert_eq!(answer.status(), 200);
    answer.text().await;
    let ready = || Event::new(Shape::Rest, "GET", "/ready");
    let answer = function.invoke(ready()).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("retry-after"), "1");
    answer.text().await;
    limit(-1).await;
    // A pooler in between tries again when it likes.
    wait_until("/ready to answer 200", async || {
        let answer = function.invoke(ready()).await;
        let status = answer.status();
        answer.text().await;
        if status == 200 { Ok(()) } else { Err(status) }
    })
    .await;
}

#[tokio::test] // R52
async fn a_function_that_cannot_start_says_why() {
    let kit = Kit::new().await;
    for (name, without, says) in [
        ("login", "SECRET_KEY", "SECRET_KEY is required"),
        ("jobs", "DATABASE_URL", "DATABASE_URL is required"),
    ] {
        let vars = environment(&kit.database).into_iter();
        let vars = vars.filter(|(name, _)| name != without);
        let mut function = Function::with(name, vars).await;
        let told = function.runtime.init_failure().await;
        let told: Value = serde_json::from_str(&told).expect("it tells JSON");
        assert_eq!(told["errorType"], "Runtime.InitError");
        let message = told["errorMessage"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
        for secret in [SECRET_KEY, JWT_SECRET_KEY] {
            assert!(!message.contains(secret), "{message}");
        }
        assert!(!function.ended().await.success());
    }
}

#[tokio::test] // R75
async fn a_function_never_holds_more_than_two_connections_of_the_app_role() {
    let kit = Kit::new().await;
    let vars = [("DATABASE_MAX_CONNECTIONS".into(), "3".into())];
    let mut function = Function::start("login", &kit, &vars).await;
    let told = function.runtime.init_failure().await;
    assert!(
        told.contains("must be a whole number from 1 to 2"),
        "{told}"
    );
}

#[tokio::test]
async fn a_sandbox_that_ends_closes_its_connections() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    kit.app.db.close().await;
    let mut function = Function::start("chat", &kit, &[]).await;
    let list = Event::new(Shape::Url, "GET", "/chat/sessions").token(&token);
    function.invoke(list).await.text().await;
    assert_eq!(connections(&kit.pool).await.len(), 1);
    function.signal("TERM").await;
    assert!(function.ended().await.success());
    wait_until("the function's connections to be closed", async || {
        let open = connections(&kit.pool).await;
        if open.is_empty() {
            Ok(())
        } else {
            Err(open.join(", "))
        }
    })
    .await;
}
