//! More to do than the database can: who waits, who is refused, and that one tenant's crowd does not hold up another's
//! people. What holds the connections is held by the test, so that no time decides.

use crate::kit::{
    ADMIN1, Kit, METRICS_TOKEN, U1, V1,
    database::Database,
    http::{Events, Served, streamed},
    provider::Provider,
    request,
    wait::wait_until,
};
use axum::body::Body;
use db::{Asked, Caller, TenantTx};
use futures_util::future::join_all;
use serde_json::json;
use service::Config;
use std::{sync::Mutex, time::Duration};
use tower::ServiceExt;

/// A service with so many connections, which remembers its callers for as long as a test takes.
async fn on(database: &Database, connections: &str, queue: &str) -> Kit {
    let vars = [
        ("DATABASE_MAX_CONNECTIONS", connections),
        ("DATABASE_QUEUE_MILLISECONDS", queue),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let memory =
        |config: &mut Config| config.secrets.connections.memory = Duration::from_secs(3600);
    Kit::adjusted(database.clone(), vars, memory).await
}

async fn with_connections(connections: &str) -> Kit {
    on(&Database::clone_template().await, connections, "60000").await
}

async fn caller(kit: &Kit, token: &str) -> Caller {
    let verified = kit.app.verify(token).expect("the token is good");
    let asked = Asked {
        at: kit.clock.now(),
        request_id: "of-a-test".into(),
        client_ip: None,
    };
    let caller = wait_until("a caller", async || {
        kit.app.db.caller(&verified, &asked).await
    });
    caller.await.expect("its login has not ended")
}

/// Takes a connection away from everybody until it is dropped; it counts as one of the caller's tenant.
async fn hold(kit: &Kit, token: &str) -> TenantTx {
    let caller = caller(kit, token).await;
    // The login before it may still be on its way back.
    wait_until("a connection to hold", async || {
        kit.app.db.tenant(&caller).await
    })
    .await
}

async fn until_in_use(kit: &Kit, expected: (usize, usize)) {
    let what = format!("{expected:?} connections in use and waited for");
    wait_until(what, async || match kit.app.db.in_use() {
        now if now == expected => Ok(()),
        now => Err(format!("{now:?}")),
    })
    .await;
}

async fn people(kit: &Kit) -> [String; 2] {
    [kit.token(U1).await, kit.token(V1).await]
}

#[tokio::test] // R79
async fn who_waits_too_long_is_told_when_to_come_again() {
    let patient = with_connections("2").await;
    let [one, two] = people(&patient).await;
    let kit = on(&patient.database, "2", "1").await;
    let held = [hold(&kit, &one).await, hold(&kit, &two).await];
    // Of a busy machine, some of that may have waited too long as well.
    let before = kit.app.db.counters().overloaded.get();
    for (method, path) in [
        ("GET", "/chat/sessions"),
        ("POST", "/chat"),
        ("POST", "/login"),
        ("GET", "/chat/ui/c"),
        ("POST", "/v1/chat/completions"),
    ] {
        let body = match path {
            "/chat" => json!({ "message": "Hello?" }),
            "/v1/chat/completions" => {
                json!({ "model": "default", "messages": [{ "role": "user", "content": "Hello?" }] })
            }
            _ => json!({ "email": U1.email, "password": "wrong" }),
        };
        let token = if path == "/login" { "" } else { &one };
        let refused = match method {
            "GET" => kit.get(token, path).await,
            _ => kit.post(token, path, body).await,
        };
        // In the form of each.
        assert_eq!(refused.problem(503), "overloaded", "{path}");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(kit.messages().await.is_empty());
    // What needs no connection goes on; whoever asks whether it is ready waits for nobody's turn.
    assert_eq!(kit.get("", "/health").await.status, 200);
    assert_eq!(kit.get(&one, "/login/me").await.status, 200);
    let metrics = kit.get(METRICS_TOKEN, "/metrics").await.text;
    for line in [
        &*format!("parlance_overloaded_total {}\n", before + 5),
        "parlance_database_in_use 2\n",
        "parlance_database_waiting 0\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let (ready, ()) = tokio::join!(kit.get("", "/ready"), async { drop(held) });
    assert_eq!(ready.status, 200, "{}", ready.text);
    until_in_use(&kit, (0, 0)).await;
    assert_eq!(kit.get(&one, "/chat/sessions").await.status, 200);
}

#[tokio::test] // R79
async fn one_tenants_crowd_leaves_half_to_others() {
    let kit = with_connections("4").await;
    let [one, two] = people(&kit).await;
    let others = hold(&kit, &two).await;
    let half = [hold(&kit, &one).await, hold(&kit, &one).await];
    let crowd = join_all((0..10).map(|_| kit.get(&one, "/chat/sessions")));
    let beside = async {
        until_in_use(&kit, (3, 10)).await;
        // The fourth is free, and not for the crowd.
        for path in ["/chat/sessions", "/login/sessions"] {
            let answer = kit.get(&two, path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let stranger = kit.get("", "/login/me").await;
        assert_eq!(stranger.status, 401);
        drop((half, others));
    };
    let (crowd, ()) = tokio::join!(crowd, beside);
    for answer in crowd {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test] // R79
async fn tenants_take_turns_however_many_of_one_came_first() {
    let kit = with_connections("1").await;
    let [one, two] = people(&kit).await;
    let admin = kit.token(ADMIN1).await;
    // Known already, each asks for one connection.
    for token in [&one, &admin, &two] {
        caller(&kit, token).await;
    }
    let held = hold(&kit, &one).await;
    let come = Mutex::new(String::new());
    let ask = async |name: char, token: &str| {
        let answer = kit.get(token, "/chat/sessions").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        come.lock().unwrap().push(name);
    };
    let crowd = join_all((0..20).map(|_| ask('a', &one)));
    let late = async {
        until_in_use(&kit, (1, 20)).await;
        let let_go = async {
            until_in_use(&kit, (1, 22)).await;
            drop(held);
        };
        tokio::join!(ask('b', &admin), ask('c', &two), let_go);
    };
    tokio::join!(crowd, late);
    let come = come.into_inner().unwrap();
    // Each after one of the crowd or two; a few more, should its account have to be read again.
    for name in ['b', 'c'] {
        assert!(come.find(name).unwrap() < 10, "{come}");
    }
}

#[tokio::test] // R79
async fn who_leaves_makes_room() {
    let kit = with_connections("1").await;
    let [one, two] = people(&kit).await;
    let held = hold(&kit, &one).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let service = kit.service.clone();
        let asked = request(&one, "GET", "/chat/sessions").body(Body::empty());
        waiting.push(tokio::spawn(service.oneshot(asked.unwrap())));
    }
    until_in_use(&kit, (1, 3)).await;
    for left in waiting {
        left.abort();
    }
    until_in_use(&kit, (1, 0)).await;
    drop(held);
    until_in_use(&kit, (0, 0)).await;
    // Nor do those who leave in the midst of it, of whom some have a connection.
    for _ in 0..20 {
        let leaves = kit.get(&one, "/chat/sessions");
        let soon = tokio::task::yield_now();
        tokio::select! {
            biased;
            _ = leaves => {}
            () = soon => {}
        }
    }
    assert_eq!(kit.get(&two, "/chat/sessions").await.status, 200);
    until_in_use(&kit, (0, 0)).await;
}

#[tokio::test] // R79
async fn an_answer_that_waits_for_its_model_holds_nothing() {
    let provider = Provider::start().await;
    let key = ("OPENAI_API_KEY", "sk-deployment");
    let kit = provider.kit([key]).await;
    let served = Served::new(&kit).await;
    let [one, two] = people(&kit).await;
    for _ in 0..6 {
        provider.hold(&["The whole answer."]);
    }
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut events = Events::new(served.send(streamed(&one, "Hello?")).await);
        assert_eq!(events.one().await.event, "start");
        streams.push(events);
    }
    let whole = kit.post(&one, "/chat", json!({ "message": "Hello?" }));
    let beside = async {
        provider.asked_for(6).await;
        until_in_use(&kit, (0, 0)).await;
        let answer = kit.get(&two, "/chat/sessions").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        provider.let_go(100);
    };
    let (whole, ()) = tokio::join!(whole, beside);
    assert_eq!(whole.status, 200, "{}", whole.text);
    for events in streams {
        assert_eq!(events.all().await.last().unwrap().event, "done");
    }
}
