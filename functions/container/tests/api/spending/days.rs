//! To which day and month something belongs.

use super::{Call, ask, calls, kit, limit_tenant, number, run};
use crate::kit::{
    ADMIN1, Kit, T1, U1,
    http::{Events, Served, streamed},
    provider::Provider,
};
use chrono::{Days, TimeDelta, Utc};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};

async fn calls_of(kit: &Kit, day: chrono::NaiveDate) -> i64 {
    let path = format!("/admin/usage?from={day}&to={day}");
    let told = kit.get(&kit.token(ADMIN1).await, &path).await;
    told.json["total"]["calls"].as_i64().expect("they are told")
}

/// A question that is asked in the last moment of a day or month, and answered in the next one.
async fn over_the_end_of(period: &str) {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let limit = format!("tokens_per_{period}");
    limit_tenant(&kit, T1, json!({ limit: 100_000 })).await;
    // Something was asked before and after.
    assert_eq!(ask(&kit, &kit.token(U1).await).await.status, 200);
    let before = format!("starts - interval '1 {period}'");
    let counted = format!(
        "insert into parlance.spending select tenant_id, scope, subject, period, {before}, 5, 0 from parlance.spending"
    );
    run(&kit.pool, &counted).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    provider.hold(&["Later."]);
    let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
    assert_eq!(events.one().await.event, "start");
    let moment = format!("date_trunc('{period}', now()) - interval '1 microsecond'");
    let asked = format!("update parlance.reservations set created_at = {moment}");
    run(&kit.pool, &asked).await;
    // Until it ends it keeps others from spending as much, whenever it is.
    let left = async || {
        let limits = kit
            .get(&kit.token(ADMIN1).await, "/tenants/current/limits")
            .await;
        limits.json["left"][0]["left"].as_i64().expect("it is told")
    };
    assert!(left().await < 100_000 - 1000);
    provider.let_go(5);
    assert_eq!(events.all().await.last().unwrap().event, "done");
    assert_eq!(left().await, 100_000 - 18);
    let before = "select tokens from parlance.spending order by starts limit 1";
    assert_eq!(number(&kit.pool, before).await, 5 + 18);
    let day = sqlx::query_scalar(AssertSqlSafe(format!("select ({moment})::date")));
    let day = day.fetch_one(&kit.pool).await.unwrap();
    assert_eq!(calls_of(&kit, day).await, 1);
    assert_eq!(calls_of(&kit, Utc::now().date_naive()).await, 1);
}

#[tokio::test] // R64
async fn what_is_asked_before_midnight_and_answered_after_it_belongs_to_the_day_before() {
    over_the_end_of("day").await;
}

#[tokio::test] // R64
async fn what_is_asked_before_a_month_ends_and_answered_after_it_belongs_to_that_month() {
    over_the_end_of("month").await;
}

/// Moments around which somewhere a day of another length ends, a month or a year.
const MOMENTS: [&str; 8] = [
    "2026-03-08 00:00+00",
    "2026-03-29 00:00+00",
    "2026-10-25 00:00+00",
    "2026-11-01 00:00+00",
    "2026-12-01 00:00+00",
    "2027-01-01 00:00+00",
    "2028-02-29 00:00+00",
    "2028-03-01 00:00+00",
];

#[tokio::test]
async fn days_are_utcs_whatever_the_zone_of_a_session() {
    let kit = Kit::new().await;
    let mut session = kit.pool.acquire().await.unwrap();
    for zone in [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Pacific/Apia",
        "Asia/Kathmandu",
    ] {
        let set = format!("set timezone = '{zone}'");
        sqlx::query(AssertSqlSafe(set))
            .execute(&mut *session)
            .await
            .unwrap();
        for moment in MOMENTS {
            let day = &moment[..10];
            let sql = format!(
                "select parlance.period_start('day', timestamptz '{moment}')::text,
                        parlance.period_start('day', timestamptz '{moment}' - interval '1 microsecond') = date '{day}' - 1,
                        parlance.period_start('month', timestamptz '{moment}')::text,
                        parlance.day_start('{day}') = timestamptz '{moment}'"
            );
            let row = sqlx::query(AssertSqlSafe(sql))
                .fetch_one(&mut *session)
                .await
                .unwrap();
            let told: (String, bool, String, bool) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let month = format!("{}-01", &day[..7]);
            assert_eq!(told, (day.into(), true, month, true), "{zone} {moment}");
        }
    }
    // A connection of the pool says its own zone when it is made, and so it is not given back.
    session.close().await.unwrap();
}

#[tokio::test] // R64
async fn a_database_with_another_zone_counts_the_same_days() {
    let provider = Provider::start().await;
    let first = kit(&provider).await;
    let zone = "do $$ begin execute format('alter database %I set timezone to ''Pacific/Apia''', current_database()); end $$";
    run(&first.pool, zone).await;
    let vars = provider.vars().into_iter();
    let key = [("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned())];
    let kit = Kit::on(first.database.clone(), vars.chain(key)).await;
    limit_tenant(
        &kit,
        T1,
        json!({ "tokens_per_day": 100_000, "tokens_per_month": 200_000 }),
    )
    .await;
    let answer = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let [call]: &[Call] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!(call.id, answer.id("message_id"));
    let now = Utc::now();
    assert_eq!(calls_of(&kit, now.date_naive()).await, 1);
    let limits = kit
        .get(&kit.token(ADMIN1).await, "/tenants/current/limits")
        .await;
    let reset = limits.json["left"][0]["reset"]
        .as_i64()
        .expect("it is told");
    let ends = now + TimeDelta::seconds(reset);
    let midnight = (now.date_naive() + Days::new(1))
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    // As far as a slow machine lets it be the same moment.
    assert!((ends - midnight).abs() < TimeDelta::minutes(10), "{ends}");
}
