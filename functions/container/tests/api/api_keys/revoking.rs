//! The end of a key: it is nobody's in the next request, and in an answer that is being given.

use super::{Made, ask, make, make_with, revoke};
use crate::{
    kit::{
        ADMIN1, Kit, SECRET_KEY, SUPERUSER, T1, T2,
        http::{Events, Served, streamed},
        provider::Provider,
    },
    revocation::{listening_twin, run, shut_out, twin},
};
use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use tenant_auth::{ApiKeys, RootSecret};
use uuid::Uuid;

const REVOKE: &str = "update parlance.api_keys set revoked_at = now() where id = $1";
const SUSPEND_TENANT: &str = "update parlance.tenants set status = 'suspended'
     where id = (select tenant_id from parlance.api_keys where id = $1)";
const DELETE: &str = "delete from parlance.api_keys where id = $1";
const WAYS: [&str; 3] = [REVOKE, SUSPEND_TENANT, DELETE];

#[tokio::test] // R4
async fn a_key_that_ended_is_nobodys_at_every_process() {
    for way in WAYS {
        let kit = Kit::new().await;
        let twin = twin(&kit).await;
        let made = make(&kit, ADMIN1, &["chat"]).await;
        for kit in [&kit, &twin] {
            assert_eq!(kit.get(&made.key, "/chat/sessions").await.status, 200);
        }
        run(&kit, way, made.id).await;
        for kit in [&kit, &twin] {
            shut_out(kit, &made.key, "/chat/sessions").await;
        }
    }
}

#[tokio::test] // R4
async fn a_process_that_listens_forgets_a_key_at_once() {
    for way in WAYS {
        let kit = Kit::new().await;
        let twin = listening_twin(&kit).await;
        let made = make(&kit, ADMIN1, &["chat"]).await;
        assert_eq!(twin.get(&made.key, "/chat/sessions").await.status, 200);
        run(&kit, way, made.id).await;
        shut_out(&twin, &made.key, "/chat/sessions").await;
    }
    // And one of a tenant that is suspended no more is good again.
    let kit = Kit::new().await;
    let twin = listening_twin(&kit).await;
    let made = make(&kit, ADMIN1, &["chat"]).await;
    run(&kit, SUSPEND_TENANT, made.id).await;
    shut_out(&twin, &made.key, "/chat/sessions").await;
    let active = json!({ "status": "active" });
    let token = kit.token(SUPERUSER).await;
    kit.patch(&token, &format!("/tenants/{T1}"), active).await;
    crate::kit::wait::wait_until("the key to be good again", async || {
        let status = twin.get(&made.key, "/chat/sessions").await.status.as_u16();
        (status == 200).then_some(()).ok_or(status)
    })
    .await;
}

#[tokio::test] // R4
async fn a_key_ends_by_itself() {
    let kit = Kit::new().await;
    let asked =
        json!({ "name": "A server", "scopes": ["chat", "documents"], "expires_in_days": 1 });
    let made = make_with(&kit, ADMIN1, asked).await;
    kit.clock
        .advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    for path in ["/chat/sessions", "/documents"] {
        assert_eq!(kit.get(&made.key, path).await.status, 200);
    }
    kit.clock.advance(TimeDelta::seconds(1));
    for path in ["/chat/sessions", "/documents"] {
        assert_eq!(kit.get(&made.key, path).await.problem(401), "invalid_token");
    }
    // Its administrators see that it has.
    let token = kit.token(ADMIN1).await;
    let path = format!("/admin/api-keys/{}", made.id);
    assert_eq!(kit.get(&token, &path).await.status, 200);
}

#[tokio::test] // R4
async fn an_answer_ends_with_the_key_that_asked_for_it() {
    for way in WAYS {
        let provider = Provider::start().await;
        let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
        let made = make(&kit, ADMIN1, &["chat"]).await;
        let served = Served::new(&kit).await;
        provider.hold(&["Some of it.", " And the rest."]);
        provider.let_go(1);
        let mut events = Events::new(served.send(streamed(&made.key, "Hello?")).await);
        let started = events.one().await;
        assert_eq!(events.one().await.event, "delta");
        run(&kit, way, made.id).await;
        let last = events.one().await;
        assert_eq!(last.event, "error", "{way}: {last:?}");
        assert_eq!(last.data["type"], "urn:parlance:error:session_revoked");
        assert!(events.next().await.is_none());
        let row = kit.until(started.uuid("message_id"), "interrupted").await;
        assert_eq!(row.content, "Some of it.");
        served.stop().await;
    }
}

#[tokio::test] // R4
async fn where_nobody_tells_an_open_answer_of_a_key_looks_itself() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let made = make(&kit, ADMIN1, &["chat"]).await;
    provider.hold(&["Never."]);
    let end = async {
        provider.asked_for(1).await;
        run(&kit, REVOKE, made.id).await;
    };
    let (answer, ()) = tokio::join!(ask(&kit, &made.key), end);
    assert_eq!(answer.problem(401), "session_revoked");
}

/// Makers of keys, as this deployment and another one have them.
fn makers() -> (ApiKeys, ApiKeys) {
    let root = |secret: &str| RootSecret::new(&secret.into()).expect("the secret is strong");
    let other = "another-canary-root-2e8b05a36c1f4d7e2b9a89f2c7d41";
    (ApiKeys::new(&root(SECRET_KEY)), ApiKeys::new(&root(other)))
}

/// Keys that are no good, each for a reason of its own.
async fn bad(kit: &Kit) -> Vec<String> {
    let all = &["chat", "documents"];
    let (good, revoked) = (make(kit, ADMIN1, all).await, make(kit, ADMIN1, all).await);
    assert_eq!(revoke(kit, ADMIN1, revoked.id).await.status, 204);
    let expired = json!({ "name": "Expired", "scopes": all, "expires_in_days": 1 });
    let Made {
        key: expired, id, ..
    } = make_with(kit, ADMIN1, expired).await;
    let sql = "update parlance.api_keys set expires_at = now() - interval '1 hour' where id = $1";
    run(kit, sql, id).await;
    let (ours, theirs) = makers();
    let made =
        |by: &ApiKeys, tenant: Uuid, id: Uuid| by.make(tenant, id).key.expose_secret().to_owned();
    let mut flipped = good.key.clone();
    let last = if flipped.ends_with('A') { "B" } else { "A" };
    flipped.replace_range(99.., last);
    vec![
        "pk_live_".into(),
        "pk_live_x".into(),
        format!("pk_live_{}", "A".repeat(92)),
        format!("pk_live_{}", "x".repeat(6000)),
        good.key[..99].to_owned(),
        format!("{}A", good.key),
        good.key.to_uppercase(),
        good.key.replace("pk_live_", "pk_test_"),
        flipped,
        revoked.key,
        expired,
        // Of another deployment; never stored; of another tenant; the right id, and other chance.
        made(&theirs, T1, good.id),
        made(&ours, T1, Uuid::now_v7()),
        made(&ours, T2, good.id),
        made(&ours, Uuid::now_v7(), good.id),
        made(&ours, T1, good.id),
    ]
}

#[tokio::test] // R2
async fn whatever_ails_a_key_the_answer_is_the_same() {
    let kit = Kit::new().await;
    let bad = bad(&kit).await;
    for path in ["/chat/sessions", "/documents", "/admin/users"] {
        let mut answers = Vec::new();
        for key in &bad {
            let mut answer = kit.get(key, path).await;
            assert_eq!(answer.problem(401), "invalid_token", "{key}");
            answer.json["instance"] = Value::Null;
            answer.headers.remove("x-request-id");
            answers.push((answer.json, format!("{:?}", answer.headers)));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:#?}");
    }
}

#[tokio::test]
async fn keys_that_are_no_good_cost_the_database_next_to_nothing() {
    let kit = Kit::new().await;
    let bad = bad(&kit).await;
    // It forgets nothing by itself.
    let twin = Kit::adjusted(kit.database.clone(), [], |config| {
        config.secrets.connections.memory = Duration::from_secs(24 * 60 * 60);
    })
    .await;
    let paths = ["/chat/sessions", "/documents"];
    for key in &bad {
        assert_eq!(twin.get(key, paths[0]).await.problem(401), "invalid_token");
    }
    let away = "alter table parlance.api_keys rename to api_keys_away";
    sqlx::query(away).execute(&kit.pool).await.unwrap();
    for _ in 0..20 {
        for (key, path) in bad.iter().flat_map(|key| paths.map(|path| (key, path))) {
            let refused = twin.get(key, path).await;
            assert_eq!(refused.problem(401), "invalid_token", "{key} {path}");
        }
    }
    // What nobody has ever made is known without any memory.
    for key in bad.iter().filter(|key| makers().0.open(key).is_none()) {
        assert_eq!(kit.get(key, paths[0]).await.problem(401), "invalid_token");
    }
}
