//! Killed at any moment, as often as `ADOPT_KILLS` says, and gone on with.

use super::{Move, beside, old::Old};
use crate::{
    commands::program,
    kit::{SECRET_KEY, database::Database, wait::wait_for},
};
use std::{
    io::Write,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use uuid::Uuid;

/// How often without it.
const KILLS: u32 = 5;

/// A part of a time, by chance.
fn part(whole: Duration) -> Duration {
    let chance = Uuid::new_v4().as_u128() % 1_000_000;
    whole.mul_f64(chance as f64 / 1_000_000.0)
}

#[tokio::test]
async fn a_run_that_is_killed_at_random_moments_is_gone_on_with() {
    let asked = std::env::var("ADOPT_KILLS").ok();
    let kills = asked.map_or(KILLS, |kills| kills.parse().expect("it is a number"));
    let mut moved = Move::of(Old::acme().await).await;
    let began = Instant::now();
    moved.copy().await;
    // Of a whole run, so that every moment of one has its chance.
    let whole = began.elapsed();
    let (mut killed, mut in_between) = (0, 0);
    moved.new = Database::clone_template().await;
    while killed < kills {
        let url = moved.new.url();
        let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
        let mut arguments = vec!["adopt"];
        arguments.extend(moved.arguments.iter().map(String::as_str));
        let mut child = program(&arguments, &vars)
            .spawn()
            .expect("the program is there");
        let ended = timeout(part(whole), child.wait()).await;
        if let Ok(ended) = ended {
            assert!(ended.expect("it is our child").success());
            // It came to its end: another one begins.
            moved.verify().await;
            moved.new = Database::clone_template().await;
            continue;
        }
        child.kill().await.expect("it can be killed");
        killed += 1;
        let pool = moved.new.pool().await;
        let copied: i64 = sqlx::query_scalar(
            "select count(*) from parlance.chat_messages where legacy_id is not null",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        in_between += u32::from(copied > 0 && copied < 6112);
    }
    wait_for("the last run", moved.copy_and_verify()).await;
    let here = beside::sessions(&moved.new.pool().await).await;
    assert_eq!(beside::assert_sessions(&here, &moved.old.expected), 400);
    let told = format!(
        "killed {killed} times, of which {in_between} amid messages; a whole run took {whole:?}"
    );
    writeln!(std::io::stderr(), "{told}").expect("stderr takes a line");
}
