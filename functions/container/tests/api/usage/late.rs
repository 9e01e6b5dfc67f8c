//! What is settled of a day that is rolled up.

use super::books::{self, Books, COLUMNS, day, run, sums_of};
use crate::kit::{ADMIN1, Kit, T1, U1};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

async fn told(kit: &Kit) -> Value {
    let path = format!(
        "/admin/usage?from={}&to={}&group_by=day,user",
        day(-3),
        day(0)
    );
    let told = kit.get(&kit.token(ADMIN1).await, &path).await;
    assert_eq!(told.status, 200, "{}", told.text);
    told.json
}

/// Asserts that the report is what the ledger has, and that it has so many calls.
async fn assert_counted(kit: &Kit, calls: i64) -> Value {
    let told = told(kit).await;
    assert_eq!(sums_of(&told), Books::of_ledger(kit, Some(T1)).await);
    assert_eq!(told["total"]["calls"], calls, "{told}");
    told
}

/// Settles as a process that was thought dead does: as the role of requests.
async fn settle(kit: &Kit, id: Uuid, calls: &Value) {
    let mut app = PgConnection::connect(&kit.database.url_as("app"))
        .await
        .unwrap();
    let sql = format!(
        "select parlance.settle_calls('{T1}', '{id}', '{}', null, '{calls}')",
        U1.id
    );
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut app)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_settled_after_its_day_was_rolled_up_counts_once() {
    let kit = Kit::new().await;
    let noon = format!("timestamptz '{} 12:00+00'", day(-2));
    books::call(&kit, &noon).await;
    // A process took this on and died; nobody has told its end when the day is rolled up.
    let lost = Uuid::now_v7();
    let reserve = format!(
        "insert into parlance.reservations (tenant_id, id, user_id, operation, endpoint, model, prompt_tokens,
           completion_tokens, cost, input_price, output_price, price_table, created_at)
         values ('{T1}', '{lost}', '{}', 'embedding', 'openai', 'm', 100, 0, 500, 5000, 0, 't', {noon})",
        U1.id
    );
    run(&kit, reserve).await;
    assert_eq!(kit.app.db.roll_up_usage().await.unwrap().calls, 1);
    assert_counted(&kit, 1).await;
    // The sweep settles it by what is known,
    kit.app.db.sweep().await.unwrap();
    let estimated = assert_counted(&kit, 2).await;
    assert_eq!(estimated["total"]["estimated"]["calls"], 1);
    assert_eq!(estimated["total"]["estimated"]["cost"], "0.0000005");
    // and then the process was not dead after all: what it says counts instead, however often it says so.
    let call = |id: Uuid, tokens: i64, cost: Option<i64>| {
        json!({
            "id": id, "operation": "embedding", "outcome": "complete", "endpoint": "openai", "model": "m",
            "prompt_tokens": tokens, "cached_tokens": 0, "cache_write_tokens": 0, "completion_tokens": 0,
            "reasoning_tokens": 0, "exact": true, "price_table": "t", "cost": cost,
        })
    };
    let calls = json!([call(lost, 90, Some(450)), call(Uuid::now_v7(), 5, None)]);
    for _ in 0..2 {
        settle(&kit, lost, &calls).await;
        let exact = assert_counted(&kit, 3).await;
        assert_eq!(exact["total"]["estimated"]["calls"], 0);
        assert_eq!(exact["total"]["exact"]["prompt_tokens"], 10 + 90 + 5);
        assert_eq!(exact["total"]["unpriced_calls"], 1);
        assert_eq!(exact["rows"].as_array().unwrap().len(), 1, "{exact}");
    }
    // Rolling up again changes nothing of it.
    assert_eq!(kit.app.db.roll_up_usage().await.unwrap().calls, 0);
    assert_counted(&kit, 3).await;
}

#[tokio::test]
async fn what_is_settled_while_its_day_is_rolled_up_counts_once() {
    let kit = Kit::new().await;
    let noon = format!("timestamptz '{} 12:00+00'", day(-2));
    let mut lost = Vec::new();
    for _ in 0..40 {
        let id = Uuid::now_v7();
        let reserve = format!(
            "insert into parlance.reservations (tenant_id, id, user_id, operation, endpoint, model, prompt_tokens,
               completion_tokens, price_table, created_at)
             values ('{T1}', '{id}', '{}', 'chat', 'openai', 'm', 1, 0, 't', {noon})",
            U1.id
        );
        run(&kit, reserve).await;
        lost.push(id);
    }
    books::call(&kit, &noon).await;
    let settling = async {
        for id in &lost {
            let calls = json!([{
                "id": id, "operation": "chat", "outcome": "complete", "endpoint": "openai", "model": "m",
                "prompt_tokens": 1, "cached_tokens": 0, "cache_write_tokens": 0, "completion_tokens": 1,
                "reasoning_tokens": 0, "exact": true, "price_table": "t", "cost": 3,
            }]);
            settle(&kit, *id, &calls).await;
        }
    };
    let rolling = async { while kit.app.db.roll_up_usage().await.unwrap().calls == 0 {} };
    tokio::join!(settling, rolling);
    assert_counted(&kit, 41).await;
}

/// So many calls, one after the other within the day before yesterday. Nothing is told of them: that they are written takes long.
async fn fill_day(kit: &Kit, calls: i64) {
    let mut tx = kit.pool.begin().await.unwrap();
    let sql = format!(
        "set local session_replication_role = replica;
         insert into parlance.provider_calls {COLUMNS}
         select '{T1}', gen_random_uuid(), timestamptz '{} 00:00+00' + n * interval '0.3 seconds', 'chat', 'complete',
           '{}', null, 'openai', 'm', 1, 0, 0, 2, 0, true, 't', 3
         from generate_series(1, {calls}) n",
        day(-2),
        U1.id
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_day_of_many_calls_is_rolled_up_in_pieces_and_each_call_counts_once() {
    let kit = Kit::new().await;
    fill_day(&kit, 250_000).await;
    let mut pieces = Vec::new();
    let mut late = 0;
    loop {
        // One step as the jobs do it, of this tenant alone.
        let (_, calls, _): (Option<Uuid>, i64, bool) =
            sqlx::query_as("select * from parlance.roll_up_usage($1, 1)")
                .bind(T1)
                .fetch_one(&kit.pool)
                .await
                .unwrap();
        // In the middle of what is rolled up, and in the middle of what is not.
        for at in ["01:00", "20:00"] {
            books::call(&kit, &format!("timestamptz '{} {at}+00'", day(-2))).await;
            late += 1;
        }
        assert_counted(&kit, 250_000 + late).await;
        if calls == 0 {
            break;
        }
        pieces.push(calls);
    }
    assert!(pieces.len() >= 3, "{pieces:?}");
    assert!(pieces.iter().all(|calls| *calls <= 100_000), "{pieces:?}");
}

#[tokio::test]
async fn sums_outlive_the_months_of_the_ledger() {
    let kit = Kit::new().await;
    // A month that is long over.
    books::make_month(&kit, 5).await;
    let old = "date_trunc('month', now() at time zone 'UTC') - interval '5 months'";
    books::call(
        &kit,
        &format!("({old} + interval '3 days') at time zone 'UTC'"),
    )
    .await;
    jobs::run(&kit.app.service()).await.unwrap();
    let kept = Books::of_ledger(&kit, Some(T1)).await;
    let dropped = kit.app.db.keep_ledger(Some(1)).await.unwrap().dropped;
    assert_eq!(dropped, 1);
    let in_ledger: i64 = sqlx::query_scalar("select count(*) from parlance.provider_calls")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(in_ledger, 0);
    let path = format!(
        "/admin/usage?from={}&to={}&group_by=user",
        day(-200),
        day(0)
    );
    let told = kit.get(&kit.token(ADMIN1).await, &path).await;
    assert_eq!(sums_of(&told.json), kept);
    assert_eq!(told.json["total"]["calls"], 1);
}
