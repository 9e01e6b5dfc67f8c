//! How often a password or a token may be guessed at: counted once for all processes, before anything is looked up.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, PASSWORD, U1, U2, program::Program, request};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

const BY_EMAIL: &str = "LOGINS_PER_MINUTE_BY_EMAIL";
const BY_ADDRESS: &str = "LOGINS_PER_MINUTE_BY_ADDRESS";

/// Makes the limit's clock stand still. It is the server's, which cannot be moved, so that a slow machine would be given
/// more attempts.
pub(crate) async fn stop_the_clock(kit: &Kit) {
    let stopped: Vec<String> = sqlx::query_scalar(
        "select replace(pg_get_functiondef(p.oid), 'clock_timestamp()', quote_literal(now()) || '::timestamptz')
         from pg_proc p
         where p.pronamespace = 'parlance'::regnamespace and p.prosrc like '%clock_timestamp()%'",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert!(!stopped.is_empty(), "no function reads the clock");
    for stopped in stopped {
        let stopped = kit.pool.execute(AssertSqlSafe(stopped)).await;
        stopped.expect("a superuser may replace it");
    }
}

async fn log_in(kit: &Kit, email: &str, password: &str) -> Answer {
    let login = json!({ "tenant": "one", "email": email, "password": password });
    kit.post("", "/login", login).await
}

fn assert_told(answer: &Answer, per_minute: &str) {
    assert_eq!(answer.problem(429), "too_many_requests");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-limit"), per_minute);
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    assert_eq!(answer.header("ratelimit-reset"), wait.to_string());
}

#[tokio::test] // R7
async fn many_guesses_at_one_account_are_counted_over_all_processes() {
    let kit = Kit::with([(BY_EMAIL, "10")]).await;
    stop_the_clock(&kit).await;
    let vars = [(BY_EMAIL.to_owned(), "10".to_owned())];
    let twin = Kit::on(kit.database.clone(), vars).await;
    for email in ["u1@one.example", "nobody@one.example"] {
        let spellings = [email.to_owned(), email.to_uppercase()];
        let guesses = (0..60).map(|n| {
            let kit = if n % 3 == 0 { &twin } else { &kit };
            log_in(kit, &spellings[n % 2], "wrong")
        });
        let answers = join_all(guesses).await;
        let (mut tried, mut refused) = (0, 0);
        for answer in &answers {
            match answer.status.as_u16() {
                429 => {
                    assert_told(answer, "10");
                    refused += 1;
                }
                // A guess that was counted and found no free hasher.
                503 => tried += 1,
                _ => {
                    assert_eq!(answer.problem(401), "invalid_credentials");
                    tried += 1;
                }
            }
        }
        assert_eq!((tried, refused), (10, 50));
    }
    // Others are none of it; the same address with another tenant, or with none, is no further guess.
    assert_eq!(log_in(&kit, U2.email, PASSWORD).await.status, 200);
    for slug in [json!("two"), json!("none"), json!(null)] {
        let elsewhere = json!({ "tenant": slug, "email": U1.email, "password": "wrong" });
        assert_told(&kit.post("", "/login", elsewhere).await, "10");
    }
}

/// A service behind one proxy, which says where a client comes from.
async fn behind_proxy(by_email: &str, by_address: &str) -> Kit {
    let hops = ("TRUSTED_PROXY_HOPS", "1");
    Kit::with([hops, (BY_EMAIL, by_email), (BY_ADDRESS, by_address)]).await
}

async fn from(kit: &Kit, address: &str, email: &str, password: &str) -> Answer {
    let login = json!({ "tenant": "one", "email": email, "password": password });
    let asked = request("", "POST", "/login")
        .header("content-type", "application/json")
        .header("x-forwarded-for", address);
    kit.send(asked, Body::from(login.to_string())).await
}

const HOME: &str = "203.0.113.9";
const STRANGER: &str = "198.51.100.1";

#[tokio::test] // R7
async fn strangers_do_not_use_up_what_the_owner_may_try() {
    let kit = behind_proxy("3", "1000").await;
    stop_the_clock(&kit).await;
    assert_eq!(from(&kit, HOME, U1.email, PASSWORD).await.status, 200);
    let mut refused = 0;
    for _ in 0..6 {
        let guess = from(&kit, STRANGER, U1.email, "wrong").await;
        refused += usize::from(guess.status == 429);
    }
    assert!(refused >= 2, "{refused}");
    // From where the owner has been before, and not from anywhere else.
    assert_eq!(from(&kit, HOME, U1.email, PASSWORD).await.status, 200);
    assert_told(&from(&kit, STRANGER, U1.email, PASSWORD).await, "3");
    // Nor has anybody unlimited guesses there.
    let mut refused = 0;
    for _ in 0..6 {
        let guess = from(&kit, HOME, U1.email, "wrong").await;
        refused += usize::from(guess.status == 429);
    }
    assert!(refused >= 2, "{refused}");
}

/// Whoever administers another tenant may make a copy of any address there, and log in to that.
#[tokio::test] // R7
async fn a_copy_of_an_address_makes_no_strangers_known_to_its_owner() {
    let kit = behind_proxy("3", "1000").await;
    stop_the_clock(&kit).await;
    let neighbour = kit.token(ADMIN2).await;
    let theirs = "seven green bicycles";
    let copy = json!({ "email": U1.email, "password": theirs });
    let made = kit.post(&neighbour, "/admin/users", copy).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let to = async |tenant: &str, password: &str| {
        let login = json!({ "tenant": tenant, "email": U1.email, "password": password });
        let asked = request("", "POST", "/login")
            .header("content-type", "application/json")
            .header("x-forwarded-for", STRANGER);
        kit.send(asked, Body::from(login.to_string())).await
    };
    assert_eq!(to("two", theirs).await.status, 200);
    assert_eq!(to("one", "wrong").await.status, 401);
    assert_eq!(to("one", "wrong").await.status, 401);
    assert_told(&to("one", "wrong").await, "3");
}

#[tokio::test] // R7
async fn who_tries_too_often_takes_from_no_account_and_writes_nothing() {
    let kit = behind_proxy("10", "4").await;
    stop_the_clock(&kit).await;
    let counters = async || -> i64 {
        let sql = "select count(*) from parlance.rate_buckets";
        sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap()
    };
    let mut tried = 0;
    for _ in 0..40 {
        tried += usize::from(from(&kit, STRANGER, U1.email, "wrong").await.status == 401);
    }
    assert!((4..9).contains(&tried), "{tried}");
    assert_eq!(from(&kit, HOME, U1.email, PASSWORD).await.status, 200);
    // An address that is not known yet has no bucket either.
    let before = counters().await;
    let mut refused = 0;
    for n in 0..20 {
        let email = format!("n{n}@one.example");
        refused += i64::from(from(&kit, STRANGER, &email, "wrong").await.status == 429);
    }
    assert!(refused >= 15, "{refused}");
    assert!(counters().await - before <= 20 - refused);
    // The next one is told so without the database.
    assert_eq!(from(&kit, STRANGER, U1.email, "wrong").await.status, 429);
    let drop = "drop function parlance.rate_limit_take(bytea[], integer[])";
    sqlx::query(drop).execute(&kit.pool).await.unwrap();
    assert_told(&from(&kit, STRANGER, U1.email, "wrong").await, "4");
    let others = from(&kit, HOME, U1.email, PASSWORD).await;
    assert_eq!(others.problem(503), "unavailable");
}

#[tokio::test] // R79
async fn one_tenants_administrators_leave_hashers_to_others() {
    let kit = Kit::new().await;
    let (one, two) = (kit.token(ADMIN1).await, kit.token(ADMIN2).await);
    let create = async |token: &str, n: u32| {
        let user =
            json!({ "email": format!("n{n}@a.example"), "password": "seven green bicycles" });
        kit.post(token, "/admin/users", user).await
    };
    stop_the_clock(&kit).await;
    let hashed = kit.app.hasher.invocations();
    let mut made = 0;
    let refused = loop {
        let answer = create(&one, made).await;
        match answer.status.as_u16() {
            201 => made += 1,
            _ => break answer,
        }
    };
    assert_told(&refused, "30");
    assert_eq!(made, 30);
    assert_eq!(kit.app.hasher.invocations() - hashed, u64::from(made));
    let change = json!({ "password": "eight green bicycles" });
    let changed = kit
        .patch(&one, &format!("/admin/users/{}", U1.id), change)
        .await;
    assert!(
        [200, 429].contains(&changed.status.as_u16()),
        "{}",
        changed.text
    );
    assert_eq!(create(&two, 0).await.status, 201);
}

#[tokio::test] // R7
async fn an_account_that_was_guessed_at_can_be_used_again_soon() {
    let kit = Kit::with([(BY_EMAIL, "3")]).await;
    stop_the_clock(&kit).await;
    for _ in 0..3 {
        log_in(&kit, U1.email, "wrong").await;
    }
    assert_told(&log_in(&kit, U1.email, PASSWORD).await, "3");
    let earlier = "update parlance.rate_buckets set at = at - interval '25 seconds'";
    sqlx::query(earlier).execute(&kit.pool).await.unwrap();
    assert_eq!(log_in(&kit, U1.email, PASSWORD).await.status, 200);
    let later = "update parlance.rate_buckets set at = at - interval '1 day'";
    sqlx::query(later).execute(&kit.pool).await.unwrap();
    kit.app.db.sweep().await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.rate_buckets")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test] // R7
async fn without_its_counter_nobody_gets_in() {
    let kit = Kit::new().await;
    let drop = "drop function parlance.rate_limit_take(bytea[], integer[])";
    sqlx::query(drop).execute(&kit.pool).await.unwrap();
    let refused = log_in(&kit, U1.email, PASSWORD).await;
    assert_eq!(refused.problem(503), "unavailable");
    assert_eq!(kit.app.hasher.invocations(), 0);
}

#[tokio::test] // R7 R8
async fn one_client_is_limited_whatever_it_says_of_itself() {
    let kit = Kit::new().await;
    stop_the_clock(&kit).await;
    let vars = [(BY_ADDRESS.to_owned(), "4".to_owned())];
    let program = Program::serve(&kit, &vars).await;
    let mut statuses = Vec::new();
    for path in ["/login", "/login/refresh", "/login/invitation"] {
        for n in 0..6 {
            let body = match path {
                "/login" => json!({ "email": format!("n{n}@one.example"), "password": "wrong" }),
                "/login/refresh" => json!({ "refresh_token": "nonsense" }),
                _ => json!({ "token": "nonsense", "password": "tomato bicycle harbour" }),
            };
            let asked = request("", "POST", path)
                .header("content-type", "application/json")
                .header("x-forwarded-for", format!("198.51.100.{n}"))
                .body(Body::from(body.to_string()))
                .unwrap();
            statuses.push(program.send(asked).await.status().as_u16());
        }
    }
    let once = [401, 401, 401, 401, 429, 429];
    assert_eq!(statuses, [once, once, once].concat());
}

#[tokio::test] // R9
async fn the_present_password_cannot_be_guessed_with_a_token() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let vars = [(BY_EMAIL.to_owned(), "2".to_owned())];
    let strict = Kit::on(kit.database.clone(), vars).await;
    stop_the_clock(&kit).await;
    let guess = json!({ "current_password": "wrong", "new_password": "seven green bicycles" });
    for _ in 0..2 {
        let wrong = strict.post(&token, "/login/password", guess.clone()).await;
        assert_eq!(wrong.fields(), ["current_password"]);
    }
    assert_told(&strict.post(&token, "/login/password", guess).await, "2");
}

#[tokio::test] // R45
async fn the_counters_tell_no_address() {
    let kit = Kit::new().await;
    log_in(&kit, U1.email, PASSWORD).await;
    let keys: Vec<Vec<u8>> = sqlx::query_scalar("select key from parlance.rate_buckets")
        .fetch_all(&kit.pool)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].len(), 32);
}
