//! What a run does not do: read what is not public, what is forbidden, or more than it may.

use super::{connect, counts, kit, last_run, read, read_again, site::Site, titles};
use crate::kit::{ADMIN1, Kit};
use serde_json::json;

#[tokio::test] // R60
async fn nothing_of_the_deployments_own_network_is_read() {
    let kit = Kit::new().await;
    let site = Site::start().await;
    site.page("/", "Inside", "Only for us.", &[]);
    let port = site
        .url("/")
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let made = connect(&kit, &format!("http://{host}:{port}/"), json!({})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        kit.work().await;
        let run = last_run(&kit, &format!("/documents/connectors/{}", made.id("id"))).await;
        assert_eq!(run["status"], "failed", "{host}: {run}");
        assert!(
            run["error"]
                .as_str()
                .unwrap()
                .contains("no address on the public internet"),
            "{host}: {run}"
        );
    }
    assert_eq!(site.asked(), []);
    assert_eq!(titles(&kit).await, [""; 0]);
}

#[tokio::test] // R60
async fn nor_is_what_a_site_leads_to() {
    let (kit, site, other) = (kit().await, Site::start().await, Site::start().await);
    other.page("/", "Other", "Of another host.", &[]);
    other.text("/list.xml", "application/xml", "<urlset></urlset>");
    let inside = other.url("/").replace("127.0.0.1", "localhost");
    site.page("/", "Help", "Welcome.", &["/away", "/link", &inside]);
    site.status("/away", 302, Some(("location", &inside)));
    site.status(
        "/link",
        302,
        Some(("location", "http://169.254.169.254/latest/meta-data")),
    );
    let connector = read(&kit, &site, json!({})).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        (counts(&run), run["skipped"].as_i64()),
        ([1, 0, 0, 0], Some(2)),
        "{run}"
    );
    assert!(
        run["problems"].to_string().contains("does not read"),
        "{run}"
    );
    // Nor where its lists and its rules are said to be.
    for at in ["/robots.txt", "/sitemap.xml"] {
        site.status(
            at,
            302,
            Some((
                "location",
                &other.url("/list.xml").replace("127.0.0.1", "localhost"),
            )),
        );
        let made = connect(&kit, &site.url("/"), json!({ "listed": true })).await;
        kit.work().await;
        let run = last_run(&kit, &format!("/documents/connectors/{}", made.id("id"))).await;
        assert!(
            run["error"]
                .as_str()
                .unwrap()
                .contains("no address on the public internet"),
            "{at}: {run}"
        );
        site.remove(at);
    }
    assert_eq!(other.asked(), []);
}

#[tokio::test]
async fn a_site_without_an_end_is_read_to_its_limits() {
    let (kit, site) = (kit().await, Site::start().await);
    for n in 0..30 {
        let (path, next) = (format!("/?n={n}"), format!("/?n={}", n + 1));
        site.page(
            &path,
            &format!("Day {n:02}"),
            &format!("This is day {n}."),
            &[&next, "/?n=0"],
        );
        site.status(
            &format!("/loop?n={n}"),
            302,
            Some(("location", &format!("/loop?n={}", n + 1))),
        );
    }
    site.page(
        "/",
        "Start",
        "The beginning.",
        &["/?n=0", "/loop?n=0", "/round"],
    );
    site.status("/round", 302, Some(("location", "/round")));
    let connector = read(&kit, &site, json!({ "max_depth": 4 })).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(run["status"], "done", "{run}");
    assert_eq!(
        titles(&kit).await,
        ["Day 00", "Day 01", "Day 02", "Day 03", "Start"]
    );
    let made = connect(
        &kit,
        &site.url("/?n=0"),
        json!({ "max_pages": 3, "max_depth": 20 }),
    )
    .await;
    kit.work().await;
    let run = last_run(&kit, &format!("/documents/connectors/{}", made.id("id"))).await;
    assert_eq!(
        (run["status"].as_str(), run["found"].as_i64()),
        (Some("partial"), Some(3)),
        "{run}"
    );
    assert!(
        run["error"]
            .as_str()
            .unwrap()
            .contains("3 pages, which is its limit"),
        "{run}"
    );
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_followed_once() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a", "/b", "/dead"]);
    site.page("/a", "A", "The first.", &["/b", "/dead"]);
    site.page("/b", "B", "The second.", &["/a", "/dead"]);
    let connector = read(&kit, &site, json!({})).await;
    let dead = |site: &Site| {
        let asked = site.asked().into_iter();
        asked.filter(|(path, _)| path == "/dead").count()
    };
    assert_eq!(dead(&site), 1);
    let run = last_run(&kit, &connector).await;
    assert_eq!(run["found"], 4, "{run}");
    let run = read_again(&kit, &connector).await;
    assert_eq!((dead(&site), &run["found"]), (1, &json!(4)), "{run}");
    // Once it is there, it is read like others.
    site.page("/dead", "Dead", "It is back.", &[]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [1, 0, 3, 0], "{run}");
}

#[tokio::test]
async fn lists_are_read_no_further_than_pages_are() {
    let (kit, site) = (kit().await, Site::start().await);
    let lists = ["/1.xml", "/2.xml", "/3.xml"].map(|path| site.url(path));
    let index: String = lists
        .map(|url| format!("<sitemap><loc>{url}</loc></sitemap>"))
        .concat();
    let index = format!("<sitemapindex>{index}</sitemapindex>");
    site.text("/sitemap.xml", "application/xml", &index);
    for list in 1..=3 {
        let urls: String = (0..3)
            .map(|n| {
                format!(
                    "<url><loc>{}</loc></url>",
                    site.url(&format!("/{list}/{n}"))
                )
            })
            .collect();
        let path = format!("/{list}.xml");
        site.text(
            &path,
            "application/xml",
            &format!("<urlset>{urls}</urlset>"),
        );
        for n in 0..3 {
            let title = format!("Page {list}.{n}");
            site.page(
                &format!("/{list}/{n}"),
                &title,
                &format!("This is {title}."),
                &[],
            );
        }
    }
    let connector = read(&kit, &site, json!({ "listed": true, "max_pages": 4 })).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(run["status"], "partial", "{run}");
    assert!(run["error"].as_str().unwrap().contains("4 pages"), "{run}");
    let titles = titles(&kit).await;
    assert_eq!(titles, ["Page 1.0", "Page 1.1", "Page 1.2", "Page 2.0"]);
    assert!(site.asked().iter().all(|(path, _)| path != "/3.xml"));
}

#[tokio::test]
async fn what_a_site_does_not_want_read_is_not() {
    let (kit, site) = (kit().await, Site::start().await);
    site.text(
        "/robots.txt",
        "text/plain",
        "User-agent: *\nDisallow: /private\n",
    );
    site.page(
        "/",
        "Help",
        "Welcome.",
        &[
            "/private/a",
            "/hidden",
            "/empty",
            "/large",
            "/picture",
            "/same",
        ],
    );
    site.page("/private/a", "Private", "Not for programs.", &[]);
    let hidden = "<html><head><title>Hidden</title><meta name=robots content=noindex></head><body>Hidden. <a href=/behind>.</a></body></html>";
    site.text("/hidden", "text/html", hidden);
    site.page("/behind", "Behind", "Behind what is hidden.", &[]);
    site.text(
        "/empty",
        "text/html",
        "<html><body><script>render()</script></body></html>",
    );
    site.text("/large", "text/plain", &"x".repeat(11 << 20));
    site.text("/picture", "image/png", "PNG");
    site.page("/same", "Behind", "Behind what is hidden.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(titles(&kit).await, ["Behind", "Help"], "{run}");
    let problems = run["problems"].as_array().unwrap();
    let told = |path: &str, words: &str| {
        let problem = problems
            .iter()
            .find(|problem| problem["url"] == site.url(path));
        let problem = problem.unwrap_or_else(|| panic!("{path} is not told of: {run}"));
        assert!(
            problem["reason"].as_str().unwrap().contains(words),
            "{problem}"
        );
    };
    told("/hidden", "noindex");
    told("/empty", "no text");
    told("/large", "larger than 10 MiB");
    assert!(
        run["problems"].to_string().contains("Another document"),
        "{run}"
    );
    assert!(site.asked().iter().all(|(path, _)| path != "/private/a"));
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &connector).await;
    assert_eq!(shown.json["documents"], 2);
}
