//! Sites that never answer, or never end: nobody else waits for them, and neither do their connectors for ever.

use super::{connect, last_run, read, read_again, site::Site, titles};
use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, Person,
    database::Database,
    proxy::{Breakable, server_of, url_through},
    wait::wait_for,
    wait::wait_until,
};
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A service that waits so long for a whole answer of a site.
async fn kit(patience: Duration) -> Kit {
    kit_on(Database::clone_template().await, patience, None).await
}

/// As [`kit`], with another way to its database.
async fn kit_on(database: Database, patience: Duration, url: Option<String>) -> Kit {
    let hosts = ("CONNECTOR_HOSTS".to_owned(), "127.0.0.1".to_owned());
    let urls = url.into_iter().map(|url| ("APP_DATABASE_URL".into(), url));
    let vars = urls.chain([hosts]);
    Kit::adjusted(database, vars, |config| config.times.outside = patience).await
}

const HOURS: Duration = Duration::from_secs(24 * 3600);

/// Has more connectors be read of a site that never answers than a tenant has read at once, and as many of them be asked for as are.
async fn wait_in_vain(kit: &Kit, site: &Site) {
    for n in 0..6 {
        let path = format!("/?n={n}");
        site.silence(&path);
        let made = connect(kit, &site.url(&path), json!({})).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
}

/// Waits until a site has been asked for what never comes as often as one tenant's connectors may be.
async fn all_wait(site: &Site) {
    let mut waiting = 0;
    wait_until("four connectors to wait for their site", async || {
        let asked = site.asked().into_iter();
        waiting += asked.filter(|(path, _)| path.contains("?n=")).count();
        match waiting {
            4 => Ok(()),
            n => Err(format!("{n} of them")),
        }
    })
    .await;
}

/// Waits until a file of a tenant is read that it sends now.
async fn a_file_is_read(kit: &Kit, who: Person) {
    let token = kit.token(who).await;
    // Not one that is there already.
    let text = format!("# Refunds\n\nA refund of {} takes 5 days.", Uuid::new_v4());
    let file = ("a.md", text.as_bytes());
    let sent = kit
        .send_file(&token, ("POST", "/documents"), file, &[])
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let path = format!("/documents/{}", sent.id("id"));
    until(kit, who, &path, "/status", "ready").await;
}

/// Waits until something is told of what is at a path.
async fn until(kit: &Kit, who: Person, path: &str, at: &str, is: &str) -> Answer {
    let token = kit.token(who).await;
    wait_until(format!("{path} to be {is}"), async || {
        let shown = kit.get(&token, path).await;
        match shown.json.pointer(at) == Some(&json!(is)) {
            true => Ok(shown),
            false => Err(shown.text),
        }
    })
    .await
}

/// Others' files and connectors are read, and the same tenant's files, while its connectors wait.
async fn others_go_on(kit: &Kit, waiting: &Site) {
    a_file_is_read(kit, ADMIN1).await;
    a_file_is_read(kit, ADMIN2).await;
    let site = Site::start().await;
    site.page("/", "Help", "Welcome.", &["/a"]);
    site.page("/a", "A", "The first.", &[]);
    let settings = json!({ "name": "Theirs", "url": site.url("/") });
    let token = kit.token(ADMIN2).await;
    let made = kit.post(&token, "/documents/connectors", settings).await;
    let path = format!("/documents/connectors/{}", made.id("id"));
    until(kit, ADMIN2, &path, "/last_run/status", "done").await;
    // All that time, nobody gave up waiting.
    let listed = kit
        .get(&kit.token(ADMIN1).await, "/documents/connectors")
        .await;
    let items = listed.json["items"].as_array().unwrap().iter();
    let going_on = items.filter(|item| item["last_run"]["status"] == "running");
    assert_eq!(going_on.count(), 4, "{}", listed.text);
    assert_eq!(waiting.asked(), []);
}

#[tokio::test]
async fn a_site_that_never_answers_holds_up_nobody_else() {
    let (kit, site) = (kit(HOURS).await, Site::start().await);
    wait_in_vain(&kit, &site).await;
    let service = kit.app.service();
    let working = tokio::spawn(jobs::repeat(service.clone()));
    all_wait(&site).await;
    others_go_on(&kit, &site).await;
    // Nor whoever wants to go home.
    service.draining.cancel();
    service.stop.cancel();
    wait_for("the end of the work", working).await.unwrap();
}

#[tokio::test]
async fn nor_where_a_schedule_does_the_work() {
    let database = Database::clone_template().await;
    let (way, server) = (Breakable::to(&database).await, server_of(&database));
    let url = url_through(way.address, &database);
    let (kit, site) = (
        kit_on(database, HOURS, Some(url)).await,
        Site::start().await,
    );
    wait_in_vain(&kit, &site).await;
    let service = kit.app.service();
    let drained = tokio::spawn(async move {
        let until = Instant::now() + HOURS;
        jobs::drain(&service, until).await
    });
    all_wait(&site).await;
    // Four of one tenant are as many as one run of the schedule reads at once.
    a_file_is_read(&kit, ADMIN1).await;
    a_file_is_read(&kit, ADMIN2).await;
    // Nor does it end when the database is away for a while.
    way.lead_to("127.0.0.1:1".into());
    way.cut();
    let mut refused = 0;
    wait_until("a service without its database", async || {
        let ready = kit.get("", "/ready").await;
        refused += usize::from(ready.status == 503);
        match refused {
            3 => Ok(()),
            n => Err(format!("{n} refusals")),
        }
    })
    .await;
    way.lead_to(server);
    a_file_is_read(&kit, ADMIN2).await;
    assert!(!drained.is_finished());
    drained.abort();
}

#[tokio::test]
async fn a_site_that_drips_is_given_up_with_a_sentence() {
    let (kit, site) = (kit(Duration::from_secs(1)).await, Site::start().await);
    site.page("/", "Help", "Welcome.", &["/a", "/b"]);
    site.page("/a", "A", "The first.", &[]);
    site.page("/b", "B", "The second.", &[]);
    // A whole answer of a busy machine takes longer than a second at times: what is known by then stays known.
    let connector = read(&kit, &site, json!({})).await;
    wait_until("a site that answers to be read", async || {
        match titles(&kit).await.len() {
            3 => Ok(()),
            _ => Err(read_again(&kit, &connector).await),
        }
    })
    .await;
    site.drip("/a");
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "partial", "{run}");
    let problems = run["problems"].as_array().unwrap().iter();
    let of_a = problems.filter(|problem| problem["url"] == site.url("/a"));
    let reasons: Vec<_> = of_a.map(|problem| problem["reason"].clone()).collect();
    assert_eq!(reasons, ["Its host took longer than 1 seconds."], "{run}");
    for (path, silent) in [("/", false), ("/", true), ("/robots.txt", false)] {
        match silent {
            true => site.silence(path),
            false => site.drip(path),
        }
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        let error = run["error"].as_str().unwrap();
        assert!(error.contains("longer than 1 seconds"), "{error}");
        assert!(error.contains("Nothing was changed."), "{error}");
    }
    assert_eq!(titles(&kit).await, ["A", "B", "Help"]);
}

/// As if a run had begun so many hours ago, and had been begun anew so often without getting on.
async fn begun(kit: &Kit, connector: &str, hours: i32, attempts: i32) {
    let id: Uuid = connector.rsplit('/').next().unwrap().parse().unwrap();
    let token = kit.token(ADMIN1).await;
    let run = kit
        .post(&token, &format!("{connector}/run"), json!(null))
        .await;
    assert_eq!(run.status, 202, "{}", run.text);
    let run = "insert into parlance.connector_runs (tenant_id, id, connector_id, started_at, is_begun)
               select tenant_id, $2, id, now() - make_interval(hours => $3), $3 > 0 from parlance.connectors where id = $1";
    let run = sqlx::query(run).bind(id).bind(Uuid::now_v7()).bind(hours);
    run.execute(&kit.pool).await.unwrap();
    let job =
        "update parlance.jobs set state = 'running', attempts = $2, lease = gen_random_uuid(),
               lease_until = now() - interval '1 second' where document_id = $1";
    let job = sqlx::query(job).bind(id).bind(attempts);
    job.execute(&kit.pool).await.unwrap();
}

#[tokio::test]
async fn whoever_dies_over_it_again_and_again_ends_it_with_a_sentence() {
    let (kit, site) = (super::kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    for (hours, attempts, status, says) in [
        (0, 1, "done", ""),
        (0, 12, "failed", "Something went wrong"),
        (7, 1, "partial", "The run ended after 6 hours"),
    ] {
        begun(&kit, &connector, hours, attempts).await;
        kit.work().await;
        let run = last_run(&kit, &connector).await;
        assert_eq!(run["status"], status, "{run}");
        let error = run["error"].as_str().unwrap_or_default();
        assert!(error.contains(says), "{error}");
        assert_eq!(titles(&kit).await, ["Help"]);
    }
}
