//! `scripts/deploy-lambda`: what it does in which order, and what it keeps to itself.

use crate::kit::aws::{Aws, DATABASE_URL};
use serde_json::json;

#[test]
fn the_first_time_the_stack_comes_before_the_migration() {
    let aws = Aws::empty("first");
    let vars = [
        ("DATABASE_URL", DATABASE_URL),
        ("OPENAI_API_KEY", "canary-provider"),
    ];
    let Some(ended) = aws.deploy(&[], &vars) else {
        return;
    };
    assert!(ended.ok, "{}", ended.output);
    ended.in_order(&[
        "check-template",
        "sam build",
        "aws secretsmanager create-secret --name parlance/runtime",
        "aws secretsmanager create-secret --name parlance/operator",
        "aws cloudformation deploy --stack-name api-gateway-logs",
        "sam deploy --stack-name parlance",
        "aws lambda invoke --function-name the-migrate-function",
        "curl",
    ]);
    assert_eq!(ended.stdout, "https://api.example/live\n");
    assert_eq!(aws.read("modes"), "600\n600\n");

    let (runtime, operator) = (aws.secret("runtime"), aws.secret("operator"));
    assert_eq!(operator["DATABASE_URL"], DATABASE_URL);
    assert_eq!(
        runtime["DATABASE_URL"],
        "postgresql://db.example:5432/parlance?sslmode=require"
    );
    assert_eq!(runtime["OPENAI_API_KEY"], "canary-provider");
    assert_eq!(runtime["SECRET_KEY"], operator["SECRET_KEY"]);
    assert_ne!(runtime["SECRET_KEY"], runtime["JWT_SECRET_KEY"]);
    for key in [&runtime["SECRET_KEY"], &runtime["JWT_SECRET_KEY"]] {
        let key = key.as_str().expect("a key is text");
        assert_eq!(key.len(), 64, "48 bytes in Base64");
        assert!(!ended.output.contains(key), "a new key is told");
    }
}

#[test]
fn a_new_release_migrates_before_it_is_there() {
    let aws = Aws::empty("again").with_stack();
    let arguments = ["--parameter", "IndexName="];
    let Some(ended) = aws.deploy(&arguments, &[("DATABASE_URL", DATABASE_URL)]) else {
        return;
    };
    assert!(ended.ok, "{}", ended.output);
    ended.in_order(&[
        "sam build",
        "aws lambda update-function-code --function-name the-migrate-function",
        "aws lambda wait function-updated-v2",
        "aws lambda invoke --function-name the-migrate-function",
        "sam deploy",
        "curl",
    ]);
    let deployed = &ended.calls[ended.place("sam deploy").expect("it was called")];
    assert!(
        deployed.contains("DatabaseConnections=120 "),
        "the number it had is kept: {deployed}"
    );
    assert!(
        !deployed.contains("BackendCorsOrigins"),
        "the origins it had are kept: {deployed}"
    );
    assert!(
        deployed.contains("IndexName=\"\" "),
        "an empty value unsets: {deployed}"
    );
}

#[test]
fn more_servers_are_a_parameter_and_their_keys_are_secret() {
    let aws = Aws::empty("servers");
    let endpoints = r#"{
      "groq": {},
      "my-own": { "preset": "vllm", "base_url": "https://llm.example/v1/", "default_model": "a model" }
    }"#;
    let vars = [
        ("DATABASE_URL", DATABASE_URL),
        ("ENDPOINTS", endpoints),
        ("GROQ_API_KEY", "canary-provider-1"),
        ("MY_OWN_API_KEY", "canary-provider-2"),
        ("MISTRAL_API_KEY", "canary-provider-3"),
    ];
    let Some(ended) = aws.deploy(&[], &vars) else {
        return;
    };
    assert!(ended.ok, "{}", ended.output);
    let deployed = &ended.calls[ended.place("sam deploy").expect("it was called")];
    // As sam reads it: in quotes, and those within after backslashes.
    let (_, given) = deployed.split_once(" Endpoints=\"").expect("it is given");
    let given = given.replace("\\\"", "\u{1}");
    let (given, _) = given.split_once('"').expect("it ends");
    let given: serde_json::Value = serde_json::from_str(&given.replace('\u{1}', "\"")).unwrap();
    assert_eq!(
        given,
        serde_json::from_str::<serde_json::Value>(endpoints).unwrap()
    );
    let runtime = aws.secret("runtime");
    assert_eq!(runtime["GROQ_API_KEY"], "canary-provider-1");
    assert_eq!(runtime["MY_OWN_API_KEY"], "canary-provider-2");
    assert!(runtime.get("MISTRAL_API_KEY").is_none(), "nobody named it");
}

#[test]
fn a_failed_migration_keeps_the_old_release() {
    let aws = Aws::empty("failed").with_stack();
    let vars = [
        ("DATABASE_URL", DATABASE_URL),
        ("FUNCTION_ERROR", "Unhandled"),
    ];
    let Some(ended) = aws.deploy(&[], &vars) else {
        return;
    };
    assert!(
        !ended.ok && ended.output.contains("the migration failed"),
        "{}",
        ended.output
    );
    assert!(ended.output.contains("no such host"), "{}", ended.output);
    assert_eq!(ended.place("sam deploy"), None, "{:#?}", ended.calls);
}

#[test]
fn keys_that_are_there_are_kept() {
    let aws = Aws::empty("kept").with_stack();
    let runtime = json!({ "DATABASE_URL": "postgresql://db.example:5432/parlance?sslmode=require",
        "SECRET_KEY": "canary-root", "JWT_SECRET_KEY": "signs", "PINECONE_API_KEY": "canary-provider" });
    let operator = json!({ "DATABASE_URL": DATABASE_URL, "SECRET_KEY": "canary-root" });
    aws.write("runtime.secret", &runtime.to_string());
    aws.write("operator.secret", &operator.to_string());

    let Some(ended) = aws.deploy(&[], &[("SECRET_KEY", "another")]) else {
        return;
    };
    assert!(
        ended.ok && ended.output.contains("was NOT taken"),
        "{}",
        ended.output
    );
    assert_eq!(
        (aws.secret("runtime"), aws.secret("operator")),
        (runtime.clone(), operator.clone())
    );
    assert_eq!(
        ended.place("aws secretsmanager put-secret-value"),
        None,
        "nothing changed"
    );

    let moved = DATABASE_URL.replace("db.example", "db2.example");
    aws.deploy(&[], &[("DATABASE_URL", &moved)]);
    assert_eq!(aws.secret("operator")["DATABASE_URL"], moved);
    assert_eq!(aws.secret("runtime")["SECRET_KEY"], "canary-root");
    assert_eq!(aws.secret("runtime")["PINECONE_API_KEY"], "canary-provider");
}

#[test]
fn the_keys_of_a_container_are_taken_when_there_are_none() {
    let aws = Aws::empty("taken");
    let vars = [
        ("DATABASE_URL", DATABASE_URL),
        ("SECRET_KEY", "canary-root"),
        ("JWT_SECRET_KEY", "signs"),
    ];
    let Some(ended) = aws.deploy(&[], &vars) else {
        return;
    };
    assert!(ended.ok, "{}", ended.output);
    assert_eq!(aws.secret("runtime")["SECRET_KEY"], "canary-root");
    assert_eq!(aws.secret("runtime")["JWT_SECRET_KEY"], "signs");
}

#[test]
fn what_cannot_work_is_refused_before_anything_changes() {
    let refused = |test: &str, vars: &[(&str, &str)], arguments: &[&str], why: &str| {
        let aws = Aws::empty(test);
        let Some(ended) = aws.deploy(arguments, vars) else {
            return;
        };
        assert!(!ended.ok && ended.output.contains(why), "{}", ended.output);
        assert_eq!(ended.place("sam deploy"), None, "{:#?}", ended.calls);
    };
    let url = ("DATABASE_URL", DATABASE_URL);
    refused("nothing", &[], &[], "DATABASE_URL is required");
    refused(
        "url",
        &[("DATABASE_URL", "canary-login")],
        &[],
        "must be a URL such as",
    );
    refused("quota", &[url, ("FREE", "10")], &[], "the account has 10");
    refused(
        "spaces",
        &[url],
        &["--parameter", "RustLog=a b"],
        "without spaces and quotes",
    );
    let endpoints = ("ENDPOINTS", "groq and the like");
    refused("json", &[url, endpoints], &[], "ENDPOINTS must be JSON");
    refused("flag", &[url], &["--stak", "x"], "--stak is not known");
}

#[test]
fn a_dry_run_asks_nothing_of_aws() {
    let aws = Aws::empty("dry");
    let Some(ended) = aws.deploy(&["--dry-run"], &[("DATABASE_URL", DATABASE_URL)]) else {
        return;
    };
    assert!(
        ended.ok && ended.output.contains("+ sam deploy"),
        "{}",
        ended.output
    );
    let others: Vec<_> = ended
        .calls
        .iter()
        .filter(|call| !call.starts_with("check-template"))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}
