//! What goes wrong meanwhile.

use crate::kit::{proxy::Breakable, random::Random, wait::wait_until};
use crate::turns::programs::Programs;
use sqlx::{AssertSqlSafe, PgPool};
use std::{
    fmt::{self, Display},
    time::Duration,
};
use tokio::time::sleep;

/// How often each fault has happened.
#[derive(Default)]
pub(crate) struct Counts([(&'static str, u32); 6]);

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
pub(crate) async fn happen(
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
            3 => fail_over(pool, Duration::from_millis(300)).await,
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
pub(crate) async fn take_for_dead(pool: &PgPool) {
    run(
        pool,
        "update parlance.chat_messages set heartbeat_at = now() - interval '61 seconds' where status = 'streaming'",
    )
    .await;
}

/// What a restart of PostgreSQL does to connections.
pub(crate) async fn end_backends(pool: &PgPool) {
    run(
        pool,
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and usename like 'parlance%'",
    )
    .await;
}

/// The server becomes a standby for so long: connections that are open take no writes.
pub(crate) async fn fail_over(pool: &PgPool, time: Duration) {
    let name = name_of(pool).await;
    let set = |to: &str| format!("alter database {name} set default_transaction_read_only = {to}");
    run(pool, &set("on")).await;
    end_backends(pool).await;
    sleep(time).await;
    run(
        pool,
        &format!("alter database {name} reset default_transaction_read_only"),
    )
    .await;
}

/// What the database is called.
pub(crate) async fn name_of(pool: &PgPool) -> String {
    let name = sqlx::query_scalar("select current_database()").fetch_one(pool);
    name.await.expect("the database is there")
}

/// Comes again if the database is away for another reason.
pub(crate) async fn run(pool: &PgPool, sql: &str) {
    wait_until("the database to do as it is told", async || {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(pool)
            .await;
        done.map(drop).map_err(|e| format!("{sql}: {e}"))
    })
    .await;
}
