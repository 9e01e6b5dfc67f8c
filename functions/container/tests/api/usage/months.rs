//! Whole months, which are read at once, and the days around them.

use super::books::{self, Books, day, fill_every, sums_of};
use crate::kit::{ADMIN1, Kit, SUPERUSER, T1, T2, U1, U2, V1};
use chrono::{Datelike, Months, NaiveDate};
use serde_json::Value;

async fn rows(kit: &Kit, token: &str, (from, to): (&str, &str), by: &str) -> Value {
    let path = format!("/admin/usage?from={from}&to={to}&group_by={by}");
    let told = kit.get(token, &path).await;
    assert_eq!(told.status, 200, "{path}: {}", told.text);
    told.json["rows"].clone()
}

/// The first and the last day of the month so many months ago.
fn month(ago: u32) -> (String, String) {
    let today: NaiveDate = day(0).parse().unwrap();
    let first = today.with_day(1).unwrap() - Months::new(ago);
    let last = (first + Months::new(1)).pred_opt().unwrap();
    (first.to_string(), last.to_string())
}

#[tokio::test]
async fn months_and_the_days_around_them_are_what_the_ledger_has() {
    let kit = Kit::new().await;
    for ago in 2..=4 {
        books::make_month(&kit, ago).await;
    }
    fill_every(&kit, T1, &[U1.id, U2.id], "7 hours").await;
    fill_every(&kit, T2, &[V1.id], "7 hours").await;
    let (admin, root) = (kit.token(ADMIN1).await, kit.token(SUPERUSER).await);
    let (one, two, three) = (month(1), month(2), month(3));
    let today = day(0);
    let periods = [
        (three.0.clone(), today.clone()),
        (three.0.clone(), one.1.clone()),
        (two.0.clone(), two.1.clone()),
        (two.1.clone(), one.0.clone()),
        (two.1.clone(), one.1.clone()),
        (two.0.clone(), one.0.clone()),
        (day(-80), day(-5)),
        (day(-50), day(-40)),
        (day(-20), day(-20)),
    ];
    let mut before = Vec::new();
    for (from, to) in &periods {
        for by in [
            "day",
            "user",
            "key",
            "model",
            "user,operation",
            "day,endpoint",
        ] {
            before.push((
                &admin,
                (&**from, &**to),
                by,
                rows(&kit, &admin, (from, to), by).await,
            ));
        }
        for by in ["day", "tenant", "model", "day,operation"] {
            before.push((
                &root,
                (&**from, &**to),
                by,
                rows(&kit, &root, (from, to), by).await,
            ));
        }
    }
    kit.app.db.roll_up_usage().await.unwrap();
    for (token, period, by, expected) in before {
        let told = rows(&kit, token, period, by).await;
        assert_eq!(told, expected, "{period:?} by {by}");
    }
    // What is late is in its month, too.
    let noon = format!("timestamptz '{} 12:00+00'", two.0);
    books::call(&kit, &noon).await;
    let path = format!("/admin/usage?from={}&to={today}&group_by=model", three.0);
    let told = kit.get(&admin, &path).await.json;
    let days = kit.get(&admin, &path.replace("model", "day")).await.json;
    assert_eq!(Books::of_json(&told["total"]), sums_of(&days));
    let first = format!("/admin/usage?from={0}&to={0}", two.0);
    let of_day = kit.get(&admin, &first).await.json["total"]["calls"].clone();
    let alone = rows(&kit, &admin, (&two.0, &two.0), "user,model").await;
    let sum: i64 = alone
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["calls"].as_i64().unwrap())
        .sum();
    assert_eq!(of_day, sum);
}
