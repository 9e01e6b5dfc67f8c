//! Deleting documents: hidden at once, gone for good a little later, with a receipt.

use crate::kit::{ADMIN1, Kit, T1, U1, provider::Provider};
use crate::{document_jobs::make_due, vectors::indexed};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// How many rows there are of a document, in each table that names it.
async fn rows(kit: &Kit, id: Uuid) -> Vec<(String, i64)> {
    let named = "select table_name::text from information_schema.columns
                 where table_schema = 'parlance' and column_name = 'document_id' and table_name <> 'document_deletions'
                 order by 1";
    let mut tables: Vec<String> = sqlx::query_scalar(named)
        .fetch_all(&kit.pool)
        .await
        .unwrap();
    assert!(tables.contains(&"document_words".to_owned()), "{tables:?}");
    tables.push("documents".into());
    let mut rows = Vec::new();
    for table in tables {
        let column = match &*table {
            "documents" => "id",
            _ => "document_id",
        };
        let sql = format!("select count(*) from parlance.{table} where {column} = '{id}'");
        let count = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&kit.pool);
        rows.push((table, count.await.unwrap()));
    }
    rows.retain(|(_, count)| *count > 0);
    rows
}

async fn is_hidden(kit: &Kit, token: &str, id: Uuid) {
    for path in ["", "/text", "/chunks"] {
        let path = format!("/documents/{id}{path}");
        assert_eq!(
            kit.get(token, &path).await.problem(404),
            "not_found",
            "{path}"
        );
    }
    let again = json!({ "title": "T", "text": "t" });
    let path = format!("/documents/{id}");
    assert_eq!(kit.put(token, &path, again).await.problem(404), "not_found");
    assert_eq!(kit.delete(token, &path).await.problem(404), "not_found");
    for deed in ["retry", "cancel"] {
        let path = format!("{path}/{deed}");
        assert_eq!(
            kit.post(token, &path, json!({})).await.problem(404),
            "not_found"
        );
    }
    let listed = kit.get(token, "/documents").await;
    assert_eq!(listed.json["items"], json!([]));
    let user = kit.token(U1).await;
    let found = kit
        .post(&user, "/documents/search", json!({ "query": "refund" }))
        .await;
    assert_eq!(found.json["items"], json!([]));
}

#[tokio::test] // R44
async fn a_deletion_is_done_to_the_end_and_counted() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let text = "A refund takes some days. ".repeat(200);
    let id = kit.add_document(ADMIN1, "Refunds", &text).await;
    let admin = kit.token(ADMIN1).await;
    let chunks = kit.get(&admin, &format!("/documents/{id}")).await.json["chunks"].clone();
    assert!(chunks.as_i64() > Some(1), "{chunks}");
    let receipt = format!("/documents/{id}/deletion");
    assert_eq!(kit.get(&admin, &receipt).await.problem(404), "not_found");

    // The index is away: it is hidden all the same, and nothing is given up.
    provider.refuse_vectors(401, None);
    let path = format!("/documents/{id}");
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    is_hidden(&kit, &admin, id).await;
    kit.work().await;
    let told = kit.get(&admin, &receipt).await.json;
    assert_eq!(
        (&told["vectors"], &told["finished_at"]),
        (&json!(0), &Value::Null)
    );
    let reason = told["error"].as_str().unwrap();
    assert!(reason.starts_with("provider_auth_failed: "), "{reason}");
    is_hidden(&kit, &admin, id).await;
    let anew = kit
        .post(
            &admin,
            "/documents",
            json!({ "title": "Refunds", "text": text }),
        )
        .await;
    assert_eq!(
        anew.status, 202,
        "what is deleted keeps nothing from being added: {}",
        anew.text
    );
    let anew = format!("/documents/{}", anew.id("id"));
    assert_eq!(kit.delete(&admin, &anew).await.status, 204);

    provider.heal_vectors();
    make_due(&kit).await;
    kit.work().await;
    let told = kit.get(&admin, &receipt).await.json;
    assert_eq!((&told["vectors"], &told["chunks"]), (&chunks, &chunks));
    assert_eq!((&told["words"], &told["error"]), (&json!(3), &Value::Null));
    assert!(told["finished_at"].is_string(), "{told}");
    assert_eq!(rows(&kit, id).await, []);
    let asked = provider.asked().into_iter();
    let forgotten = asked.filter(|asked| asked.path == "/vectors/delete");
    let ids = forgotten.filter_map(|asked| Some(asked.body["ids"].as_array()?.len()));
    assert!(ids.sum::<usize>() >= usize::try_from(chunks.as_u64().unwrap()).unwrap());
    let deeds = kit.audited(T1, "document.delete").await;
    assert_eq!(deeds.len(), 2);
}

#[tokio::test] // R44
async fn a_deletion_that_was_cut_off_goes_on() {
    let kit = Kit::new().await;
    let text = (0..3000).map(|n| format!("Sentence {n} tells of thing{n} and of stuff{n}. "));
    let id = kit
        .add_document(ADMIN1, "Things", &text.collect::<String>())
        .await;
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &format!("/documents/{id}")).await.json;
    assert_eq!(
        kit.delete(&admin, &format!("/documents/{id}")).await.status,
        204
    );
    // A part of it is done, and then whoever did it is gone.
    let job = kit
        .app
        .db
        .take_job(db::Lane::Documents)
        .await
        .unwrap()
        .expect("there is one");
    let tx = kit.app.db.job(&job).await.unwrap().expect("it is ours");
    assert!(!tx.delete_rows().await.unwrap());
    kit.work().await;
    assert_ne!(rows(&kit, id).await, [], "it is leased");
    let lost = "update parlance.jobs set lease_until = now() - interval '1 second'";
    sqlx::query(lost).execute(&kit.pool).await.unwrap();
    make_due(&kit).await;
    kit.work().await;
    assert_eq!(rows(&kit, id).await, []);
    let told = kit
        .get(&admin, &format!("/documents/{id}/deletion"))
        .await
        .json;
    assert_eq!(told["chunks"], shown["chunks"]);
    assert!(told["words"].as_i64() > Some(6000), "{told}");
    // Whoever was taken for dead can do nothing more.
    assert!(kit.app.db.job(&job).await.unwrap().is_none());
    assert!(!kit.app.db.keep_job(&job).await.unwrap());
}
