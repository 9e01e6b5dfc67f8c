//! Numbered turns under faults: whatever a client was told is stored, once, and nothing is left running.
//!
//! `CHECK_TURNS=100000 scripts/test checker` runs more of them; `CHECK_BINARY` names another build of the program.

pub(crate) mod client;
pub(crate) mod faults;

use crate::kit::{
    Kit, U1,
    database::Database,
    provider::Provider,
    proxy::{Breakable, url_through},
    random::Random,
    wait::{tell, wait_until},
};
use crate::{spending, turns::programs::Programs};
use client::{Client, End};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::task::JoinSet;
use uuid::Uuid;

const WORKERS: u64 = 16;

/// Limits that are never reached, so that what is spent is counted.
pub(crate) const COUNTED: &str = r#"{"tenant": {"concurrent_answers": 1000, "tokens_per_month": 1000000000000000, "cost_per_month": "1000000"},
    "user": {"concurrent_answers": 1000}}"#;

/// What a client knows of a turn.
pub(crate) struct Known {
    number: String,
    message: Uuid,
    pub(crate) end: End,
}

fn turns() -> u64 {
    let asked = std::env::var("CHECK_TURNS").ok();
    asked.map_or(480, |n| n.parse().expect("CHECK_TURNS is a number"))
}

#[tokio::test(flavor = "multi_thread")] // R77 R80 R81 R82 R84 R85 R86
async fn every_turn_that_was_told_is_stored_once_whatever_happens() {
    let seed = u64::from(Uuid::new_v4().as_fields().0);
    let provider = Provider::start().await;
    provider.echo();
    let database = Database::clone_template().await;
    let way = Breakable::to(&database).await;
    let kit = Kit::on(database, provider.vars()).await;
    let mut vars: Vec<(String, String)> = provider.vars().into();
    for (name, value) in [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "600"),
        ("DATABASE_MAX_CONNECTIONS", "4"),
        ("SHUTDOWN_SECONDS", "1"),
        ("LIMITS", COUNTED),
        ("APP_DATABASE_URL", &url_through(way.address, &kit.database)),
    ] {
        vars.push((name.to_owned(), value.to_owned()));
    }
    let programs = Programs::start(&kit, vars).await;
    let token = programs.login(U1).await;
    let (begun, done) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let client = Client::new(&token, &programs, Random(seed + worker));
        workers.spawn(work(client, worker, turns() / WORKERS, done.clone()));
    }
    let all = async {
        let (mut known, mut resumed) = (Vec::new(), 0);
        while let Some(worker) = workers.join_next().await {
            let (its, client) = worker.expect("a worker ends");
            known.extend(its);
            resumed += client.resumed;
        }
        programs.end();
        (known, resumed)
    };
    let random = Random(seed + WORKERS);
    let faults = faults::happen(&programs, &way, &kit.pool, random);
    let ((known, resumed), faults) = tokio::join!(all, faults);
    faults::take_for_dead(&kit.pool).await;
    wait_until("the end of every answer", async || {
        kit.app.db.sweep().await.map_err(|e| e.to_string())?;
        let running: i64 = sqlx::query_scalar(
            "select count(*) from parlance.chat_messages where status = 'streaming'",
        )
        .fetch_one(&kit.pool)
        .await
        .map_err(|e| e.to_string())?;
        (running == 0).then_some(()).ok_or(format!("{running} run"))
    })
    .await;
    spending::assert_settled(&kit).await;
    let good = known.iter().filter(|turn| turn.end == End::Done).count();
    let figures = format!(
        "{} turns, {good} whole, {resumed} resumed, in {:.0?} with {faults}; seed {seed}",
        known.len(),
        begun.elapsed()
    );
    let faults = compare(&kit.pool, &known).await;
    assert!(faults.is_empty(), "{figures}: {faults:#?}");
    assert!(good > known.len() / 2, "{figures}");
    tell(&format!("checked {figures}"));
}

/// Asks so many questions, one after the other, in conversations of ten.
pub(crate) async fn work(
    mut client: Client,
    worker: u64,
    turns: u64,
    done: Arc<AtomicU64>,
) -> (Vec<Known>, Client) {
    let (mut known, mut session) = (Vec::new(), None);
    let mut n = 0;
    // Until every fault has happened.
    while n < turns || !client.programs.had_them_all() {
        if n % 10 == 0 {
            session = None;
        }
        client.rest().await;
        let number = format!("turn {worker}-{n} Grüße 🦀 and so on to the end");
        let (message, in_session, end) = client.turn(&number, session).await;
        session = in_session.or(session);
        n += 1;
        known.push(Known {
            number,
            message,
            end,
        });
        let done = done.fetch_add(1, Relaxed) + 1;
        if done.is_multiple_of(5000) {
            tell(&format!("{done} turns so far"));
        }
    }
    (known, client)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    session_id: Uuid,
    seq: i32,
    role: String,
    content: String,
    status: String,
}

/// Compares what clients know with what is stored: what is wrong with it.
pub(crate) async fn compare(pool: &PgPool, known: &[Known]) -> Vec<String> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, session_id, seq, role, content, status from parlance.chat_messages order by session_id, seq",
    )
    .fetch_all(pool)
    .await
    .expect("the messages can be read");
    let mut faults = Vec::new();
    let mut questions: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let follows = at.checked_sub(1).map(|before| &rows[before]);
        let follows = follows.filter(|before| before.session_id == row.session_id);
        if row.seq != follows.map_or(1, |before| before.seq + 1) {
            faults.push(format!("{} has a gap before it", row.id));
        }
        if row.role == "user" && row.content.starts_with("turn ") {
            questions.entry(&row.content).or_default().push(at);
        }
    }
    for turn in known {
        let stored = questions.get(&*turn.number).map_or(&[][..], |all| all);
        let [at] = stored else {
            faults.push(format!(
                "{:?} is stored {} times",
                turn.number,
                stored.len()
            ));
            continue;
        };
        let answer = &rows[at + 1];
        let whole = answer.status == "complete" && answer.content == turn.number;
        if answer.id != turn.message || (turn.end == End::Done && !whole) {
            let (status, content) = (&answer.status, &answer.content);
            faults.push(format!("{:?} ended {status} with {content:?}", turn.number));
        }
        if !turn.number.starts_with(&answer.content) {
            faults.push(format!("{:?} holds what was not said", answer.id));
        }
    }
    let told: usize = questions.values().map(Vec::len).sum();
    if told != known.len() {
        faults.push(format!("{told} questions are stored"));
    }
    faults
}
