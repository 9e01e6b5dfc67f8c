//! A tenant that moves to another deployment: what it says and knows is there again, and no secret.

use super::{log_in, parlance};
use crate::{
    commands::{Ended, run},
    kit::{
        ADMIN1, JWT_SECRET_KEY, Kit, T1, U1, V1, database::Database, provider::Provider,
        scene::Scene,
    },
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeSet;

/// Another deployment: other secrets, and roles of its own.
pub(super) const OTHER: &str = "test-canary-elsewhere-6d1f8b3e9a7c2054f8b1d3e5a7c9";
pub(super) const PREFIX: &str = "elsewhere";

/// What is taken along, each with what of it is not, or is otherwise.
pub(super) const MOVED: &[(&str, &[&str])] = &[
    ("chat_messages", &[]),
    ("chat_sessions", &[]),
    ("connector_pages", &[]),
    ("connectors", &["sealed", "secret_last4", "is_on"]),
    ("document_chunks", &[]),
    ("document_files", &[]),
    ("document_stemmers", &[]),
    ("document_texts", &[]),
    ("document_words", &[]),
    ("documents", &["vectors", "chunks_done", "error"]),
    ("message_feedback", &[]),
    ("sites", &[]),
    ("users", &["is_superuser"]),
];

/// What stays behind. Whatever is added here is lost to who moves: docs/leaving.md says why.
const LEFT: &[&str] = &[
    // Follows from SECRET_KEY, or is sealed with it.
    "api_keys",
    "invitations",
    "login_sessions",
    "site_identity_keys",
    "tenant_secrets",
    "used_identity_tokens",
    // What was done and spent there.
    "assumptions",
    "audit_log",
    "connector_runs",
    "document_deletions",
    "legacy_rows",
    "prompt_versions",
    "provider_calls",
    "rehearsal_answers",
    "rehearsal_questions",
    "rehearsals",
    "reservations",
    "spending",
    "usage_of_users",
    "usage_rolled",
    "usage_totals",
    // Made again, or of the moment. (Vectors in the database are, too, where it has pgvector.)
    "embedding_cache",
    "embedding_sets",
    "idempotency_keys",
    "jobs",
];

pub(super) async fn rows(pool: &PgPool, table: &str, but: &[&str]) -> Vec<Value> {
    let sql = format!(
        "select to_jsonb(t) - $2::text[] from parlance.{table} t where tenant_id = $1 order by (to_jsonb(t) - $2::text[])::text"
    );
    let rows = sqlx::query_scalar(AssertSqlSafe(sql)).bind(T1).bind(but);
    rows.fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn every_table_of_tenants_is_taken_along_or_left_behind() {
    let kit = Kit::new().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname not in ('chunk_vectors', 'chunk_signs')",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    let moved = MOVED.iter().map(|(table, _)| *table);
    let known: BTreeSet<_> = moved.chain(LEFT.iter().copied()).collect();
    let tables: BTreeSet<_> = tables.iter().map(String::as_str).collect();
    assert_eq!(tables, known);
}

/// A tenant with something of each kind, and the file of it.
pub(super) async fn exported(provider: &Provider, vars: &[(String, String)]) -> (Scene, String) {
    let there = Scene::on(Kit::on(Database::clone_template().await, vars.to_vec()).await).await;
    let rating = json!({ "rating": "up", "comment": "Good." });
    let path = format!("/chat/messages/{}/feedback", there.ids_of(U1).message);
    let rated = there.put(there.token_of(U1), &path, rating).await;
    assert!(rated.status.is_success(), "{}", rated.text);
    let settings = json!({ "name": "Acme elsewhere", "system_prompt": "Answer in one line.", "retention_days": 400 });
    let set = there
        .patch(there.token_of(ADMIN1), "/tenants/current", settings)
        .await;
    assert_eq!(set.status, 200, "{}", set.text);
    there.settled().await;
    let nobody = parlance(&there, provider, &["export-tenant", "--tenant", "nobody"]).await;
    nobody.is_refused("there is no tenant nobody");
    assert_eq!(nobody.stdout, "");
    let exported = parlance(&there, provider, &["export-tenant", "--tenant", "one"]).await;
    assert!(exported.ok, "{}", exported.stderr);
    for secret in [
        "canary",
        "pc-key",
        "\"sealed\"",
        "\\\\x01",
        V1.email,
        "two knows the word",
    ] {
        assert!(!exported.stdout.contains(secret), "{secret}");
    }
    (there, exported.stdout)
}

/// Runs a command of the other deployment.
pub(super) async fn elsewhere(url: &str, command: &str, stdin: &str) -> Ended {
    let vars = [
        ("DATABASE_URL", url),
        ("SECRET_KEY", OTHER),
        ("ROLE_PREFIX", PREFIX),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
    ];
    run(&[command], &vars, stdin).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_there_again_in_another_deployment() {
    let provider = Provider::start().await;
    let mut vars = provider.vars().to_vec();
    vars.push(("OPENAI_API_KEY".into(), "sk-of-the-deployment".into()));
    let (there, file) = exported(&provider, &vars).await;

    let database = Database::empty().await;
    let url = database.url();
    assert!(elsewhere(&url, "migrate", "").await.ok);
    // A file that is cut off lets nobody in, and the same command goes on with the whole one.
    let cut: String = file
        .lines()
        .take(8)
        .map(|line| format!("{line}\n"))
        .collect();
    let half = elsewhere(&url, "import-tenant", &cut).await;
    half.is_refused("is cut off");
    vars.extend([
        ("SECRET_KEY".into(), OTHER.into()),
        ("ROLE_PREFIX".into(), PREFIX.into()),
    ]);
    let here = Kit::on(database.clone(), vars).await;
    // As long as not all of it is here, it is suspended.
    assert_eq!(log_in(&here, U1).await.status, 403);
    let whole = elsewhere(&url, "import-tenant", &file).await;
    assert!(whole.ok, "{}", whole.stderr);
    assert!(
        whole.stdout.contains("The tenant one is here."),
        "{}",
        whole.stdout
    );

    for (table, but) in MOVED {
        assert_eq!(
            rows(&here.pool, table, but).await,
            rows(&there.pool, table, but).await,
            "{table}"
        );
    }
    assert_it_works(&there, &here).await;
    let again = elsewhere(&url, "import-tenant", &file).await;
    again.is_refused("with this id or slug already");
    let other = file.replacen("\"schema\":", "\"schema\":1", 1);
    let refused = elsewhere(&url, "import-tenant", &other).await;
    refused.is_refused("of another release");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_to_be_read_is_read_in_the_other_deployment() {
    let provider = Provider::start().await;
    let there = Kit::new().await;
    let token = there.token(ADMIN1).await;
    let read = there.add_document(ADMIN1, "Terms", "As they were.").await;
    let newer = ("terms.txt", &b"A refund takes fourteen days."[..]);
    let path = format!("/documents/{read}");
    let taken = there.send_file(&token, ("PUT", &path), newer, &[]).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    let other = ("tents.txt", &b"A tent is sent back dry."[..]);
    let taken = there
        .send_file(&token, ("POST", "/documents"), other, &[])
        .await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    let exported = parlance(&there, &provider, &["export-tenant", "--tenant", "one"]).await;
    assert!(exported.ok, "{}", exported.stderr);

    let database = Database::empty().await;
    let url = database.url();
    assert!(elsewhere(&url, "migrate", "").await.ok);
    let moved = elsewhere(&url, "import-tenant", &exported.stdout).await;
    assert!(moved.ok, "{}", moved.stderr);
    let vars = [("SECRET_KEY", OTHER), ("ROLE_PREFIX", PREFIX)];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let here = Kit::on(database, vars.to_vec()).await;
    here.work().await;
    let token = here.token(U1).await;
    for (asked, told) in [
        ("refund days", "A refund takes fourteen days."),
        ("tent back", "A tent is sent back dry."),
    ] {
        let body = json!({ "query": asked });
        let found = here.post(&token, "/documents/search", body).await;
        assert!(found.text.contains(told), "{asked}: {}", found.text);
    }
}

/// As its people see it.
async fn assert_it_works(there: &Scene, here: &Kit) {
    for (path, who) in [
        ("/chat/sessions", U1),
        ("/documents", ADMIN1),
        ("/admin/users", ADMIN1),
    ] {
        let before = there.get(there.token_of(who), path).await;
        let after = here.get(&here.token(who).await, path).await;
        let ids = |answer: &crate::kit::Answer| -> Vec<Value> {
            answer.json["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone())
                .collect()
        };
        assert_eq!(ids(&after), ids(&before), "{path}: {}", after.text);
    }
    let messages = format!("/chat/sessions/{}/messages", there.ids_of(U1).session);
    let before = there.get(there.token_of(U1), &messages).await;
    let after = here.get(&here.token(U1).await, &messages).await;
    assert_eq!(after.json, before.json);
    let tenant = here
        .get(&here.token(ADMIN1).await, "/tenants/current")
        .await;
    assert_eq!(tenant.json["system_prompt"], "Answer in one line.");
    let found = json!({ "query": "Who knows the word?" });
    let found = here
        .post(&here.token(U1).await, "/documents/search", found)
        .await;
    assert!(
        found.text.contains("Only one knows the word"),
        "{}",
        found.text
    );
    let asked = json!({ "message": "And now?" });
    let asked = here.post(&here.token(U1).await, "/chat", asked).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
}
