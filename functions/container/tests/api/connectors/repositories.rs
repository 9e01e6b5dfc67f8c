//! Git repositories that a tenant's documents follow.

use super::{counts, git::Git, kit, last_run, read_again, titles};
use crate::kit::{ADMIN1, Answer, Kit, U1};
use serde_json::{Value, json};

const TOKEN: &str = "github_pat_test_canary_of_a_token_4Wd9";

pub(super) fn settings(git: &Git, server: &str) -> Value {
    json!({ "name": "Our docs", "url": git.url(), "repository": { "server": server, "folder": "/docs/" } })
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

/// A repository with some documents in a folder, and with what is none.
async fn some() -> Git {
    let git = Git::start().await;
    git.put("README.md", "100644", b"# Not of the folder");
    git.put(
        "docs/refunds.md",
        "100644",
        b"# Refunds\n\nA refund takes 5 days.",
    );
    git.put(
        "docs/a/b/delivery.md",
        "100755",
        b"# Delivery\n\nIt takes 3 days.",
    );
    git.put("docs/a/returns.txt", "100644", b"Returns are free.");
    git.put("docs/logo.png", "100644", b"PNG");
    git.put("docs/passwd.md", "120000", b"/etc/passwd");
    git.put("docs/vendored", "160000", b"another repository");
    git
}

#[tokio::test]
async fn documents_follow_a_repository_wherever_it_is() {
    for (server, at) in [
        ("github", "/blob/main/docs/refunds.md"),
        ("gitlab", "/-/blob/main/docs/refunds.md"),
        ("forgejo", "/src/branch/main/docs/refunds.md"),
    ] {
        let (kit, git) = (kit().await, some().await);
        let mut of = settings(&git, server);
        of["repository"]["branch"] = json!("main");
        let connector = read(&kit, of).await;
        let run = last_run(&kit, &connector).await;
        assert_eq!(
            (run["status"].as_str(), counts(&run)),
            (Some("done"), [3, 0, 0, 0]),
            "{server}: {run}"
        );
        assert_eq!(
            titles(&kit).await,
            ["delivery.md", "refunds.md", "returns.txt"]
        );
        assert_eq!(
            finds(&kit, "How long does a refund take?").await["source_url"],
            format!("{}{at}", git.url())
        );
        let blobs = |git: &Git| {
            let asked = git.asked().into_iter();
            asked.filter(|path| path.contains("/blobs/")).count()
        };
        assert_eq!(blobs(&git), 3, "neither links nor pictures");

        // The list says that nothing has changed.
        let run = read_again(&kit, &connector).await;
        assert_eq!(counts(&run), [0, 0, 3, 0], "{server}: {run}");
        assert_eq!(blobs(&git), 0);

        // One is new, one says something else, one is gone, at once.
        git.put(
            "docs/refunds.md",
            "100644",
            b"# Refunds\n\nA refund takes 9 days.",
        );
        git.put("docs/new.md", "100644", b"# New\n\nIt is new.");
        git.remove("docs/a/returns.txt");
        let run = read_again(&kit, &connector).await;
        assert_eq!(counts(&run), [1, 1, 1, 1], "{server}: {run}");
        assert_eq!(blobs(&git), 2);
        assert_eq!(titles(&kit).await, ["delivery.md", "new.md", "refunds.md"]);
        let found = finds(&kit, "How long does a refund take?").await;
        assert!(
            found["snippet"].as_str().unwrap().contains("9 days"),
            "{found}"
        );
    }
}

/// What a member finds first.
async fn finds(kit: &Kit, query: &str) -> Value {
    let member = kit.token(U1).await;
    let search = json!({ "query": query });
    let found = kit.post(&member, "/documents/search", search).await;
    found.json["items"][0].clone()
}

#[tokio::test]
async fn what_a_server_says_is_not_believed() {
    let (kit, git) = (kit().await, some().await);
    git.put("docs/large.md", "100644", &vec![b'x'; 11 << 20]);
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    git.put("docs/kept.md", "100644", lfs);
    let mut more = settings(&git, "github");
    more["include"] = json!(["/docs/kept", "/docs/large", "/docs/refunds"]);
    let connector = read(&kit, more).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(
        (run["status"].as_str(), counts(&run), run["failed"].as_i64()),
        (Some("partial"), [1, 0, 0, 0], Some(1)),
        "{run}"
    );
    let reason = &run["problems"][0]["reason"];
    assert!(reason.as_str().unwrap().contains("(LFS)"), "{run}");
    let reason = &run["problems"][1]["reason"];
    assert!(
        reason.as_str().unwrap().contains("larger than 10 MiB"),
        "{run}"
    );
    let wrong_id = json!({ "default_branch": "main", "commit": { "sha": "../../../user" } });
    for (body, says) in [
        ("<html>Log in</html>", "no list or file"),
        (&*wrong_id.to_string(), "no list or file"),
    ] {
        git.answers(200, &[], body);
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(run["error"].as_str().unwrap().contains(says), "{run}");
    }
    let elsewhere = ("location", "http://169.254.169.254/latest/meta-data");
    for (status, headers, says) in [
        (302, &[elsewhere][..], "elsewhere"),
        (404, &[], "no such repository"),
        (401, &[], "token"),
        (500, &[], "status 500"),
    ] {
        git.answers(status, headers, "");
        let run = read_again(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(run["error"].as_str().unwrap().contains(says), "{run}");
    }
    // Asked too often, it is asked later, and nothing is lost by then.
    git.answers(403, &[("x-ratelimit-remaining", "0")], "");
    let run = read_again(&kit, &connector).await;
    assert_eq!(run["status"], "running", "{run}");
    assert_eq!(titles(&kit).await, ["refunds.md"]);
}

#[tokio::test] // R60
async fn no_repository_of_the_deployments_own_network_is_read() {
    let (kit, git) = (Kit::new().await, some().await);
    let port = git.url().split(':').nth(2).unwrap().to_owned();
    for (url, why) in [
        (format!("https://127.0.0.1:{port}"), "public internet"),
        (format!("https://localhost:{port}"), "public internet"),
        ("https://169.254.169.254/a/b".to_owned(), "public internet"),
        (git.url(), "Use https"),
    ] {
        let mut of = settings(&git, "forgejo");
        of["url"] = json!(url);
        let connector = read(&kit, of).await;
        let run = last_run(&kit, &connector).await;
        assert_eq!(run["status"], "failed", "{run}");
        assert!(run["error"].as_str().unwrap().contains(why), "{url}: {run}");
    }
    assert_eq!(git.asked(), [""; 0]);
}

#[tokio::test]
async fn its_token_goes_in_and_never_comes_out() {
    let (kit, git) = (kit().await, some().await);
    git.close(TOKEN);
    let connector = read(&kit, settings(&git, "gitlab")).await;
    let run = last_run(&kit, &connector).await;
    assert!(
        run["error"].as_str().unwrap().contains("needs a token"),
        "{run}"
    );
    let mut with = settings(&git, "gitlab");
    with["repository"]["token"] = json!(TOKEN);
    assert_eq!(set(&kit, &connector, with.clone()).await.status, 200);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [3, 0, 0, 0], "{run}");
    let admin = kit.token(ADMIN1).await;
    let shown = kit.get(&admin, &connector).await;
    let told = &shown.json["repository"];
    assert_eq!(
        (&told["token_last4"], &told["token_readable"]),
        (&json!("4Wd9"), &json!(true))
    );
    let runs = kit.get(&admin, &format!("{connector}/runs")).await;
    let audit = kit.get(&admin, "/admin/audit").await;
    let sealed = "select coalesce(sealed, '') from parlance.connectors";
    let sealed: Vec<u8> = sqlx::query_scalar(sealed)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    let kept = String::from_utf8_lossy(&sealed).into_owned();
    for text in [&shown.text, &runs.text, &audit.text, &kept] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert!(audit.text.contains("connector.update"), "{}", audit.text);
    // Left out, it stays; an empty one takes it away, and so does another address.
    assert_eq!(
        set(&kit, &connector, settings(&git, "gitlab")).await.status,
        200
    );
    assert_eq!(read_again(&kit, &connector).await["status"], "done");
    let mut other = settings(&git, "gitlab");
    other["url"] = json!("https://elsewhere.example/a/b");
    let other = set(&kit, &connector, other).await;
    assert_eq!(
        other.json["repository"]["token_last4"],
        Value::Null,
        "{}",
        other.text
    );
    assert_eq!(set(&kit, &connector, with.clone()).await.status, 200);
    with["repository"]["token"] = json!("");
    let none = set(&kit, &connector, with).await;
    assert_eq!(
        none.json["repository"]["token_last4"],
        Value::Null,
        "{}",
        none.text
    );
    assert_eq!(read_again(&kit, &connector).await["status"], "failed");
    assert_eq!(titles(&kit).await.len(), 3);
}

#[tokio::test]
async fn what_is_no_repository_is_not_made() {
    let (kit, git) = (kit().await, Git::start().await);
    let admin = kit.token(ADMIN1).await;
    for (more, field) in [
        (json!({ "branch": "" }), "repository.branch"),
        (json!({ "folder": "docs/../.." }), "repository.folder"),
        (json!({ "token": "a b c d e f" }), "repository.token"),
        (json!({ "token": "glpat-0123456789€€" }), "repository.token"),
    ] {
        let mut of = settings(&git, "github");
        let more = more.as_object().unwrap().clone();
        of["repository"].as_object_mut().unwrap().extend(more);
        let refused = kit.post(&admin, "/documents/connectors", of).await;
        assert_eq!(refused.fields(), [field]);
    }
    let bucket =
        json!({ "name": "help", "access_key_id": "AKIA", "secret_access_key": "secretsecret" });
    for (name, value) in [
        ("listed", json!(false)),
        ("max_depth", json!(2)),
        ("url", json!("https://github.com/acme")),
        ("bucket", bucket),
    ] {
        let mut of = settings(&git, "github");
        of[name] = value;
        let refused = kit.post(&admin, "/documents/connectors", of).await;
        assert_eq!(refused.fields(), [name]);
    }
}
