//! Many tenants at once over few connections, with requests that are cancelled anywhere: nobody is ever given
//! what is another's.

use crate::{
    database::context::{assert_no_residue, watch_residue},
    kit::{Kit, Person, U1, random::Random, wait::wait_until},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::timeout};
use uuid::Uuid;

const TASKS: u64 = 32;
/// It goes on for so long, and on a slow machine until there were enough of both.
const TIME: Duration = Duration::from_secs(8);
const OPERATIONS: u64 = 6000;
const ENOUGH: (u64, u64) = (300, 100);
const SLUGS: [&str; 4] = ["north", "east", "south", "west"];

/// One tenant with one user, who administers it and has a conversation.
#[derive(Debug)]
struct Home {
    slug: &'static str,
    tenant: Uuid,
    user: Uuid,
    token: String,
    session: Uuid,
}

/// The email is the same in every tenant.
async fn settle(kit: &Kit, slug: &'static str) -> Home {
    let (tenant, user) = (Uuid::now_v7(), Uuid::now_v7());
    sqlx::query("insert into parlance.tenants (id, slug, name) values ($1, $2, $2)")
        .bind(tenant)
        .bind(slug)
        .execute(&kit.pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into parlance.users (tenant_id, id, email, password_hash, role)
         select $1, $2, 'same@everywhere.example', password_hash, 'admin' from parlance.users where id = $3",
    )
    .bind(tenant)
    .bind(user)
    .bind(U1.id)
    .execute(&kit.pool)
    .await
    .unwrap();
    let who = Person {
        tenant: slug,
        tenant_id: tenant,
        id: user,
        email: "same@everywhere.example",
        role: "admin",
    };
    let token = kit.token(who).await;
    let asked = kit.post(&token, "/chat", json!({ "message": slug })).await;
    let document = json!({ "title": slug, "text": format!("{slug} compass {slug}") });
    assert_eq!(kit.post(&token, "/documents", document).await.status, 202);
    Home {
        slug,
        tenant,
        user,
        session: asked.id("session_id"),
        token,
    }
}

/// One request of a home, and whether the answer is its own.
async fn once(kit: &Kit, home: &Home, which: u64) -> Result<(), String> {
    let token = &home.token;
    let session = format!("/chat/sessions/{}", home.session);
    let answer = match which {
        0 => kit.get(token, "/login/me").await,
        1 => kit.get(token, "/chat/sessions").await,
        2 => kit.get(token, &session).await,
        3 => kit.get(token, &format!("{session}/messages")).await,
        4 => kit.get(token, "/admin/users").await,
        5 => kit.get(token, "/tenants/current").await,
        6 => kit.get(token, "/documents").await,
        7 => {
            kit.post(token, "/documents/search", json!({ "query": "compass" }))
                .await
        }
        _ => {
            kit.patch(token, &session, json!({ "title": home.slug }))
                .await
        }
    };
    // Two seconds without a connection is an honest answer under this load.
    if answer.status == 503 {
        return Ok(());
    }
    let items = |field: &str, own: &Value| {
        let items = answer.json["items"].as_array();
        items.is_some_and(|items| !items.is_empty() && items.iter().all(|item| item[field] == *own))
    };
    let (slug, tenant) = (json!(home.slug), json!(home.tenant));
    let own = match which {
        0 => answer.json["user"]["id"] == json!(home.user) && answer.json["tenant"]["id"] == tenant,
        1 => items("title", &slug) && items("id", &json!(home.session)),
        2 => answer.json["title"] == slug,
        3 => answer.json["items"][0]["content"] == slug,
        4 => items("tenant_id", &tenant) && items("id", &json!(home.user)),
        5 => answer.json["id"] == tenant,
        6 | 7 => items("title", &slug),
        _ => answer.json["title"] == slug && answer.json["id"] == json!(home.session),
    };
    if own && answer.status == 200 {
        Ok(())
    } else {
        Err(format!(
            "{} asked {which} and got {} {}",
            home.slug, answer.status, answer.text
        ))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)] // R36
async fn nobody_is_given_what_is_anothers_however_requests_end() {
    let seed = std::env::var("STRESS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(36);
    let kit = Arc::new(Kit::with([("DATABASE_MAX_CONNECTIONS", "4")]).await);
    watch_residue(&kit.pool).await;
    let mut homes = Vec::new();
    for slug in SLUGS {
        homes.push(Arc::new(settle(&kit, slug).await));
    }
    let (done, cancelled) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let home = homes[usize::try_from(task).unwrap() % homes.len()].clone();
        let (kit, done, cancelled) = (kit.clone(), done.clone(), cancelled.clone());
        let mut random = Random(seed * 1000 + task);
        tasks.spawn(async move {
            let goes_on = || {
                let (done, cancelled) = (done.load(Relaxed), cancelled.load(Relaxed));
                let more = started.elapsed() < TIME && done < OPERATIONS;
                more || done < ENOUGH.0 || cancelled < ENOUGH.1
            };
            while goes_on() {
                let request = once(&kit, &home, random.below(9));
                let micros = if random.below(2) == 0 {
                    random.below(20_000)
                } else {
                    10_000_000
                };
                match timeout(Duration::from_micros(micros), request).await {
                    Ok(Err(wrong)) => panic!("STRESS_SEED={seed}: {wrong}"),
                    Ok(Ok(())) => done.fetch_add(1, Relaxed),
                    Err(_) => cancelled.fetch_add(1, Relaxed),
                };
                if random.below(20) == 0 {
                    assert_no_residue(&kit, &format!("stress, STRESS_SEED={seed}")).await;
                }
            }
        });
    }
    wait_until("enough answers and cancelled requests", async || {
        let now = (done.load(Relaxed), cancelled.load(Relaxed));
        let enough = now.0 >= ENOUGH.0 && now.1 >= ENOUGH.1;
        if enough {
            Ok(())
        } else {
            Err(format!("{} and {}", now.0, now.1))
        }
    })
    .await;
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|e| panic!("STRESS_SEED={seed}: {e}"));
    }
    let foreign: i64 = sqlx::query_scalar(
        "select count(*) from parlance.chat_sessions s join parlance.tenants t on t.id = s.tenant_id where s.title <> t.slug",
    )
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    assert_eq!(
        foreign, 0,
        "STRESS_SEED={seed}: a title is in the wrong tenant"
    );
}
