//! Web sites, buckets and Git repositories that a tenant's documents follow.

mod bounds;
mod buckets;
mod following;
mod git;
mod heeding;
mod managing;
mod moved;
mod repositories;
mod site;
mod slow;
mod store;
mod stores;
mod together;

use crate::kit::{ADMIN1, Answer, Kit};
use serde_json::{Value, json};
use site::Site;
use std::collections::BTreeMap;

/// A service that may read this machine.
async fn kit() -> Kit {
    Kit::with([("CONNECTOR_HOSTS", "127.0.0.1")]).await
}

/// Makes a connector of a site; what it is.
async fn connect(kit: &Kit, url: &str, mut more: Value) -> Answer {
    more["name"] = json!("The help pages");
    more["url"] = json!(url);
    let admin = kit.token(ADMIN1).await;
    kit.post(&admin, "/documents/connectors", more).await
}

/// Makes a connector of a site, and reads it; the path of it.
async fn read(kit: &Kit, site: &Site, more: Value) -> String {
    let made = connect(kit, &site.url("/"), more).await;
    assert_eq!(made.status, 201, "{}", made.text);
    kit.work().await;
    format!("/documents/connectors/{}", made.id("id"))
}

/// Reads a connector again; how that ended.
async fn read_again(kit: &Kit, connector: &str) -> Value {
    let admin = kit.token(ADMIN1).await;
    let run = kit
        .post(&admin, &format!("{connector}/run"), Value::Null)
        .await;
    assert_eq!(run.status, 202, "{}", run.text);
    kit.work().await;
    last_run(kit, connector).await
}

async fn last_run(kit: &Kit, connector: &str) -> Value {
    let admin = kit.token(ADMIN1).await;
    let runs = kit.get(&admin, &format!("{connector}/runs")).await;
    assert_eq!(runs.status, 200, "{}", runs.text);
    runs.json["items"][0].clone()
}

/// What a run counted: added, changed, unchanged, removed.
fn counts(run: &Value) -> [i64; 4] {
    ["added", "changed", "unchanged", "removed"].map(|name| run[name].as_i64().expect("a count"))
}

/// The titles of the tenant's documents that can be found, in order of the alphabet.
async fn titles(kit: &Kit) -> Vec<String> {
    let admin = kit.token(ADMIN1).await;
    let documents = kit.get(&admin, "/documents").await;
    let items = documents.json["items"].as_array().expect("a list").iter();
    let ready = items.filter(|document| document["status"] == "ready");
    let titles = ready.map(|document| document["title"].as_str().unwrap().to_owned());
    let mut titles: Vec<String> = titles.collect();
    titles.sort();
    titles
}

/// The tenant's documents that can be found, by title: each one's id, and where it is published.
async fn published(kit: &Kit) -> BTreeMap<String, (String, String)> {
    let admin = kit.token(ADMIN1).await;
    let documents = kit.get(&admin, "/documents").await;
    let items = documents.json["items"].as_array().expect("a list").iter();
    let ready = items.filter(|document| document["status"] == "ready");
    let text =
        |document: &Value, name: &str| document[name].as_str().unwrap_or_default().to_owned();
    ready
        .map(|document| {
            let at = (text(document, "id"), text(document, "source_url"));
            (text(document, "title"), at)
        })
        .collect()
}
