//! Buckets that a tenant's documents follow.

use super::{
    counts, kit, last_run, read_again,
    store::{KEY_ID, REGION, SECRET, Store},
    titles,
};
use crate::kit::{ADMIN1, Answer, Kit, U1};
use serde_json::{Value, json};

/// What is set of the store's bucket.
pub(super) fn settings(store: &Store) -> Value {
    json!({
        "name": "Our files", "url": store.url(),
        "bucket": { "name": "help", "region": REGION, "access_key_id": KEY_ID, "secret_access_key": SECRET },
    })
}

/// Makes a connector, and reads it; the path of it.
pub(super) async fn read(kit: &Kit, settings: Value) -> String {
    let admin = kit.token(ADMIN1).await;
    let made = kit.post(&admin, "/documents/connectors", settings).await;
    assert_eq!(made.status, 201, "{}", made.text);
    kit.work().await;
    format!("/documents/connectors/{}", made.id("id"))
}

async fn set(kit: &Kit, connector: &str, settings: Value) -> Answer {
    let admin = kit.token(ADMIN1).await;
    kit.put(&admin, connector, settings).await
}

#[tokio::test]
async fn documents_follow_a_bucket() {
    let (kit, store) = (kit().await, Store::start().await);
    store.put(
        "help/refunds.md",
        "binary/octet-stream",
        b"# Refunds\n\nA refund takes 5 days.",
    );
    store.put(
        "help/a b+c/\u{fc}ber uns.txt",
        "text/plain",
        "We are at home in K\u{f6}ln.".as_bytes(),
    );
    let page =
        b"<html><head><title>Delivery</title></head><body><p>It takes 3 days.</p></body></html>";
    store.put("help/delivery.html", "text/html", page);
    store.put("help/logo.png", "image/png", b"PNG");
    store.put("help/data.bin", "application/octet-stream", b"\x00\x01");
    store.put("help/", "application/x-directory", b"");
    store.put("secret/plans.txt", "text/plain", b"Not for help.");
    let mut of = settings(&store);
    of["bucket"]["prefix"] = json!("help/");
    of["bucket"]["public_url"] = json!("https://files.one.example/");
    let connector = read(&kit, of).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run)),
        (Some("done"), [3, 0, 0, 0]),
        "{run}"
    );
    assert_eq!(
        titles(&kit).await,
        ["Delivery", "refunds.md", "\u{fc}ber uns.txt"]
    );
    let search = json!({ "query": "Where are you at home?" });
    let found = kit
        .post(&kit.token(U1).await, "/documents/search", search)
        .await;
    assert_eq!(
        found.json["items"][0]["source_url"],
        "https://files.one.example/help/a%20b+c/%C3%BCber%20uns.txt",
        "{}",
        found.text
    );
    let asked = store.asked();
    assert!(
        asked
            .iter()
            .all(|key| key.is_empty() || key.starts_with("help/")),
        "{asked:?}"
    );
    assert!(!asked.contains(&"help/logo.png".to_owned()), "{asked:?}");

    // The list says that nothing has changed.
    let run = read_again(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run)),
        (Some("done"), [0, 0, 3, 0]),
        "{run}"
    );
    assert!(store.asked().iter().all(String::is_empty));

    // One is new, one says something else, one is gone, at once.
    store.put(
        "help/refunds.md",
        "text/markdown",
        b"# Refunds\n\nA refund takes 9 days.",
    );
    store.put("help/returns.txt", "text/plain", b"Returns are free.");
    store.remove("help/delivery.html");
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [1, 1, 1, 1], "{run}");
    assert_eq!(
        titles(&kit).await,
        ["refunds.md", "returns.txt", "\u{fc}ber uns.txt"]
    );
    let search = json!({ "query": "How long does a refund take?" });
    let found = kit
        .post(&kit.token(U1).await, "/documents/search", search)
        .await;
    assert!(
        found.json["items"][0]["snippet"]
            .as_str()
            .unwrap()
            .contains("9 days"),
        "{}",
        found.text
    );
}

#[tokio::test]
async fn a_bucket_that_cannot_be_read_loses_nothing() {
    let (kit, store) = (kit().await, Store::start().await);
    for n in 1..=5 {
        store.put(
            &format!("{n}.txt"),
            "text/plain",
            format!("This is {n}.").as_bytes(),
        );
    }
    let connector = read(&kit, settings(&store)).await;
    assert_eq!(titles(&kit).await.len(), 5);
    let mut wrong = settings(&store);
    wrong["bucket"]["secret_access_key"] = json!("wJalrXUtnFEMI-another-one");
    assert_eq!(set(&kit, &connector, wrong).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(
        run["error"].as_str().unwrap().contains("status 403"),
        "{run}"
    );
    let mut other = settings(&store);
    other["bucket"]["name"] = json!("another");
    assert_eq!(set(&kit, &connector, other).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert!(
        run["error"].as_str().unwrap().contains("no such bucket"),
        "{run}"
    );
    assert_eq!(set(&kit, &connector, settings(&store)).await.status, 200);
    store.answers(Some(500));
    let run = read_again(&kit, &connector).await;
    assert!(
        run["error"].as_str().unwrap().contains("status 500"),
        "{run}"
    );
    store.answers(None);
    let mut few = settings(&store);
    few["max_pages"] = json!(3);
    assert_eq!(set(&kit, &connector, few).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), run["found"].as_i64()),
        (Some("partial"), Some(3)),
        "{run}"
    );
    assert_eq!(titles(&kit).await.len(), 5);
    // What is set with less is told, and done.
    let mut less = settings(&store);
    less["exclude"] = json!(["/4", "/5"]);
    assert_eq!(set(&kit, &connector, less).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["removed"], 2, "{run}");
    assert_eq!(titles(&kit).await, ["1.txt", "2.txt", "3.txt"]);
}

#[tokio::test] // R60
async fn no_bucket_of_the_deployments_own_network_is_read() {
    let (kit, store) = (Kit::new().await, Store::start().await);
    let port = store.url().rsplit(':').next().unwrap().to_owned();
    for (url, why) in [
        (format!("https://127.0.0.1:{port}"), "public internet"),
        (format!("https://localhost:{port}"), "public internet"),
        ("https://169.254.169.254/".to_owned(), "public internet"),
        (store.url(), "Use https"),
    ] {
        let mut of = settings(&store);
        of["url"] = json!(url);
        let connector = read(&kit, of).await;
        let run = last_run(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(run["error"].as_str().unwrap().contains(why), "{url}: {run}");
    }
    assert_eq!(store.asked(), [""; 0]);
}

#[tokio::test]
async fn the_secret_of_its_key_goes_in_and_never_comes_out() {
    let (kit, store) = (kit().await, Store::start().await);
    store.put("a.txt", "text/plain", b"The first.");
    let connector = read(&kit, settings(&store)).await;
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &connector).await;
    let bucket = &shown.json["bucket"];
    assert_eq!(
        (&bucket["secret_last4"], &bucket["secret_readable"]),
        (&json!("EKEY"), &json!(true))
    );
    let runs = kit.get(&admin, &format!("{connector}/runs")).await;
    let audit = kit.get(&admin, "/admin/audit").await;
    let sealed: Vec<u8> = sqlx::query_scalar("select sealed from parlance.connectors")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    let kept = String::from_utf8_lossy(&sealed).into_owned();
    for text in [&shown.text, &runs.text, &audit.text, &kept] {
        assert!(!text.contains(SECRET) && !text.contains("X-Amz"), "{text}");
    }
    // Left out, it stays; but nobody has it used for another store, or by another name.
    let mut kept = settings(&store);
    kept["bucket"]
        .as_object_mut()
        .unwrap()
        .remove("secret_access_key");
    kept["name"] = json!("Renamed");
    assert_eq!(set(&kit, &connector, kept.clone()).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "done", "{run}");
    let mut other = kept.clone();
    other["url"] = json!("https://elsewhere.example/");
    let refused = set(&kit, &connector, other).await;
    assert_eq!(refused.fields(), ["bucket.secret_access_key"]);
    kept["bucket"]["access_key_id"] = json!("AKIAANOTHER");
    let refused = set(&kit, &connector, kept).await;
    assert_eq!(refused.fields(), ["bucket.secret_access_key"]);
    // A site has none.
    let site = json!({ "name": "A site", "url": store.url(), "is_on": false });
    let now = set(&kit, &connector, site).await;
    assert_eq!(now.json["bucket"], Value::Null, "{}", now.text);
    let left: i64 =
        sqlx::query_scalar("select count(*) from parlance.connectors where sealed is not null")
            .fetch_one(&kit.pool)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_no_bucket_is_not_made() {
    let (kit, store) = (kit().await, Store::start().await);
    for (more, field) in [
        (json!({ "name": "a/b" }), "bucket.name"),
        (json!({ "name": "..." }), "bucket.name"),
        (json!({ "region": "eu central" }), "bucket.region"),
        (json!({ "prefix": "x".repeat(501) }), "bucket.prefix"),
        (json!({ "access_key_id": "a b c" }), "bucket.access_key_id"),
        (
            json!({ "secret_access_key": null }),
            "bucket.secret_access_key",
        ),
        (
            json!({ "secret_access_key": "short" }),
            "bucket.secret_access_key",
        ),
        (
            json!({ "secret_access_key": "wJalrXUtnFEMIéé!" }),
            "bucket.secret_access_key",
        ),
        (json!({ "public_url": "files" }), "bucket.public_url"),
    ] {
        let mut of = settings(&store);
        of["bucket"]
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let admin = kit.token(ADMIN1).await;
        let refused = kit.post(&admin, "/documents/connectors", of).await;
        assert_eq!(refused.fields(), [field]);
    }
    for (name, value) in [
        ("listed", json!(false)),
        ("max_depth", json!(2)),
        ("sitemap_url", json!("https://one.example/sitemap.xml")),
    ] {
        let mut of = settings(&store);
        of[name] = value;
        let admin = kit.token(ADMIN1).await;
        let refused = kit.post(&admin, "/documents/connectors", of).await;
        assert_eq!(refused.fields(), [name]);
    }
}
