//! Functions that no request reaches: the schedule's and the operator's; and where all of them find their secrets.

use crate::kit::{
    JWT_SECRET_KEY, Kit, SECRET_KEY, U1,
    aws_secrets::Secrets,
    database::Database,
    environment,
    lambda::{
        event::{Event, Shape},
        functions::Function,
    },
};
use serde_json::json;

#[tokio::test] // R84
async fn the_schedule_puts_right_what_was_left_behind() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = json!({ "message": "Anybody?" });
    let id = kit.post(&token, "/chat", asked).await.id("message_id");
    let silent = "update parlance.chat_messages set status = 'streaming', heartbeat_at = now() - interval '2 minutes'
                  where id = $1";
    let mut function = Function::start("jobs", &kit, &[]).await;
    for _ in 0..2 {
        sqlx::query(silent)
            .bind(id)
            .execute(&kit.pool)
            .await
            .unwrap();
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        function.runtime.run(event).await.expect("the job succeeds");
        assert_eq!(kit.message(id).await.unwrap().status, "interrupted");
    }
    // Its failure is the event's, which the alarm counts.
    let drop = "drop function parlance.sweep(uuid, integer)";
    sqlx::query(drop).execute(&kit.pool).await.unwrap();
    let failed = function.runtime.run(json!({})).await;
    let why = failed.expect_err("there is nothing to run");
    assert!(why.contains("the database refused a statement"), "{why}");
}

#[tokio::test]
async fn the_schedule_minds_no_connection_that_died_in_the_freeze() {
    let kit = Kit::new().await;
    let mut function = Function::start("jobs", &kit, &[]).await;
    for _ in 0..3 {
        let done = function.runtime.run(json!({})).await;
        done.expect("the job succeeds");
        function.freeze(&kit).await;
    }
}

#[tokio::test]
async fn the_schema_is_brought_up_to_date_by_a_function() {
    let database = Database::empty().await;
    // Roles belong to the whole server: these must not be those of other tests.
    let vars = [
        ("DATABASE_URL", database.url()),
        ("SECRET_KEY", SECRET_KEY.into()),
        ("ROLE_PREFIX", "migrated_by_lambda".into()),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value));
    let mut function = Function::with("migrate", vars).await;
    for _ in 0..2 {
        let done = function.runtime.run(json!({})).await;
        done.expect("the migration succeeds");
    }
    let known: i64 = sqlx::query_scalar("select count(*) from parlance._sqlx_migrations")
        .fetch_one(&database.pool().await)
        .await
        .unwrap();
    let all = db::MIGRATOR.iter().count();
    assert_eq!(usize::try_from(known).unwrap(), all);
}

#[tokio::test]
async fn a_migration_that_fails_fails_the_event() {
    let vars = [
        ("DATABASE_URL", "postgresql://canary:canary@127.0.0.1:1/x"),
        ("SECRET_KEY", SECRET_KEY),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut function = Function::with("migrate", vars).await;
    let why = function.runtime.run(json!({})).await;
    let why = why.expect_err("there is no database");
    assert!(why.contains("cannot be reached"), "{why}");
    assert!(!why.contains("canary"), "{why}");
}

#[tokio::test]
async fn secrets_stand_in_for_variables_that_are_not_set() {
    let kit = Kit::new().await;
    let all = environment(&kit.database);
    // The secret's SECRET_KEY would open nothing here; the one that is set counts.
    let secret = json!({
        "DATABASE_URL": all["DATABASE_URL"],
        "JWT_SECRET_KEY": JWT_SECRET_KEY,
        "SECRET_KEY": "canary-not-the-one-that-counts-0123456789",
    });
    let secrets = Secrets::start(&secret.to_string()).await;
    let set = [("SECRET_KEY".to_owned(), SECRET_KEY.to_owned())];
    let mut function = Function::with("login", secrets.vars().into_iter().chain(set)).await;
    let token = kit.token(U1).await;
    let me = Event::new(Shape::Rest, "GET", "/login/me").token(&token);
    let answer = function.invoke(me).await;
    assert_eq!(answer.status(), 200);
    answer.text().await;
    assert_eq!(secrets.asked(), ["secretsmanager.GetSecretValue arn:test"]);
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_named_and_not_told() {
    for (secret, says) in [
        ("", "cannot be read"),
        ("canary", "must be a JSON object"),
        (r#"{"SECRET_KEY": {"canary": 1}}"#, "must be a JSON object"),
    ] {
        let secrets = Secrets::start(secret).await;
        let mut function = Function::with("login", secrets.vars()).await;
        let told = function.runtime.init_failure().await;
        assert!(
            told.contains("SECRETS_ARN") && told.contains(says),
            "{told}"
        );
        assert!(!told.contains("canary"), "{told}");
        assert!(!function.ended().await.success());
    }
}
