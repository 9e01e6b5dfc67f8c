//! A standby beside the database: what is read there, and that nobody can tell.

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, U1, V1,
    proxy::{Breakable, url_through},
    replica::Replicated,
    wait::wait_until,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// What may be read at a replica, as an administrator of a tenant asks for it.
fn reads(session: Uuid) -> Vec<(&'static str, String, Value)> {
    let get = |path: &str| ("GET", path.to_owned(), Value::Null);
    let search = json!({ "query": "Which word is it?" });
    vec![
        get("/chat/sessions"),
        get(&format!("/chat/sessions/{session}/messages")),
        get("/chat/search?q=word"),
        get("/documents"),
        get("/admin/users"),
        get("/admin/audit?action=document."),
        get("/admin/audit?action=document.&format=csv"),
        ("POST", "/documents/search".to_owned(), search),
    ]
}

async fn read(kit: &Kit, token: &str, (method, path, body): &(&str, String, Value)) -> Answer {
    match *method {
        "GET" => kit.get(token, path).await,
        method => kit.json(token, method, path, body.clone()).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_searches_are_read_at_the_replica_and_are_the_same() {
    let servers = Replicated::new("lists").await;
    let (kit, plain) = (servers.kit().await, servers.plain().await);
    assert_eq!(plain.get("", "/health").await.json["replica"], Value::Null);
    kit.replica_is("used").await;
    let mut sessions = Vec::new();
    for admin in [ADMIN1, ADMIN2] {
        let text = format!("Only {} knows its word.", admin.tenant);
        kit.add_document(admin, admin.tenant, &text).await;
        sessions.push(kit.chat(admin, "Which word?").await);
    }
    for (admin, session) in [(ADMIN1, sessions[0]), (ADMIN2, sessions[1])] {
        let token = kit.token(admin).await;
        for asked in reads(session) {
            let before = kit.counted("replica_read").await;
            let answer = read(&kit, &token, &asked).await;
            assert_eq!(answer.status, 200, "{asked:?}: {}", answer.text);
            assert_eq!(answer.text, read(&plain, &token, &asked).await.text);
            assert!(answer.text.len() > 40, "{asked:?}: {}", answer.text);
            assert!(kit.counted("replica_read").await > before, "{asked:?}");
        }
    }
    assert_eq!(kit.counted("replica_missed").await, 0);
    servers.end([kit, plain]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_rows_are_hidden_at_the_replica() {
    let servers = Replicated::new("apart").await;
    let kit = servers.kit().await;
    kit.replica_is("used").await;
    kit.add_document(ADMIN1, "canary", "A canary sings a word.")
        .await;
    let session = kit.chat(U1, "Which canary?").await;
    for stranger in [V1, ADMIN2] {
        let token = kit.token(stranger).await;
        for asked in reads(session) {
            let before = kit.counted("replica_read").await;
            let answer = read(&kit, &token, &asked).await;
            let of_admins = asked.1.starts_with("/admin") || asked.1 == "/documents";
            let expected = match stranger.id == V1.id {
                true if of_admins => 403,
                _ if asked.1.ends_with("/messages") => 404,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{asked:?}: {}", answer.text);
            assert!(
                !answer.text.contains("canary"),
                "{asked:?}: {}",
                answer.text
            );
            let is_read = kit.counted("replica_read").await > before;
            assert_eq!(is_read, expected != 403, "{asked:?}");
        }
    }
    // As the service's role, past the service.
    let app = servers.standby().url_as("app");
    let mut connection = crate::kit::database::connect_to(&app).await;
    let all = sqlx::query("select from parlance.chat_sessions").execute(&mut connection);
    let refused = all.await.unwrap_err();
    let refused = refused.as_database_error().unwrap().code();
    assert_eq!(refused.as_deref(), Some("42501"));
    drop(connection);
    servers.end([kit]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_read_although_the_replica_stands_still() {
    let servers = Replicated::new("behind").await;
    // The next request reaches another process.
    let (kit, other) = (servers.kit().await, servers.kit().await);
    let session = kit.chat(U1, "How long?").await;
    kit.replica_is("used").await;
    other.replica_is("used").await;

    servers.at_standby("select pg_wal_replay_pause()").await;
    let token = kit.token(U1).await;
    let path = format!("/chat/sessions/{session}");
    for title in ["First", "Second"] {
        let changed = kit.patch(&token, &path, json!({ "title": title })).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let list = other.get(&token, "/chat/sessions").await;
        assert_eq!(list.json["items"][0]["title"], title, "{}", list.text);
    }
    let ask = json!({ "message": "And now?", "session_id": session });
    assert_eq!(kit.post(&token, "/chat", ask).await.status, 200);
    let messages = format!("{path}/messages");
    let messages = other.get(&token, &messages).await;
    assert_eq!(messages.json["items"].as_array().unwrap().len(), 4);
    let deleted = kit.delete(&token, &path).await;
    assert_eq!(deleted.status, 204);
    let list = other.get(&token, "/chat/sessions").await;
    assert_eq!(list.json["items"], json!([]), "{}", list.text);
    other.replica_is("left_out").await;
    assert!(other.counted("replica_missed").await > 0);

    servers.at_standby("select pg_wal_replay_resume()").await;
    other.replica_is("used").await;
    let before = other.counted("replica_read").await;
    let list = other.get(&token, "/chat/sessions").await;
    assert_eq!(list.json["items"], json!([]), "{}", list.text);
    assert!(other.counted("replica_read").await > before);
    servers.end([kit, other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_when_the_replica_does() {
    let servers = Replicated::new("ends").await;
    let kit = servers.kit().await;
    let session = kit.chat(ADMIN1, "Which word?").await;
    let token = kit.token(ADMIN1).await;
    kit.replica_is("used").await;
    let over = AtomicBool::new(false);
    let asking = async {
        let mut asked = 0;
        while !over.load(Ordering::Relaxed) {
            for asked in reads(session) {
                let answer = read(&kit, &token, &asked).await;
                assert_eq!(answer.status, 200, "{asked:?}: {}", answer.text);
            }
            asked += 1;
        }
        asked
    };
    let breaking = async {
        for _ in 0..20 {
            let end =
                "select pg_terminate_backend(pid) from pg_stat_activity where usename like '%app'";
            servers.at_standby(end).await;
        }
        tokio::task::block_in_place(|| servers.stop_standby());
        kit.replica_is("left_out").await;
        let missed = kit.counted("replica_missed").await;
        wait_until("reads without a replica", async || {
            match kit.counted("replica_missed").await {
                count if count > missed + 8 => Ok(()),
                count => Err(count),
            }
        })
        .await;
        tokio::task::block_in_place(|| servers.start_standby());
        kit.replica_is("used").await;
        over.store(true, Ordering::Relaxed);
    };
    let (asked, ()) = tokio::join!(asking, breaking);
    assert!(asked > 0);
    servers.end([kit]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_says_nothing_is_left_out() {
    let servers = Replicated::new("silent").await;
    let standby = servers.standby();
    let way = Breakable::to(&standby).await;
    let kit = servers.kit_at(&url_through(way.address, &standby)).await;
    let token = kit.token(U1).await;
    kit.replica_is("used").await;
    assert_eq!(kit.get(&token, "/chat/sessions").await.status, 200);
    assert!(kit.counted("replica_read").await > 0);
    way.swallow();
    let all = join_all((0..4).map(|_| kit.get(&token, "/chat/sessions"))).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert!(kit.counted("replica_missed").await > 0);
    // What was swallowed is given up, and a new connection made.
    kit.replica_is("used").await;
    servers.end([kit]).await;
}

/// Waits until the service has looked twice at what shall be its replica: it looks again at what it did not take.
async fn looked_twice(servers: &Replicated, role: &str) {
    let pool = servers.standby().pool().await;
    let mut first = None;
    wait_until("a second look at the replica", async || {
        let looked: Option<String> = sqlx::query_scalar(
            "select max(query_start)::text from pg_stat_activity
             where usename = $1 and state = 'idle' and pid <> pg_backend_pid() and query like '%_sqlx_migrations%'",
        )
        .bind(role)
        .fetch_one(&pool)
        .await
        .unwrap();
        match (&first, &looked) {
            (Some(first), Some(_)) if *first != looked => return Ok(()),
            (None, Some(_)) => first = Some(looked.clone()),
            _ => {}
        }
        Err(looked.unwrap_or_default())
    })
    .await;
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_fit_standby_of_this_database_is_left_out() {
    let servers = Replicated::new("unfit").await;
    // Row-level security does not bind this one.
    let kit = servers.kit_at(&servers.standby().url()).await;
    let token = kit.token(U1).await;
    assert_eq!(kit.get(&token, "/chat/sessions").await.status, 200);
    looked_twice(&servers, "parlance").await;
    kit.replica_is("left_out").await;
    assert_eq!(kit.counted("replica_read").await, 0);

    // And this one goes its own way from now on.
    let promoted = servers.kit().await;
    promoted.replica_is("used").await;
    servers.at_standby("select pg_promote()").await;
    let session = promoted.chat(U1, "Since when?").await;
    let list = promoted.get(&token, "/chat/sessions").await;
    assert_eq!(list.json["items"][0]["id"], json!(session), "{}", list.text);
    promoted.replica_is("left_out").await;

    // The primary itself is none either, and there is another server whose database has another name.
    let own = servers.kit_at(&servers.database.url_as("app")).await;
    assert_eq!(own.get(&token, "/chat/sessions").await.status, 200);
    assert_eq!(own.counted("replica_read").await, 0);
    servers.end([kit, promoted, own]).await;
}
