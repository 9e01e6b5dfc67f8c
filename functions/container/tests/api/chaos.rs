//! Minutes of faults of every kind, and afterwards: is what was acknowledged there, and does everything go on?
//!
//! `scripts/chaos` runs it, and shows its report.

mod asked;
mod faults;
mod people;
mod report;
mod stage;

use crate::kit::{
    ADMIN2, T2, U1, U2, V1,
    random::Random,
    wait::{tell, wait_until},
};
use crate::turns::checker::{self, client::Client, compare};
use crate::{document_jobs::make_due, spending};
use asked::Asked;
use faults::Fault;
use futures_util::{FutureExt, future::join_all};
use people::{Document, Done, keep_documents, log_in_and_out, look_up, until_answered};
use report::Report;
use stage::Stage;
use std::{
    fs,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::{JoinHandle, block_in_place},
    time::sleep,
};

/// How many ask, and how many keep documents.
const ASKING: u64 = 6;
const KEEPING: u64 = 2;
/// What each does at most between two things.
const PAUSE: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")] // R77 R80 R81 R82 R83 R84 R85 R86
#[ignore = "scripts/chaos runs it, for minutes"]
async fn whatever_happens_nothing_that_was_acknowledged_is_lost() {
    let asked = Asked::read();
    let stage = Stage::set(&asked).await;
    let mut report = Report::new(&asked);
    tell(&format!("seed {}", asked.seed));
    let mut interrupt = signal(SignalKind::interrupt()).expect("it can be listened to");
    let outcome = tokio::select! {
        outcome = AssertUnwindSafe(run(&stage, &asked, &mut report)).catch_unwind() => outcome.map_err(told),
        _ = interrupt.recv() => Err("it was interrupted".to_owned()),
    };
    block_in_place(|| stage.strike(&asked));
    report.wrong.extend(outcome.err());
    let written = fs::write(asked.dir.join("report.md"), report.to_string());
    written.expect("the report can be written");
    let (seed, dir) = (asked.seed, asked.dir.display());
    let logs = "service-1.log, service-2.log and postgresql.log";
    assert!(
        report.wrong.is_empty(),
        "{:#?}\nThis was seed {seed}. Look at {logs} in {dir}.",
        report.wrong
    );
}

/// Everybody's work, with faults meanwhile, and what came of it.
async fn run(stage: &Stage, asked: &Asked, report: &mut Report) {
    let programs = &stage.programs;
    let [asking, keeping, logging, looking] = [U1, ADMIN2, U2, V1].map(|who| programs.login(who));
    let (asking, keeping) = (asking.await, keeping.await);
    let (logging, looking) = (logging.await, looking.await);
    let client = |token: &str, n: u64| {
        let mut client = Client::new(token, programs, Random(asked.seed + n));
        client.pause = PAUSE;
        client
    };
    let turns: Vec<_> = (0..ASKING)
        .map(|n| {
            tokio::spawn(checker::work(
                client(&asking, n),
                n,
                0,
                std::sync::Arc::default(),
            ))
        })
        .collect();
    let documents: Vec<_> = (0..KEEPING)
        .map(|n| tokio::spawn(keep_documents(client(&keeping, 100 + n), n)))
        .collect();
    let logins = tokio::spawn(log_in_and_out(client(&logging, 200), U2));
    let mut clients = [300, 301].map(|n| client(&looking, n));
    happen(stage, asked, report, &mut clients).await;
    programs.had_a_round();
    tell("everything heals");
    turns_told(stage, turns, report).await;
    documents_told(stage, documents, client(&keeping, 400), report).await;
    if let Some(done) = ended(logins, report).await {
        report.acknowledged("logins, renewals and logouts", done.writes, done.wrong);
        report.answered(&done.client);
    }
    programs.assert_none_ended().await;
    report.panics(asked);
}

/// One fault after the other, and sometimes two at once, each as often as the others, until the time is over.
async fn happen(stage: &Stage, asked: &Asked, report: &mut Report, clients: &mut [Client; 2]) {
    let (begun, mut random) = (Instant::now(), Random(asked.seed));
    until_answered(clients).await;
    loop {
        let mut left = asked.faults.clone();
        while let Some(one) = drawn(&mut left, &mut random, |_| true) {
            let two = match random.below(3) {
                0 => drawn(&mut left, &mut random, |other| other.goes_with(one.1)),
                _ => None,
            };
            let both = [Some(one), two].into_iter().flatten();
            let all = both.clone().map(|(_, fault)| {
                let random = Random(random.below(u64::MAX));
                stage.happen(fault, random)
            });
            join_all(all).await;
            let answered = until_answered(clients).await;
            let names: Vec<_> = both.map(|(name, _)| name).collect();
            let (at, named) = (begun.elapsed(), names.join(" and "));
            tell(&format!(
                "{at:4.0?} {named}: answers again after {answered:.1?}"
            ));
            report.survived(&names, answered);
            stage.programs.assert_none_ended().await;
            sleep(Duration::from_millis(random.below(500))).await;
        }
        if begun.elapsed() >= asked.time {
            return;
        }
    }
}

type Named = (&'static str, Fault);

/// One of those that are left, by chance.
fn drawn(
    left: &mut Vec<Named>,
    random: &mut Random,
    fits: impl Fn(Fault) -> bool,
) -> Option<Named> {
    let fitting: Vec<usize> = (0..left.len()).filter(|n| fits(left[*n].1)).collect();
    let which = random.below(fitting.len().max(1) as u64);
    let at = fitting.get(usize::try_from(which).expect("it is below a length"))?;
    Some(left.swap_remove(*at))
}

type Told = (Vec<checker::Known>, Client);

/// Waits for those who ask, and for what they left behind, and compares what they know with what is stored.
async fn turns_told(stage: &Stage, turns: Vec<JoinHandle<Told>>, report: &mut Report) {
    let mut known = Vec::new();
    for one in turns {
        if let Some((its, client)) = ended(one, report).await {
            known.extend(its);
            report.answered(&client);
        }
    }
    let pool = &stage.kit.pool;
    // As a minute later. The rest is the service's to do.
    checker::faults::take_for_dead(pool).await;
    spending::take_for_dead(pool).await;
    for (what, sql) in [
        (
            "the end of every answer",
            "select count(*) from parlance.chat_messages where status = 'streaming'",
        ),
        (
            "all money to be settled",
            "select count(*) from parlance.reservations",
        ),
        ("the end of every job", "select count(*) from parlance.jobs"),
    ] {
        let begun = Instant::now();
        wait_until(what, async || {
            make_due(&stage.kit).await;
            let left: i64 = sqlx::query_scalar(sql)
                .fetch_one(pool)
                .await
                .map_err(|e| e.to_string())?;
            (left == 0).then_some(()).ok_or(format!("{left} are left"))
        })
        .await;
        report.came(what, begun.elapsed());
    }
    spending::assert_settled(&stage.kit).await;
    let good = known
        .iter()
        .filter(|turn| turn.end == checker::client::End::Done)
        .count();
    report.questions = known.len();
    report.acknowledged(
        "answers told to be whole",
        good,
        compare(pool, &known).await,
    );
}

/// Looks for every document that somebody was told of.
async fn documents_told(
    stage: &Stage,
    keeping: Vec<JoinHandle<Done<Vec<Document>>>>,
    mut client: Client,
    report: &mut Report,
) {
    let mut documents = Vec::new();
    for one in keeping {
        if let Some(done) = ended(one, report).await {
            documents.extend(done.writes);
            report.wrong.extend(done.wrong);
            report.answered(&done.client);
        }
    }
    let mut wrong = look_up(&mut client, &documents).await;
    let sql = "select title || ' is there ' || count(*) || ' times' from parlance.documents
               where tenant_id = $1 group by title having count(*) > 1";
    let twice = sqlx::query_scalar(sql).bind(T2).fetch_all(&stage.kit.pool);
    wrong.extend(twice.await.expect("the documents can be read"));
    let deleted = documents.iter().filter(|d| d.deleted).count();
    report.acknowledged("documents added", documents.len(), wrong);
    report.acknowledged("documents deleted", deleted, Vec::new());
}

/// What somebody did; none if they could not go on, which is told.
async fn ended<T>(one: JoinHandle<T>, report: &mut Report) -> Option<T> {
    match one.await {
        Ok(done) => Some(done),
        Err(e) => {
            report.wrong.push(told(e.into_panic()));
            None
        }
    }
}

/// What a panic said.
fn told(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast::<String>().map(|text| *text);
    text.unwrap_or_else(|_| "something gave up without a word".to_owned())
}
