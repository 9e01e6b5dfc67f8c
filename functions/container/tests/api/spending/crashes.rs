//! Nothing stays reserved, and nothing is counted twice, whatever happens to whoever spends.

use super::{
    Call, assert_counted, assert_settled, calls, kit, limit_tenant, number, reserved, take_for_dead,
};
use crate::kit::{
    Kit, NO_LIMITS, Person, T1, T2, U1, U2, V1,
    database::Database,
    http::{Events, Served, streamed},
    provider::{Provider, Reply},
    random::Random,
    wait::{tell, wait_until},
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::task::JoinSet;
use uuid::Uuid;

#[tokio::test] // R64 R84
async fn what_a_dead_process_spent_is_settled_and_its_late_end_corrects_that() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(
        &kit,
        T1,
        json!({ "tokens_per_month": 1_000_000, "cost_per_month": "10" }),
    )
    .await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    provider.hold(&["Eight by", "te."]);
    provider.let_go(1);
    let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
    let message = events.one().await.uuid("message_id");
    assert_eq!(events.one().await.event, "delta");
    wait_until("its first piece to be stored", async || {
        let stored = kit.message(message).await.map(|m| m.content);
        (stored.as_deref() == Some("Eight by"))
            .then_some(())
            .ok_or("nothing")
    })
    .await;
    take_for_dead(&kit.pool).await;
    assert_eq!(kit.app.db.sweep().await.unwrap().answers, 1);
    assert_eq!(reserved(&kit.pool).await, 0);
    let [lost] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!((lost.id, &*lost.outcome), (message, "interrupted"));
    assert_eq!((lost.completion_tokens, lost.exact), (2, false));
    assert!(
        lost.prompt_tokens > 100,
        "all that it may have sent: {lost:?}"
    );
    assert!(lost.cost.unwrap() > 10_000);
    assert_counted(&kit.pool).await;
    // It was not dead.
    provider.let_go(5);
    assert_eq!(events.all().await.last().unwrap().event, "done");
    let [told] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!(
        (told.id, &*told.outcome, told.exact),
        (message, "complete", true)
    );
    assert_eq!((told.prompt_tokens, told.completion_tokens), (11, 7));
    assert_counted(&kit.pool).await;
}

#[tokio::test] // R84
async fn one_sweep_settles_what_was_lost_in_several_tenants() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let served = Served::new(&kit).await;
    let mut held = Vec::new();
    for who in [U1, V1] {
        provider.hold(&["Never."]);
        let token = kit.token(who).await;
        let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
        assert_eq!(events.one().await.event, "start");
        held.push(events);
    }
    provider.asked_for(2).await;
    take_for_dead(&kit.pool).await;
    assert_eq!(kit.app.db.sweep().await.unwrap().answers, 2);
    assert_eq!(reserved(&kit.pool).await, 0);
    for tenant in [T1, T2] {
        let calls = calls(&kit.pool, tenant).await;
        let told: Vec<_> = calls.iter().map(|c| &*c.outcome).collect();
        assert_eq!(told, ["interrupted"]);
    }
}

/// Processes, as many as there are, each of which may die at any moment: its tasks go on no more, and nothing of it is
/// told to anybody.
struct Processes {
    database: Database,
    vars: Vec<(String, String)>,
    stop: AtomicBool,
}

/// Asks and asks, in processes of its own that die after some questions.
async fn spend(processes: Arc<Processes>, who: Person, mut random: Random) -> u64 {
    let mut asked = 0;
    while !processes.stop.load(Relaxed) {
        // A runtime of its own: dropped, it ends every task wherever it waits.
        let (of, seed) = (Arc::clone(&processes), random.0);
        let died = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let asked = runtime.block_on(live(Arc::clone(&of), who, Random(seed)));
            runtime.shutdown_background();
            asked
        });
        asked += died.await.unwrap();
        random.below(1000);
    }
    asked
}

/// The life of one process.
async fn live(processes: Arc<Processes>, who: Person, mut random: Random) -> u64 {
    let kit = Kit::on(processes.database.clone(), processes.vars.clone()).await;
    let token = kit.token(who).await;
    let mut running = JoinSet::new();
    let questions = 2 + random.below(8);
    for _ in 0..questions {
        let (service, token) = (kit.service.clone(), token.clone());
        let (leaves_after, all) = (random.below(40), Arc::clone(&processes));
        running.spawn(async move {
            let asked = tower::ServiceExt::oneshot(service, streamed(&token, "Hello?")).await;
            if asked.is_ok_and(|answer| answer.status() == 429) {
                all.stop.store(true, Relaxed);
            }
            tokio::time::sleep(std::time::Duration::from_millis(leaves_after)).await;
        });
        if random.below(3) == 0 {
            running.join_next().await;
        }
    }
    // Some of them may have been answered by now.
    for _ in 0..random.below(4) {
        running.join_next().await;
    }
    questions
}

/// More than one call takes.
const MOST_OF_ONE: i64 = 4000;
const BUDGET: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")] // R64
async fn no_crash_beats_a_budget_or_holds_any_of_it_back() {
    let seed = u64::from(Uuid::new_v4().as_fields().0);
    let provider = Provider::start().await;
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 1500, "completion_tokens": 20 } });
    let text = json!({ "choices": [{ "index": 0, "delta": { "content": "Yes." }, "finish_reason": "stop" }] });
    let whole = format!("data: {text}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    provider.always(Reply::Raw(whole));
    let database = Database::clone_template().await;
    let mut vars: Vec<(String, String)> = provider.vars().into();
    for (name, value) in [("OPENAI_API_KEY", "sk-deployment"), ("LIMITS", NO_LIMITS)] {
        vars.push((name.to_owned(), value.to_owned()));
    }
    let kit = Kit::on(database.clone(), vars.clone()).await;
    limit_tenant(&kit, T1, json!({ "tokens_per_month": BUDGET })).await;
    let processes = Arc::new(Processes {
        database,
        vars,
        stop: AtomicBool::new(false),
    });
    let mut spenders = JoinSet::new();
    for n in 0..4 {
        let who = if n % 2 == 0 { U1 } else { U2 };
        spenders.spawn(spend(Arc::clone(&processes), who, Random(seed + n)));
    }
    let watch = async {
        let mut most = 0;
        while !processes.stop.load(Relaxed) {
            let used = "select coalesce((select sum(tokens) from parlance.spending where scope = 'tenant' and period = 'month'), 0)::bigint
                        + coalesce((select sum(prompt_tokens + completion_tokens) from parlance.reservations), 0)::bigint";
            most = most.max(number(&kit.pool, used).await);
            // Now and then those that died are found.
            take_for_dead(&kit.pool).await;
            kit.app.db.sweep().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        most
    };
    let asked = async {
        let mut asked = 0;
        while let Some(of_one) = spenders.join_next().await {
            asked += of_one.unwrap();
        }
        asked
    };
    let (most, asked) = tokio::join!(watch, asked);
    assert_settled(&kit).await;
    let calls: Vec<Call> = calls(&kit.pool, T1).await;
    let spent: i64 = calls
        .iter()
        .map(|c| i64::from(c.prompt_tokens + c.completion_tokens))
        .sum();
    let figures = format!(
        "{asked} asked, {} calls, {spent} spent, {most} at most, seed {seed}",
        calls.len()
    );
    assert!(most <= BUDGET + MOST_OF_ONE, "{figures}");
    assert!(spent <= BUDGET + MOST_OF_ONE, "{figures}");
    tell(&format!("checked {figures}"));
}
