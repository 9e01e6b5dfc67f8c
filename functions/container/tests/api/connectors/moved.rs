//! What moves stays, wherever it goes, and whoever else has it.

use super::{
    buckets, connect, counts, git::Git, kit, last_run, published, read, read_again, repositories,
    site::Site, store::Store, titles,
};
use crate::kit::{ADMIN1, Kit, wait::wait_until};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn a_page_that_is_called_otherwise_keeps_its_document() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/old.html"]);
    site.page("/old.html", "Refunds", "A refund takes 5 days.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    let before = published(&kit).await;
    site.page("/", "Help", "Welcome.", &["/new.html"]);
    site.page("/new.html", "Refunds", "A refund takes 5 days.", &[]);
    site.remove("/old.html");
    let run = read_again(&kit, &connector).await;
    let (status, skipped) = (&run["status"], &run["skipped"]);
    assert_eq!((status, skipped), (&json!("done"), &json!(0)), "{run}");
    // The first page shows its links.
    assert_eq!(counts(&run), [0, 2, 0, 0], "{run}");
    assert_eq!(run["problems"], json!([]));
    let after = published(&kit).await;
    assert_eq!(after["Refunds"].0, before["Refunds"].0);
    assert_eq!(after["Refunds"].1, site.url("/new.html"));
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 0, 2, 0], "{run}");
}

#[tokio::test]
async fn nor_does_it_go_while_it_is_at_both_addresses() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/old"]);
    site.page("/old", "Refunds", "A refund takes 5 days.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    site.page("/", "Help", "Welcome.", &["/new"]);
    site.page("/new", "Refunds", "A refund takes 5 days.", &[]);
    // No way leads to the old one, which counts when that is found twice.
    for at in ["/old", "/new", "/new"] {
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["removed"], 0, "{run}");
        assert_eq!(published(&kit).await["Refunds"].1, site.url(at));
    }
}

#[tokio::test]
async fn a_site_that_is_at_another_address_keeps_its_documents() {
    let (kit, site, other) = (kit().await, Site::start().await, Site::start().await);
    for site in [&site, &other] {
        site.page("/", "Help", "Welcome.", &["/a", "/b"]);
        site.page("/a", "A", "The first.", &[]);
        site.page("/b", "B", "The second.", &[]);
    }
    let connector = read(&kit, &site, json!({})).await;
    let before = published(&kit).await;
    let settings = json!({ "name": "Help", "url": other.url("/"), "metadata": { "edition": 2 } });
    let admin = kit.token(ADMIN1).await;
    assert_eq!(kit.put(&admin, &connector, settings).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 3, 0, 0], "{run}");
    let after = published(&kit).await;
    assert_eq!(after.len(), 3);
    for (title, path) in [("Help", "/"), ("A", "/a"), ("B", "/b")] {
        let (id, url) = &after[title];
        assert_eq!((id, url), (&before[title].0, &other.url(path)));
    }
    let search = json!({ "query": "The first.", "filter": { "metadata": { "edition": 2 } } });
    let found = kit.post(&admin, "/documents/search", search).await;
    assert_eq!(found.json["items"][0]["title"], "A", "{}", found.text);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 0, 3, 0], "{run}");
}

#[tokio::test]
async fn what_moves_within_a_bucket_or_a_repository_keeps_its_document() {
    let (kit, store, git) = (kit().await, Store::start().await, Git::start().await);
    store.put("a/refunds.txt", "text/plain", b"A refund takes 5 days.");
    let mut of = buckets::settings(&store);
    of["bucket"]["public_url"] = json!("https://files.one.example/");
    let bucket = buckets::read(&kit, of).await;
    git.put("docs/a/returns.txt", "100644", b"Returns are free.");
    let of = repositories::settings(&git, "github");
    let repository = repositories::read(&kit, of).await;
    let before = published(&kit).await;
    store.remove("a/refunds.txt");
    store.put("b/refunds.txt", "text/plain", b"A refund takes 5 days.");
    git.remove("docs/a/returns.txt");
    git.put("docs/b/returns.txt", "100644", b"Returns are free.");
    for connector in [&bucket, &repository] {
        let run = read_again(&kit, connector).await;
        assert_eq!(counts(&run), [0, 1, 0, 0], "{run}");
        assert_eq!((&run["skipped"], &run["problems"]), (&json!(0), &json!([])));
    }
    let after = published(&kit).await;
    for (title, end) in [
        ("refunds.txt", "/b/refunds.txt"),
        ("returns.txt", "/docs/b/returns.txt"),
    ] {
        assert_eq!(after[title].0, before[title].0);
        assert!(after[title].1.ends_with(end), "{}", after[title].1);
    }
    for connector in [&bucket, &repository] {
        let run = read_again(&kit, connector).await;
        assert_eq!(counts(&run), [0, 0, 1, 0], "{run}");
    }
}

#[tokio::test]
async fn what_another_connector_has_is_read_once_it_is_gone_there() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a"]);
    site.page("/a", "A", "The first.", &[]);
    let first = read(&kit, &site, json!({})).await;
    let second = read(&kit, &site, json!({})).await;
    assert_eq!(last_run(&kit, &second).await["skipped"], 2);
    let run = read_again(&kit, &second).await;
    assert_eq!(run["skipped"], 2, "{run}");
    let admin = kit.token(ADMIN1).await;
    let kept = format!("{first}?keep_documents=true");
    assert_eq!(kit.delete(&admin, &kept).await.status, 204);
    let run = read_again(&kit, &second).await;
    assert_eq!(run["skipped"], 2, "{run}");
    for (id, _) in published(&kit).await.into_values() {
        let path = format!("/documents/{id}");
        assert_eq!(kit.delete(&admin, &path).await.status, 204);
    }
    assert_eq!(titles(&kit).await, [""; 0]);
    let run = read_again(&kit, &second).await;
    assert_eq!(counts(&run), [2, 0, 0, 0], "{run}");
    assert_eq!(titles(&kit).await, ["A", "Help"]);
}

/// Works until documents are published at these paths of a site.
async fn until(kit: &Kit, site: &Site, wanted: &[(&str, &str)]) {
    let wanted = wanted
        .iter()
        .map(|(title, path)| ((*title).to_owned(), site.url(path)));
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort();
    wait_until("documents to say what their pages say", async || {
        kit.work().await;
        let now = published(kit).await.into_iter();
        let now: Vec<_> = now.map(|(title, (_, url))| (title, url)).collect();
        match now == wanted {
            true => Ok(()),
            false => Err(format!("{now:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn pages_that_change_places_are_all_what_they_say_now() {
    let (kit, site) = (kit().await, Site::start().await);
    let put = |path: &str, title: &str| site.page(path, title, &format!("This is {title}."), &[]);
    site.page("/", "Help", "Welcome.", &["/a", "/b", "/c"]);
    for (path, title) in [("/a", "A"), ("/b", "B"), ("/c", "C")] {
        put(path, title);
    }
    let connector = read(&kit, &site, json!({})).await;
    let ids = |of: BTreeMap<String, (String, String)>| {
        let ids: BTreeSet<String> = of.into_values().map(|(id, _)| id).collect();
        ids
    };
    let before = ids(published(&kit).await);
    for titles in [["B", "A", "C"], ["C", "B", "A"], ["B", "A", "C"]] {
        for (path, title) in ["/a", "/b", "/c"].into_iter().zip(titles) {
            put(path, title);
        }
        read_again(&kit, &connector).await;
        let [a, b, c] = titles;
        until(
            &kit,
            &site,
            &[("Help", "/"), (a, "/a"), (b, "/b"), (c, "/c")],
        )
        .await;
        let run = read_again(&kit, &connector).await;
        assert_eq!(counts(&run), [0, 0, 4, 0], "{run}");
    }
    assert_eq!(ids(published(&kit).await), before);
}

#[tokio::test]
async fn what_moves_from_a_page_that_says_something_new_is_there_at_once() {
    let (kit, site) = (kit().await, Site::start().await);
    let put = |path: &str, title: &str| site.page(path, title, &format!("This is {title}."), &[]);
    site.page("/", "Help", "Welcome.", &["/b", "/y"]);
    put("/b", "B");
    put("/y", "Y");
    let connector = read(&kit, &site, json!({})).await;
    // To one that is read later, and to one that was read before.
    site.page("/", "Help", "Welcome.", &["/b", "/c", "/x", "/y"]);
    for (path, title) in [("/b", "B2"), ("/c", "B"), ("/x", "Y"), ("/y", "Y2")] {
        put(path, title);
    }
    let run = read_again(&kit, &connector).await;
    assert_eq!(
        (&run["added"], &run["skipped"]),
        (&json!(2), &json!(0)),
        "{run}"
    );
    let wanted = [
        ("Help", "/"),
        ("B2", "/b"),
        ("B", "/c"),
        ("Y", "/x"),
        ("Y2", "/y"),
    ];
    until(&kit, &site, &wanted).await;
}

#[tokio::test]
async fn a_page_that_comes_to_say_what_another_says_is_left_out() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a", "/b"]);
    site.page("/a", "A", "The first.", &[]);
    site.page("/b", "B", "The second.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    site.page("/a", "B", "The second.", &[]);
    wait_until("the copy to be left out", async || {
        let run = read_again(&kit, &connector).await;
        match titles(&kit).await == ["B", "Help"] {
            true => Ok(()),
            false => Err(run),
        }
    })
    .await;
    let run = last_run(&kit, &connector).await;
    let reason = run["problems"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("Another document"), "{run}");
    // And is there again with what is its own; also if it is of another connector.
    site.page("/a", "A", "The first.", &[]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [1, 0, 2, 0], "{run}");
    let other = Site::start().await;
    other.page("/", "B", "The second.", &[]);
    let made = connect(&kit, &other.url("/"), json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    kit.work().await;
    assert_eq!(titles(&kit).await, ["A", "B", "Help"]);
}
