//! How the deployment as a whole is, as superusers see it.

use crate::document_jobs::make_due;
use crate::kit::{ADMIN1, Kit, SUPERUSER, T1, U1, provider::Provider};
use crate::vectors::indexed;
use serde_json::{Value, json};

const PATH: &str = "/admin/deployment";

async fn shown(kit: &Kit) -> Value {
    let token = kit.token(SUPERUSER).await;
    let shown = kit.get(&token, PATH).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json
}

fn codes(shown: &Value) -> Vec<&str> {
    let warnings = shown["warnings"].as_array().unwrap().iter();
    warnings.map(|one| one["code"].as_str().unwrap()).collect()
}

#[tokio::test] // R29
async fn it_is_for_superusers() {
    let kit = Kit::new().await;
    for who in [ADMIN1, U1] {
        let token = kit.token(who).await;
        assert_eq!(kit.get(&token, PATH).await.status, 403);
    }
    let shown = shown(&kit).await;
    let versions = &shown["versions"];
    assert_eq!(versions["program"], env!("CARGO_PKG_VERSION"));
    assert_eq!(versions["migration"], versions["known_migration"]);
    assert!(shown["tenants"]["all"].as_i64().unwrap() >= 3, "{shown}");
}

#[tokio::test]
async fn chores_that_nobody_does_are_told_of_until_they_are_done() {
    let kit = Kit::new().await;
    assert_eq!(codes(&shown(&kit).await), ["chore_late"; 4]);
    jobs::run(&kit.app.service()).await.unwrap();
    let now = shown(&kit).await;
    assert_eq!(codes(&now), [""; 0], "{now}");
    for chore in now["chores"].as_array().unwrap() {
        assert!(chore["done_at"].is_string(), "{chore}");
        assert_eq!(chore["failed_at"], Value::Null);
    }
    let sql =
        "update parlance.chores set done_at = now() - interval '6 minutes' where task = 'ledger'";
    sqlx::query(sql).execute(&kit.pool).await.unwrap();
    let late = shown(&kit).await;
    assert_eq!(codes(&late), ["chore_late"]);
    let detail = late["warnings"][0]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("Keeping the ledger was last done at "),
        "{detail}"
    );
}

#[tokio::test]
async fn what_could_not_be_done_is_told_of_and_when_it_was_done_before_stays() {
    let kit = Kit::new().await;
    jobs::run(&kit.app.service()).await.unwrap();
    let sql = "alter function parlance.purge_chats(uuid, bigint) rename to purge_no_chats";
    sqlx::query(sql).execute(&kit.pool).await.unwrap();
    jobs::run(&kit.app.service()).await.unwrap_err();
    let now = shown(&kit).await;
    let chats = &now["chores"][1];
    assert_eq!(chats["task"], "chats");
    assert!(
        chats["failed_at"].is_string() && chats["done_at"].is_string(),
        "{chats}"
    );
}

#[tokio::test]
async fn jobs_are_counted_by_kind_and_those_that_are_given_up_by_tenant_without_what_they_say() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let token = kit.token(ADMIN1).await;
    let document = json!({ "title": "Canary title", "text": "Canary text." });
    let added = kit.post(&token, "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    let waits = shown(&kit).await;
    let index = |shown: &Value| {
        let jobs = shown["jobs"].as_array().unwrap();
        jobs.iter().find(|of| of["kind"] == "index").cloned()
    };
    assert_eq!(index(&waits).unwrap()["waiting"], 1);
    let sql = "update parlance.jobs set run_at = now() - interval '16 minutes'";
    sqlx::query(sql).execute(&kit.pool).await.unwrap();
    assert!(codes(&shown(&kit).await).contains(&"jobs_late"));
    provider.refuse_vectors(401, None);
    kit.work().await;
    make_due(&kit).await;
    kit.work().await;
    let over = shown(&kit).await;
    assert_eq!(index(&over).unwrap()["dead"], 1, "{over}");
    let dead = &over["dead"][0];
    assert_eq!((&dead["tenant_id"], &dead["jobs"]), (&json!(T1), &json!(1)));
    assert!(!over.to_string().contains("anary"), "{over}");
}

#[tokio::test]
async fn models_that_end_are_told_of_with_how_many_use_them() {
    let kit = Kit::new().await;
    jobs::run(&kit.app.service()).await.unwrap();
    let sql = "update parlance.tenants set provider = 'gone-one' where id = $1";
    sqlx::query(sql).bind(T1).execute(&kit.pool).await.unwrap();
    let now = shown(&kit).await;
    assert_eq!(codes(&now), ["provider_unknown"]);
    let detail = now["warnings"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("gone-one") && detail.contains('1'),
        "{detail}"
    );
}
