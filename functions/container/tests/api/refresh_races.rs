//! Many refreshes at the same moment, of two processes: whoever wins, a login has one generation of tokens.

use crate::kit::{Kit, U1, program::Program, request, wait::wait_until};
use axum::body::Body;
use futures_util::future::join_all;
use http_body_util::BodyExt;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Two processes on one database.
struct Service {
    kit: Kit,
    programs: [Program; 2],
}

/// A login as its client knows it.
struct Client {
    /// Every refresh token so far, oldest first.
    tokens: Vec<String>,
    session: Uuid,
}

/// Which token is presented, and by how many at once.
#[derive(Clone, Copy, Debug)]
struct Wave {
    back: usize,
    at_once: usize,
}

fn waves() -> impl Strategy<Value = Vec<Wave>> {
    let back = prop_oneof![6 => Just(0_usize), 3 => Just(1), 1 => 2..4_usize];
    let wave = (back, 1..=12_usize).prop_map(|(back, at_once)| Wave { back, at_once });
    prop::collection::vec(wave, 1..=7)
}

impl Service {
    async fn new() -> Self {
        let kit = Kit::new().await;
        let vars = [("DATABASE_MAX_CONNECTIONS".to_owned(), "5".to_owned())];
        let programs = [
            Program::serve(&kit, &vars).await,
            Program::serve(&kit, &vars).await,
        ];
        Self { kit, programs }
    }

    async fn client(&self) -> Client {
        let login = self.kit.login(U1).await;
        let newest = "select id from parlance.login_sessions order by id desc limit 1";
        let session = sqlx::query_scalar(newest).fetch_one(&self.kit.pool);
        Client {
            tokens: vec![login.json["refresh_token"].as_str().unwrap().to_owned()],
            session: session.await.unwrap(),
        }
    }

    /// Presents one token many times at once, to both processes; status and body of each answer.
    async fn present(&self, token: &str, at_once: usize) -> Vec<(u16, Value)> {
        join_all((0..at_once).map(|n| self.present_once(token, n % 2))).await
    }

    /// To one that is too busy it is presented again, as it says: a slow machine has no connection for some in time.
    async fn present_once(&self, token: &str, program: usize) -> (u16, Value) {
        wait_until("a refresh that is answered", async || {
            let body = json!({ "refresh_token": token });
            let asked = request("", "POST", "/login/refresh")
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
                .unwrap();
            let answer = self.programs[program].send(asked).await;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            match status {
                503 => Err(status),
                _ => Ok((status, serde_json::from_slice(&body).unwrap())),
            }
        })
        .await
    }
}

/// Generation, and whether the login has ended.
async fn row(pool: &PgPool, session: Uuid) -> (i64, bool) {
    let sql =
        "select generation, revoked_at is not null from parlance.login_sessions where id = $1";
    let row = sqlx::query_as(sql).bind(session).fetch_one(pool);
    row.await.unwrap()
}

/// Plays the waves, and holds every answer against what a single client doing this slowly would see.
async fn play(service: &Service, waves: &[Wave]) -> Result<(), TestCaseError> {
    let mut client = service.client().await;
    let mut ended = false;
    for wave in waves {
        let back = wave.back.min(client.tokens.len() - 1);
        let at = client.tokens.len() - 1 - back;
        let answers = service.present(&client.tokens[at], wave.at_once).await;
        let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        ended |= back > 1;
        if ended {
            prop_assert!(statuses.iter().all(|s| *s == 401), "{statuses:?}");
        } else {
            prop_assert!(statuses.iter().all(|s| *s == 200), "{statuses:?}");
            let mut given: Vec<_> = answers
                .iter()
                .map(|(_, body)| &body["refresh_token"])
                .collect();
            given.dedup();
            prop_assert_eq!(given.len(), 1, "all are given the same generation");
            let given = given[0].as_str().unwrap();
            if back == 0 {
                prop_assert!(!client.tokens.iter().any(|known| known == given));
                client.tokens.push(given.to_owned());
            } else {
                prop_assert_eq!(given, client.tokens.last().unwrap());
            }
        }
        let generation = i64::try_from(client.tokens.len() - 1).unwrap();
        prop_assert_eq!(
            row(&service.kit.pool, client.session).await,
            (generation, ended)
        );
    }
    Ok(())
}

#[test] // R15 R16 R17
fn any_order_of_simultaneous_refreshes_leaves_one_generation() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::new());
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let played =
        TestRunner::new(config).run(&waves(), |waves| runtime.block_on(play(&service, &waves)));
    // The programs need the runtime to be ended with.
    runtime.block_on(async { drop(service) });
    played.unwrap();
}

#[tokio::test] // R15
async fn fifty_refreshes_of_one_token_are_one_refresh() {
    let service = Service::new().await;
    let client = service.client().await;
    let answers = service.present(&client.tokens[0], 50).await;
    let given: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|(status, body)| (*status, body["refresh_token"].to_string()))
        .collect();
    assert_eq!(given.len(), 1, "{given:?}");
    assert_eq!(given.first().unwrap().0, 200);
    assert_eq!(row(&service.kit.pool, client.session).await, (1, false));
}
