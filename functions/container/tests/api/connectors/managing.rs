//! Connectors are made, changed and deleted, and their documents are theirs.

use super::{connect, kit, last_run, read, site::Site, titles};
use crate::kit::{ADMIN1, Kit};
use serde_json::{Value, json};

#[tokio::test]
async fn what_cannot_be_read_is_not_made() {
    let kit = Kit::new().await;
    for (more, field) in [
        (json!({ "url": "ftp://one.example/" }), "url"),
        (json!({ "url": "https://u:p@one.example/" }), "url"),
        (json!({ "sitemap_url": "sitemap.xml" }), "sitemap_url"),
        (json!({ "include": ["help"] }), "include"),
        (json!({ "exclude": vec!["/a"; 21] }), "exclude"),
        (json!({ "max_pages": 5001 }), "max_pages"),
        (json!({ "max_depth": -1 }), "max_depth"),
        (json!({ "every_hours": 0 }), "every_hours"),
        (json!({ "language": "English" }), "language"),
        (json!({ "metadata": { "a": {} } }), "metadata"),
        (json!({ "groups": [" board"] }), "groups[0]"),
        (json!({ "name": " " }), "name"),
    ] {
        let mut asked = json!({ "name": "A site", "url": "https://one.example/" });
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let admin = kit.token(ADMIN1).await;
        let refused = kit.post(&admin, "/documents/connectors", asked).await;
        assert_eq!(refused.fields(), [field]);
    }
}

#[tokio::test]
async fn its_documents_are_changed_by_it_alone() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    let admin = kit.token(ADMIN1).await;
    let documents = kit.get(&admin, "/documents").await;
    let document = &documents.json["items"][0];
    assert!(
        connector.ends_with(document["connector_id"].as_str().unwrap()),
        "{document}"
    );
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    let other = json!({ "title": "Other", "text": "Something else." });
    assert_eq!(
        kit.put(&admin, &path, other.clone()).await.problem(409),
        "document_of_connector"
    );
    assert_eq!(
        kit.delete(&admin, &path).await.problem(409),
        "document_of_connector"
    );
    // Kept when it goes, it is like others.
    let deleted = kit
        .delete(&admin, &format!("{connector}?keep_documents=true"))
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(kit.get(&admin, &connector).await.status, 404);
    assert_eq!(titles(&kit).await, ["Help"]);
    assert_eq!(kit.put(&admin, &path, other).await.status, 200);
    assert_eq!(kit.delete(&admin, &path).await.status, 204);
    // Otherwise they go with it.
    let connector = read(&kit, &site, json!({})).await;
    assert_eq!(titles(&kit).await, ["Help"]);
    assert_eq!(kit.delete(&admin, &connector).await.status, 204);
    assert_eq!(titles(&kit).await, [""; 0]);
    kit.work().await;
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.connector_pages")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn it_is_read_when_it_is_due_and_wanted() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &[]);
    let admin = kit.token(ADMIN1).await;
    let connector = read(&kit, &site, json!({ "every_hours": 2 })).await;
    let next = kit.get(&admin, &connector).await.json["next_run_at"].clone();
    assert!(next.is_string(), "{next}");
    site.asked();
    kit.work().await;
    assert_eq!(site.asked(), [], "it is not due");
    for sql in [
        "update parlance.jobs set run_at = now() where kind = 'sync'",
        "update parlance.job_turns set due_at = now()",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    kit.work().await;
    assert_eq!(site.asked().len(), 2);
    // Switched off, it is not read, and nothing is planned.
    let off = json!({ "name": "Help", "url": site.url("/"), "every_hours": 2, "is_on": false });
    let off = kit.put(&admin, &connector, off).await;
    assert_eq!(
        (&off.json["is_on"], &off.json["next_run_at"]),
        (&json!(false), &Value::Null)
    );
    let run = kit
        .post(&admin, &format!("{connector}/run"), Value::Null)
        .await;
    assert_eq!(run.problem(409), "connector_off");
    kit.work().await;
    assert_eq!(site.asked(), []);
    // What waits to be read is cancelled.
    let made = connect(&kit, &site.url("/"), json!({ "every_hours": 2 })).await;
    let path = format!("/documents/connectors/{}", made.id("id"));
    let cancelled = kit
        .post(&admin, &format!("{path}/cancel"), Value::Null)
        .await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(last_run(&kit, &path).await, Value::Null);
}

#[tokio::test]
async fn a_tenant_has_fifty_at_most() {
    let kit = Kit::new().await;
    for _ in 0..50 {
        assert_eq!(
            connect(&kit, "https://one.example/", json!({ "is_on": false }))
                .await
                .status,
            201
        );
    }
    let refused = connect(&kit, "https://one.example/", json!({ "is_on": false })).await;
    assert_eq!(refused.problem(409), "too_many_connectors");
}
