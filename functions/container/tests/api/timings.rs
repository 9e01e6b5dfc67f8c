//! How long things take is measured and told at `/metrics`; the board and the alert rules ask for nothing that is not told there.

use crate::{
    kit::{
        ADMIN1, Kit, METRICS_TOKEN, SUPERUSER, T1, U1,
        provider::{Provider, Reply},
        request,
    },
    requirements::read,
};
use axum::body::Body;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every line of `/metrics`.
async fn metrics(kit: &Kit) -> String {
    let answer = kit.get(METRICS_TOKEN, "/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// How often something with all of these labels was measured.
fn count(metrics: &str, name: &str, labels: &[&str]) -> u64 {
    let start = format!("parlance_{name}_count");
    let lines = metrics.lines().filter(|line| line.starts_with(&start));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    let counts = lines.map(|line| line.rsplit_once(' ').expect("a line has a number").1);
    counts.map(|count| count.parse::<u64>().unwrap()).sum()
}

/// A service whose tenant asks the provider, after one question.
async fn asked(provider: &Provider, vars: [(&str, &str); 1]) -> Kit {
    let kit = provider.kit(vars).await;
    let admin = kit.token(ADMIN1).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let key = json!({ "api_key": "sk-canary-0123456789" });
    let set = kit.put(&admin, "/tenants/current/secrets/openai", key);
    assert_eq!(set.await.status, 204);
    let settings = json!({ "provider": "openai", "chat_model": "gpt-4o-mini" });
    let set = kit.patch(&admin, "/tenants/current", settings).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let question = json!({ "message": "How long does a refund take?" });
    let asked = kit.post(&kit.token(U1).await, "/chat", question).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    kit
}

#[tokio::test] // R88
async fn a_question_is_measured_at_each_of_its_steps() {
    let provider = Provider::start().await;
    let kit = asked(&provider, [("METRICS_BY_TENANT", "")]).await;
    let told = metrics(&kit).await;
    let chat = r#"route="/chat""#;
    for (name, labels) in [
        (
            "request_seconds",
            &[chat, r#"method="POST""#, r#"outcome="ok""#][..],
        ),
        ("first_token_seconds", &[chat]),
        ("answer_seconds", &[chat, r#"outcome="complete""#]),
        ("retrieval_seconds", &[r#"outcome="complete""#]),
        (
            "provider_seconds",
            &[
                r#"provider="openai""#,
                r#"operation="chat""#,
                r#"outcome="complete""#,
            ],
        ),
        ("provider_first_token_seconds", &[r#"provider="openai""#]),
    ] {
        assert_eq!(count(&told, name, labels), 1, "{name} in {told}");
    }
    assert!(count(&told, "database_queue_seconds", &[]) > 0);
    assert!(count(&told, "database_pool_seconds", &[]) > 0);
    assert!(!told.contains("tenant=\""), "{told}");
    assert!(!told.contains(&T1.to_string()), "{told}");
}

#[tokio::test] // R88
async fn what_fails_is_measured_as_that() {
    let provider = Provider::start().await;
    let kit = asked(&provider, [("METRICS_BY_TENANT", "")]).await;
    provider.always(Reply::Status(401, Value::Null));
    let token = kit.token(U1).await;
    let question = json!({ "message": "How long does a refund take?" });
    let failed = kit.post(&token, "/chat", question).await;
    assert_eq!(failed.status, 502, "{}", failed.text);
    assert_eq!(kit.get("", "/admin/users").await.status, 401);
    let told = metrics(&kit).await;
    let failed = r#"outcome="failed""#;
    assert_eq!(count(&told, "request_seconds", &[failed]), 1, "{told}");
    assert_eq!(count(&told, "answer_seconds", &[failed]), 1, "{told}");
    assert_eq!(count(&told, "first_token_seconds", &[]), 1, "{told}");
    let code = r#"outcome="provider_auth_failed""#;
    assert_eq!(count(&told, "provider_seconds", &[code]), 1, "{told}");
    let refused = &[r#"route="/admin/users""#, r#"outcome="refused""#];
    assert_eq!(count(&told, "request_seconds", refused), 1, "{told}");
}

#[tokio::test] // R46
async fn answers_are_measured_by_tenant_where_the_deployment_wants_it() {
    let provider = Provider::start().await;
    let kit = asked(&provider, [("METRICS_BY_TENANT", "on")]).await;
    let told = metrics(&kit).await;
    let tenant = format!("tenant=\"{T1}\"");
    for name in ["answer_seconds", "first_token_seconds"] {
        assert_eq!(count(&told, name, &[&tenant]), 1, "{name} in {told}");
    }
    assert_eq!(count(&told, "request_seconds", &[&tenant]), 0);
}

#[tokio::test] // R88
async fn jobs_are_measured_by_kind() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let document = kit.add_document(ADMIN1, "Refunds", "A refund.").await;
    let path = format!("/documents/{document}");
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    kit.work().await;
    let told = metrics(&kit).await;
    let purge = r#"kind="purge""#;
    assert_eq!(count(&told, "job_wait_seconds", &[purge]), 1, "{told}");
    let done = &[purge, r#"outcome="done""#];
    assert_eq!(count(&told, "job_seconds", done), 1, "{told}");
}

#[tokio::test] // R88
async fn what_clients_make_up_is_counted_as_one() {
    let kit = Kit::new().await;
    for n in 0..20 {
        let method = format!("MADE{n}");
        let request = request("", &method, &format!("/made/up/{n}"));
        assert_eq!(kit.send(request, Body::empty()).await.status, 404);
    }
    let told = metrics(&kit).await;
    let labels = &[r#"method="_OTHER""#, r#"route="none""#];
    assert_eq!(count(&told, "request_seconds", labels), 20, "{told}");
    assert!(!told.contains("MADE") && !told.contains("/made"), "{told}");
}

/// The names in a text that begin as ours do.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("parlance_"));
    ours.map(String::from).collect()
}

/// The names of all that is told, as they are asked for.
fn told(metrics: &str) -> BTreeSet<String> {
    let types = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.flat_map(|line| {
        let (name, kind) = line.split_once(' ').expect("a name has a type");
        let ends: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            "gauge" => &[""],
            other => panic!("{name} is a {other}"),
        };
        ends.iter().map(move |end| format!("{name}{end}"))
    });
    names.collect()
}

#[tokio::test] // R88
async fn the_board_and_the_alerts_ask_for_what_there_is_and_the_page_tells_of_all() {
    let provider = Provider::start().await;
    let kit = asked(&provider, [("METRICS_BY_TENANT", "")]).await;
    let token = kit.token(SUPERUSER).await;
    let document = kit.add_document(SUPERUSER, "Refunds", "A refund.").await;
    let path = format!("/documents/{document}");
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    kit.work().await;
    let told = told(&metrics(&kit).await);
    assert!(told.len() > 30, "{told:?}");
    for file in ["observability/board.json", "observability/alerts.yaml"] {
        let asked = names(&read(file));
        assert!(asked.len() > 8, "{file}: {asked:?}");
        let unknown: Vec<_> = asked.difference(&told).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
    }
    let page = read("docs/observability.md");
    let ends = ["_bucket", "_count", "_sum"];
    for name in &told {
        let name = ends.iter().find_map(|end| name.strip_suffix(end));
        if let Some(name) = name {
            assert!(page.contains(name), "docs/observability.md lacks {name}");
        }
    }
}

#[test]
fn every_panel_and_every_alert_is_in_the_page() {
    let page = read("docs/observability.md");
    let board: Value = serde_json::from_str(&read("observability/board.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.len() >= 10);
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            page.contains(title),
            "docs/observability.md lacks the panel {title}"
        );
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
    let alerts = read("observability/alerts.yaml");
    let alerts = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(
            page.contains(alert),
            "docs/observability.md lacks the alert {alert}"
        );
    }
}
