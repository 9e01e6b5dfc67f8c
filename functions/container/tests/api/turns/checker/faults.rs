//! What goes wrong meanwhile.

use crate::kit::{proxy::Breakable, random::Random};
use crate::turns::programs::Programs;
use sqlx::{AssertSqlSafe, PgPool};
use std::{
    fmt::{self, Display},
    time::Duration,
};
use tokio::time::sleep;

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
    while !programs.is_over() {
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
            programs.had_a_round();
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
