//! What goes wrong meanwhile.

use crate::kit::{Kit, PASSWORD, Person, program::Program, proxy::Breakable, random::Random};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::{
    fmt::{self, Display},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Mutex, time::sleep};

/// Two processes of the service, either of which may be gone for a moment.
#[derive(Clone)]
pub(super) struct Programs(Arc<Inner>);

struct Inner {
    running: Mutex<[Option<Program>; 2]>,
    kit: Kit,
    vars: Vec<(String, String)>,
    over: AtomicBool,
    /// How many rounds of faults are behind them.
    rounds: AtomicU32,
}

impl Programs {
    pub(super) async fn start(kit: &Kit, vars: Vec<(String, String)>) -> Self {
        let kit = Kit::on(kit.database.clone(), vars.clone()).await;
        let one = Some(Program::serve(&kit, &vars).await);
        let two = Some(Program::serve(&kit, &vars).await);
        Self(Arc::new(Inner {
            running: Mutex::new([one, two]),
            kit,
            vars,
            over: AtomicBool::new(false),
            rounds: AtomicU32::new(0),
        }))
    }

    /// The address of either, if that runs.
    pub(super) async fn any(&self, random: &mut Random) -> Option<SocketAddr> {
        let which = usize::from(random.below(2) == 0);
        let running = self.0.running.lock().await;
        running[which].as_ref().map(Program::address)
    }

    /// An access token that lasts.
    pub(super) async fn login(&self, who: Person) -> String {
        let body = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let request = crate::kit::request("", "POST", "/login")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        let running = self.0.running.lock().await;
        let answer = running[0].as_ref().unwrap().send(request.unwrap()).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Whether every fault has happened.
    pub(super) fn had_them_all(&self) -> bool {
        self.0.rounds.load(Relaxed) > 0
    }

    /// Lets no further fault happen.
    pub(super) fn end(&self) {
        self.0.over.store(true, Relaxed);
    }

    /// Ends one, and starts another in its place.
    async fn replace(&self, which: usize, gently: bool) {
        let program = self.0.running.lock().await[which].take();
        let program = program.expect("only this takes one");
        match gently {
            true => {
                program.terminate().await;
                program.ended().await;
            }
            false => program.kill().await,
        }
        let next = Program::serve(&self.0.kit, &self.0.vars).await;
        self.0.running.lock().await[which] = Some(next);
    }
}

/// How often each fault has happened.
#[derive(Default)]
pub(super) struct Counts([(&'static str, u32); 6]);

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<_> = self
            .0
            .iter()
            .map(|(what, n)| format!("{n} {what}"))
            .collect();
        f.write_str(&told.join(", "))
    }
}

/// One fault after the other, each as often as the others, until [`Programs::end`]; both programs run afterwards.
pub(super) async fn happen(
    programs: &Programs,
    way: &Breakable,
    pool: &PgPool,
    mut random: Random,
) -> Counts {
    let mut counts = Counts([
        ("kills", 0),
        ("terminations", 0),
        ("restarts of the database", 0),
        ("failovers", 0),
        ("cuts", 0),
        ("swallowed connections", 0),
    ]);
    let mut left: Vec<usize> = Vec::new();
    while !programs.0.over.load(Relaxed) {
        if left.is_empty() {
            left = (0..counts.0.len()).collect();
        }
        let next = random.below(left.len() as u64);
        let which = left.swap_remove(usize::try_from(next).unwrap());
        let program = usize::try_from(random.below(2)).unwrap();
        match which {
            0 => {
                programs.replace(program, false).await;
                take_for_dead(pool).await;
            }
            1 => programs.replace(program, true).await,
            2 => end_backends(pool).await,
            3 => fail_over(pool).await,
            4 => way.cut(),
            _ => way.swallow(),
        }
        counts.0[which].1 += 1;
        sleep(Duration::from_millis(200 + random.below(3000))).await;
        if left.is_empty() {
            programs.0.rounds.fetch_add(1, Relaxed);
        }
    }
    counts
}

/// As a minute later: answers whose process is gone say so. Those that live are told so, too, and are not.
pub(super) async fn take_for_dead(pool: &PgPool) {
    run(
        pool,
        "update parlance.chat_messages set heartbeat_at = now() - interval '61 seconds' where status = 'streaming'",
    )
    .await;
}

/// What a restart of PostgreSQL does to connections.
async fn end_backends(pool: &PgPool) {
    run(
        pool,
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and usename like 'parlance%'",
    )
    .await;
}

/// The server becomes a standby for a moment: connections that are open take no writes.
async fn fail_over(pool: &PgPool) {
    let mut connection = pool.acquire().await.expect("the database is there");
    let name: String = sqlx::query_scalar("select current_database()")
        .fetch_one(&mut *connection)
        .await
        .expect("it has a name");
    drop(connection);
    let set = |to: &str| format!("alter database {name} set default_transaction_read_only = {to}");
    run(pool, &set("on")).await;
    end_backends(pool).await;
    sleep(Duration::from_millis(300)).await;
    run(
        pool,
        &format!("alter database {name} reset default_transaction_read_only"),
    )
    .await;
}

async fn run(pool: &PgPool, sql: &str) {
    let mut connection = pool.acquire().await.expect("the database is there");
    // Whoever looks from outside is not at a standby.
    for sql in ["set default_transaction_read_only = off", sql] {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut *connection);
        done.await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}
