//! What is set of a connector otherwise counts for what it has read before, too.

use super::{counts, kit, last_run, read, read_again, site::Site, titles};
use crate::kit::{ADMIN1, Kit, U1};
use serde_json::{Value, json};

/// Sets a connector otherwise.
async fn set(kit: &Kit, site: &Site, connector: &str, mut more: Value) {
    more["name"] = json!("The help pages");
    more["url"] = json!(site.url("/"));
    let admin = kit.token(ADMIN1).await;
    let set = kit.put(&admin, connector, more).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// How many passages a member finds.
async fn finds(kit: &Kit, search: &Value) -> usize {
    let member = kit.token(U1).await;
    let found = kit.post(&member, "/documents/search", search.clone()).await;
    found.json["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn its_documents_are_for_its_groups() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Refunds", "A refund takes 5 days.", &[]);
    let connector = read(&kit, &site, json!({ "groups": ["board"] })).await;
    let search = json!({ "query": "How long does a refund take?" });
    assert_eq!(finds(&kit, &search).await, 0);
    let admin = kit.token(ADMIN1).await;
    let documents = kit.get(&admin, "/documents").await;
    let document = &documents.json["items"][0];
    assert_eq!(document["groups"], json!(["board"]), "{document}");
    // No document of it alone is for others: the next one of the same page would not be.
    let path = format!("/documents/{}/groups", document["id"].as_str().unwrap());
    let refused = kit.put(&admin, &path, json!({ "groups": [] })).await;
    assert_eq!(refused.problem(409), "document_of_connector");
    assert_eq!(finds(&kit, &search).await, 0);
    // At once, and also for what has changed since.
    set(&kit, &site, &connector, json!({})).await;
    assert_eq!(finds(&kit, &search).await, 1);
    set(&kit, &site, &connector, json!({ "groups": ["staff"] })).await;
    assert_eq!(finds(&kit, &search).await, 0);
    site.page("/", "Refunds", "A refund takes 9 days.", &["/more"]);
    site.page("/more", "More", "A refund may take more days.", &[]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [1, 1, 0, 0], "{run}");
    assert_eq!(finds(&kit, &search).await, 0);
}

#[tokio::test]
async fn what_its_documents_are_told_as_reaches_pages_that_stay_as_they_are() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Refunds", "A refund takes 5 days.", &[]);
    let connector = read(&kit, &site, json!({ "metadata": { "edition": 1 } })).await;
    let more = json!({ "metadata": { "edition": 2 } });
    set(&kit, &site, &connector, more.clone()).await;
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 1, 0, 0], "{run}");
    let mut search = json!({ "query": "refund", "filter": { "metadata": { "edition": 2 } } });
    assert_eq!(finds(&kit, &search).await, 1);
    search["filter"]["metadata"]["edition"] = json!(1);
    assert_eq!(finds(&kit, &search).await, 0);
    // Set as it was, nothing is read again.
    set(&kit, &site, &connector, more).await;
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 0, 1, 0], "{run}");
}

#[tokio::test]
async fn more_of_a_site_is_found_from_pages_that_stay_as_they_are() {
    let (kit, site) = (kit().await, Site::start().await);
    let robots = "User-agent: *\nDisallow: /b\n";
    site.text("/robots.txt", "text/plain", robots);
    site.page("/", "Help", "Welcome.", &["/a", "/b", "/c"]);
    for (path, title) in [("/a", "A"), ("/b", "B"), ("/c", "C")] {
        site.page(path, title, &format!("This is {title}."), &[]);
    }
    let connector = read(&kit, &site, json!({ "include": ["/a", "/b"] })).await;
    assert_eq!(titles(&kit).await, ["A", "Help"]);
    // The site changes its mind, and no page.
    site.remove("/robots.txt");
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [1, 0, 2, 0], "{run}");
    set(&kit, &site, &connector, json!({})).await;
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["added"], 1, "{run}");
    assert_eq!(titles(&kit).await, ["A", "B", "C", "Help"]);
}

#[tokio::test]
async fn a_host_that_refuses_again_and_again_is_left_alone() {
    let (kit, site) = (kit().await, Site::start().await);
    let paths: Vec<String> = (0..30).map(|n| format!("/{n:02}")).collect();
    let links: Vec<&str> = paths.iter().map(String::as_str).collect();
    site.page("/", "Help", "Welcome.", &links);
    for path in &links {
        site.page(path, path, &format!("This is {path}."), &[]);
    }
    let connector = read(&kit, &site, json!({})).await;
    assert_eq!(titles(&kit).await.len(), 20, "as many as a list has");
    for path in &links[5..] {
        site.break_off(path);
    }
    site.asked();
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "partial", "{run}");
    let error = run["error"].as_str().unwrap();
    assert!(error.contains("ten times in a row"), "{run}");
    let asked = site.asked().len();
    assert_eq!(
        asked, 17,
        "the rules, the first page, five that answer, ten"
    );
    assert_eq!(counts(&run), [0, 0, 6, 0], "{run}");
    let admin = kit.token(ADMIN1).await;
    assert_eq!(kit.get(&admin, &connector).await.json["documents"], 31);
    assert_eq!(last_run(&kit, &connector).await["failed"], 9);
}

#[tokio::test]
async fn what_a_site_wants_of_an_answer_is_heeded() {
    let (kit, site) = (kit().await, Site::start().await);
    let paths = ["/all", "/none", "/others", "/ours", "/quiet"];
    site.page("/", "Help", "Welcome.", &paths);
    for path in paths {
        site.page(path, path, &format!("This is {path}."), &["/behind"]);
    }
    site.page("/behind", "/behind", "This is behind.", &[]);
    site.header("/none", "x-robots-tag", "none");
    site.header("/others", "x-robots-tag", "otherbot: noindex, nofollow");
    site.header("/ours", "x-robots-tag", "parlance-connector: noindex");
    site.header("/all", "x-robots-tag", "noarchive, nofollow");
    let connector = read(&kit, &site, json!({})).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        titles(&kit).await,
        ["/all", "/behind", "/others", "/quiet", "Help"],
        "{run}"
    );
    let problems = run["problems"].to_string();
    assert_eq!(problems.matches("(noindex)").count(), 2, "{run}");
    // Also of what is otherwise as it was.
    for path in ["/all", "/quiet"] {
        site.header(path, "x-robots-tag", "noindex");
    }
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["removed"], 2, "{run}");
    assert_eq!(titles(&kit).await, ["/behind", "/others", "Help"]);
}

#[tokio::test]
async fn a_site_that_says_when_to_come_again_is_left_alone_until_then() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a"]);
    let at = chrono::Utc::now() + chrono::TimeDelta::hours(2);
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    site.status("/a", 503, Some(("retry-after", &date)));
    let connector = read(&kit, &site, json!({})).await;
    assert_eq!(last_run(&kit, &connector).await["status"], "running");
    let sql = "select run_at from parlance.jobs where kind = 'sync'";
    let again = sqlx::query_scalar(sql).fetch_one(&kit.pool);
    let again: chrono::DateTime<chrono::Utc> = again.await.unwrap();
    assert!(again > at - chrono::TimeDelta::hours(1), "{again} {date}");
}
