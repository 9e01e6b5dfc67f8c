//! What is new on a site is added, what changes is replaced, and what is gone is deleted.

use super::{counts, kit, last_run, read, read_again, site::Site, titles};
use crate::kit::{ADMIN1, U1};
use serde_json::json;

#[tokio::test]
async fn documents_follow_a_site() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page(
        "/",
        "Help",
        "Welcome to the help pages.",
        &[
            "/refunds",
            "/delivery",
            "/logo.png",
            "https://elsewhere.example/",
        ],
    );
    site.page(
        "/refunds",
        "Refunds",
        "A refund takes 5 working days.",
        &["/"],
    );
    site.page(
        "/delivery",
        "Delivery",
        "Delivery takes 3 days.",
        &["/delivery/abroad"],
    );
    site.page("/delivery/abroad", "Abroad", "Abroad it takes a week.", &[]);
    let connector = read(
        &kit,
        &site,
        json!({ "every_hours": 24, "metadata": { "source": "help" }, "language": "en" }),
    )
    .await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run)),
        (Some("done"), [4, 0, 0, 0]),
        "{run}"
    );
    assert_eq!(run["problems"], json!([]));
    assert_eq!(
        titles(&kit).await,
        ["Abroad", "Delivery", "Help", "Refunds"]
    );
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &connector).await;
    assert_eq!(shown.json["documents"], 4, "{}", shown.text);
    assert!(shown.json["next_run_at"].is_string(), "{}", shown.text);
    assert_eq!(shown.json["last_run"]["id"], run["id"]);
    let search = json!({ "query": "How long does a refund take?", "filter": { "metadata": { "source": "help" } } });
    let found = kit
        .post(&kit.token(U1).await, "/documents/search", search)
        .await;
    assert_eq!(found.json["items"][0]["title"], "Refunds", "{}", found.text);
    assert_eq!(found.json["items"][0]["source_url"], site.url("/refunds"));

    // Nothing has changed: nothing is sent again.
    site.asked();
    let run = read_again(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run)),
        (Some("done"), [0, 0, 4, 0]),
        "{run}"
    );
    let asked = site.asked();
    assert!(
        asked
            .iter()
            .filter(|(path, _)| path != "/robots.txt")
            .all(|(_, status)| *status == 304),
        "{asked:?}"
    );

    // One is new, one says something else, one is made otherwise and says the same, one is gone.
    site.page(
        "/",
        "Help",
        "Welcome to the help pages.",
        &["/refunds", "/delivery", "/returns"],
    );
    site.page("/returns", "Returns", "Returns are free.", &[]);
    site.text("/refunds", "text/html", "<html><head><title>Refunds</title></head><body><a href=/>/</a> <p>A refund takes 9 days.</p>");
    site.remove("/delivery/abroad");
    let run = read_again(&kit, &connector).await;
    // The first page shows its links.
    assert_eq!(counts(&run), [1, 2, 1, 1], "{run}");
    assert_eq!(
        titles(&kit).await,
        ["Delivery", "Help", "Refunds", "Returns"]
    );
    let found = kit
        .post(
            &admin,
            "/documents/search",
            json!({ "query": "How long does a refund take?" }),
        )
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
async fn a_page_without_a_way_to_it_goes_when_that_is_found_twice() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/old", "/moved"]);
    site.page("/old", "Old", "An old page.", &["/older"]);
    site.page("/older", "Older", "An older page.", &[]);
    site.page("/moved", "Moved", "It will move.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    assert_eq!(titles(&kit).await, ["Help", "Moved", "Old", "Older"]);
    site.page("/", "Help", "Welcome.", &["/moved"]);
    site.status("/moved", 301, Some(("location", "/here")));
    site.page("/here", "Here", "It has moved.", &[]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["removed"], 1, "{run}");
    assert_eq!(titles(&kit).await, ["Help", "Here", "Old", "Older"]);
    // A way to one of them is found again.
    site.page("/", "Help", "Welcome.", &["/moved", "/older"]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["removed"], 1, "{run}");
    assert_eq!(titles(&kit).await, ["Help", "Here", "Older"]);
    // What is not to be read any more goes at once.
    let admin = kit.token(ADMIN1).await;
    let exclude = json!({ "name": "Help", "url": site.url("/"), "exclude": ["/here"] });
    assert_eq!(kit.put(&admin, &connector, exclude).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["removed"], 1, "{run}");
    assert_eq!(titles(&kit).await, ["Help", "Older"]);
}

#[tokio::test]
async fn the_pages_that_a_site_lists_are_read() {
    let (kit, site) = (kit().await, Site::start().await);
    site.text(
        "/robots.txt",
        "text/plain",
        &format!(
            "User-agent: *\nDisallow: /secret\nSitemap: {}\n",
            site.url("/lists.xml")
        ),
    );
    let lists = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>",
        site.url("/list.xml")
    );
    site.text("/lists.xml", "application/xml", &lists);
    let list = |paths: &[&str]| {
        let urls: String = paths
            .iter()
            .map(|path| format!("<url><loc>{}</loc></url>", site.url(path)))
            .collect();
        site.text(
            "/list.xml",
            "application/xml",
            &format!("<urlset>{urls}<url><loc>https://elsewhere.example/</loc></url></urlset>"),
        );
    };
    list(&["/a", "/b", "/secret"]);
    site.page("/a", "A", "The first.", &["/c"]);
    site.page("/b", "B", "The second.", &[]);
    site.page("/c", "C", "The third.", &[]);
    site.page("/secret", "Secret", "Not for programs.", &[]);
    let connector = read(&kit, &site, json!({ "listed": true, "max_depth": 0 })).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run)),
        (Some("done"), [2, 0, 0, 0]),
        "{run}"
    );
    assert_eq!(titles(&kit).await, ["A", "B"]);
    // A list that cannot be read lists nothing, and deletes nothing.
    site.status("/list.xml", 500, None);
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(
        run["error"].as_str().unwrap().contains("status 500"),
        "{run}"
    );
    list(&["/a"]);
    for removed in [0, 1] {
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["removed"], removed, "{run}");
    }
    assert_eq!(titles(&kit).await, ["A"]);
}

#[tokio::test]
async fn a_site_that_is_down_loses_nothing() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a", "/b"]);
    site.page("/a", "A", "The first.", &[]);
    site.page("/b", "B", "The second.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    site.status("/a", 500, None);
    let run = read_again(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), run["failed"].as_i64()),
        (Some("partial"), Some(1)),
        "{run}"
    );
    assert_eq!(run["problems"][0]["url"], site.url("/a"));
    assert!(
        run["problems"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("status 500")
    );
    for (path, status) in [("/", 500), ("/", 404), ("/robots.txt", 500)] {
        site.status(path, status, None);
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(
            run["error"]
                .as_str()
                .unwrap()
                .contains("Nothing was changed."),
            "{run}"
        );
    }
    assert_eq!(titles(&kit).await, ["A", "B", "Help"]);
}
