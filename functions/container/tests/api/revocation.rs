//! Who is suspended, demoted or logged out is so everywhere: in the next request, and in an answer that is being given.

use crate::kit::{
    ADMIN1, Kit, Person, SUPERUSER, T1, U1, U2,
    http::{Events, Served, streamed},
    provider::Provider,
    wait::wait_until,
};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

const SUSPEND_USER: &str = "update parlance.users set is_active = false where id = $1";
const SUSPEND_TENANT: &str = "update parlance.tenants set status = 'suspended'
     where id = (select tenant_id from parlance.users where id = $1)";
const END_LOGINS: &str = "update parlance.login_sessions set revoked_at = now() where user_id = $1";
const DELETE_USER: &str = "delete from parlance.users where id = $1";
const WAYS: [&str; 4] = [SUSPEND_USER, SUSPEND_TENANT, END_LOGINS, DELETE_USER];

pub(crate) async fn run(kit: &Kit, sql: &'static str, id: Uuid) {
    let done = sqlx::query(sql).bind(id).execute(&kit.pool).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

/// A second process on the same database.
pub(crate) async fn twin(kit: &Kit) -> Kit {
    Kit::on(kit.database.clone(), []).await
}

/// A second process, which listens. It forgets nothing by itself, so that whatever it no longer knows, it was told.
pub(crate) async fn listening_twin(kit: &Kit) -> Kit {
    let twin = Kit::adjusted(kit.database.clone(), [], |config| {
        config.secrets.connections.memory = Duration::from_secs(24 * 60 * 60);
    })
    .await;
    let db = twin.app.db.clone();
    tokio::spawn(async move { db.listen(|_| ()).await });
    wait_until("the twin to listen", async || {
        if listeners(kit).await {
            Ok(())
        } else {
            Err("nobody does")
        }
    })
    .await;
    twin
}

async fn listeners(kit: &Kit) -> bool {
    let sql = "select exists (select from pg_stat_activity where datname = current_database()
                 and application_name = 'parlance listen' and query ilike 'listen %' and state = 'idle')";
    sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap()
}

/// Returns when the token is nobody's any more at that process.
pub(crate) async fn shut_out(kit: &Kit, token: &str, path: &str) {
    let refused = wait_until(format!("{path} to refuse a token"), async || {
        let answer = kit.get(token, path).await;
        match answer.status.as_u16() {
            200 => Err("it answers 200"),
            _ => Ok(answer),
        }
    });
    assert_eq!(refused.await.problem(401), "invalid_token");
}

#[tokio::test] // R4
async fn whoever_is_shut_out_is_so_at_every_process() {
    let kit = Kit::new().await;
    let twin = twin(&kit).await;
    for (way, who) in [
        (SUSPEND_USER, U1),
        (END_LOGINS, U2),
        (SUSPEND_TENANT, ADMIN1),
    ] {
        let token = kit.token(who).await;
        for kit in [&kit, &twin] {
            assert_eq!(kit.get(&token, "/login/me").await.status, 200);
        }
        run(&kit, way, who.id).await;
        for kit in [&kit, &twin] {
            shut_out(kit, &token, "/login/me").await;
        }
    }
}

#[tokio::test] // R4
async fn a_process_that_listens_forgets_at_once() {
    for way in WAYS {
        let kit = Kit::new().await;
        let twin = listening_twin(&kit).await;
        let token = kit.token(U1).await;
        assert_eq!(twin.get(&token, "/login/me").await.status, 200);
        run(&kit, way, U1.id).await;
        shut_out(&twin, &token, "/login/me").await;
    }
}

#[tokio::test] // R4 R68
async fn other_changes_are_told_as_well() {
    let kit = Kit::new().await;
    let twin = listening_twin(&kit).await;
    let admin = kit.token(ADMIN1).await;
    let origin = "https://new.example";
    let preflight = async || {
        let asked = crate::kit::request("", "OPTIONS", "/chat")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = twin.send(asked, axum::body::Body::empty()).await;
        answer.header("access-control-allow-origin") == origin
    };
    assert!(!preflight().await);
    let name = async || twin.get(&admin, "/login/me").await.json["tenant"]["name"].clone();
    assert_ne!(name().await, "Renamed");
    let change = json!({ "name": "Renamed", "allowed_origins": [origin] });
    let changed = kit.patch(&admin, "/tenants/current", change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    wait_until("the new name and the new origin", async || {
        match (name().await, preflight().await) {
            (name, true) if name == "Renamed" => Ok(()),
            (name, allowed) => Err(format!(
                "the name {name}, and the origin allowed: {allowed}"
            )),
        }
    })
    .await;
}

#[tokio::test] // R4
async fn what_changed_while_nobody_listened_is_read_anew() {
    let kit = Kit::new().await;
    let twin = listening_twin(&kit).await;
    let token = kit.token(U1).await;
    assert_eq!(twin.get(&token, "/login/me").await.status, 200);
    // The connection breaks, the change is told to nobody, the connection is made again.
    let mut tx = kit.pool.begin().await.unwrap();
    for sql in [
        "alter table parlance.users disable trigger tell_change",
        "update parlance.users set is_active = false",
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'parlance listen'",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    shut_out(&twin, &token, "/login/me").await;
}

#[tokio::test] // R4
async fn a_caller_is_remembered_without_a_query() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    assert_eq!(kit.get(&token, "/login/me").await.status, 200);
    // Nothing can be asked of a database that lets nobody read.
    for table in ["users", "tenants", "login_sessions"] {
        let lock = format!("alter table parlance.{table} rename to {table}_away");
        let lock = sqlx::AssertSqlSafe(lock);
        sqlx::query(lock).execute(&kit.pool).await.unwrap();
    }
    for _ in 0..50 {
        assert_eq!(kit.get(&token, "/login/me").await.status, 200);
    }
    let fresh = kit.get(&token, "/admin/users").await;
    assert_eq!(fresh.status, 500, "a role is read from the database now");
}

#[tokio::test] // R4
async fn an_answer_ends_with_the_login_that_asked_for_it() {
    for way in WAYS {
        let provider = Provider::start().await;
        let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
        let token = kit.token(U1).await;
        let served = Served::new(&kit).await;
        provider.hold(&["Some of it.", " And the rest."]);
        provider.let_go(1);
        let response = served.send(streamed(&token, "Hello?")).await;
        let mut events = Events::new(response);
        let started = events.one().await;
        assert_eq!(events.one().await.event, "delta");

        run(&kit, way, U1.id).await;
        let last = events.one().await;
        assert_eq!(last.event, "error", "{way}: {last:?}");
        assert_eq!(last.data["type"], "urn:parlance:error:session_revoked");
        assert_eq!(
            (&last.data["status"], &last.data["retryable"]),
            (&json!(401), &json!(false))
        );
        assert!(events.next().await.is_none());
        if way != DELETE_USER {
            let row = kit.until(started.uuid("message_id"), "interrupted").await;
            assert_eq!(row.content, "Some of it.");
        }
        served.stop().await;
    }
}

#[tokio::test] // R4
async fn where_nobody_tells_an_open_answer_looks_itself() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    provider.hold(&["Never."]);
    // Called without a socket: nothing listens.
    let answer = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    let suspend = async {
        provider.asked_for(1).await;
        run(&kit, SUSPEND_USER, U1.id).await;
    };
    let (answer, ()) = tokio::join!(answer, suspend);
    assert_eq!(answer.problem(401), "session_revoked");
}

#[tokio::test] // R29
async fn a_demotion_counts_at_every_process_at_once() {
    let kit = Kit::new().await;
    let twin = twin(&kit).await;
    let may = async |who: Person, token: &str| {
        let path = if who.id == SUPERUSER.id {
            "/tenants"
        } else {
            "/documents"
        };
        twin.get(token, path).await.status.as_u16()
    };
    for (who, sql) in [
        (
            SUPERUSER,
            "update parlance.users set is_superuser = false where id = $1",
        ),
        (
            ADMIN1,
            "update parlance.users set role = 'member' where id = $1",
        ),
    ] {
        let token = kit.token(who).await;
        assert_eq!(may(who, &token).await, 200);
        run(&kit, sql, who.id).await;
        assert_eq!(may(who, &token).await, 403, "read now, not remembered");
    }
    assert_eq!(T1, ADMIN1.tenant_id);
}
