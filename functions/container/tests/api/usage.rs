//! What was asked of providers and what it cost, as administrators, superuser and users see it.

mod answers;
mod books;
mod example;
mod late;
mod months;
mod reprice;

use crate::kit::{ADMIN1, ADMIN2, Kit, SUPERUSER, T1, T2, U1, U2, V1};
use books::{Books, day, fill, sums_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GROUPINGS: [&str; 9] = [
    "day",
    "user",
    "key",
    "endpoint",
    "model",
    "operation",
    "day,model",
    "user,key",
    "day,user,key,endpoint,model,operation",
];

/// The report of the last days, told apart by that.
async fn report(kit: &Kit, token: &str, by: &str) -> Value {
    let path = format!("/admin/usage?from={}&to={}&group_by={by}", day(-9), day(0));
    let report = kit.get(token, &path).await;
    assert_eq!(report.status, 200, "{}", report.text);
    report.json
}

#[tokio::test]
async fn every_grouping_adds_up_to_what_the_ledger_has_before_and_after_a_roll_up() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    fill(&kit, T2, &[V1.id]).await;
    let ledger = Books::of_ledger(&kit, Some(T1)).await;
    let admin = kit.token(ADMIN1).await;
    let mut before = BTreeMap::new();
    for by in GROUPINGS {
        let told = report(&kit, &admin, by).await;
        assert_eq!(Books::of_json(&told["total"]), ledger, "{by}");
        assert_eq!(sums_of(&told), ledger, "{by}");
        before.insert(by, told["rows"].clone());
    }
    assert!(
        before["user"].as_array().unwrap().len() == 3,
        "two users, and nobody"
    );
    assert_eq!(before["user"][0]["email"], U1.email);
    let rolled = kit.app.db.roll_up_usage().await.unwrap();
    assert!(rolled.calls > 0 && !rolled.is_busy, "{rolled:?}");
    for by in GROUPINGS {
        let told = report(&kit, &admin, by).await;
        assert_eq!(told["rows"], before[by], "{by}");
    }
    // There is nothing more to do, and the ledger may go.
    let again = kit.app.db.roll_up_usage().await.unwrap();
    assert_eq!((again.calls, again.is_busy), (0, false));
    sqlx::query("delete from parlance.provider_calls where called_at < $1::date::timestamp at time zone 'UTC'")
        .bind(day(-2).parse::<chrono::NaiveDate>().unwrap())
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(sums_of(&report(&kit, &admin, "user").await), ledger);
}

#[tokio::test]
async fn two_processes_that_roll_up_at_once_count_everything_once() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    fill(&kit, T2, &[V1.id]).await;
    let twin = Kit::on(kit.database.clone(), []).await;
    let (a, b) = tokio::join!(kit.app.db.roll_up_usage(), twin.app.db.roll_up_usage());
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(
        !(a.is_busy && b.is_busy),
        "one of them does it: {a:?} {b:?}"
    );
    let ledger = Books::of_ledger(&kit, None).await;
    let told = report(&kit, &kit.token(SUPERUSER).await, "tenant").await;
    assert_eq!(sums_of(&told), ledger);
}

#[tokio::test] // R26
async fn superusers_see_sums_of_all_tenants_and_no_people() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    fill(&kit, T2, &[V1.id]).await;
    let root = kit.token(SUPERUSER).await;
    for rolled in [false, true] {
        if rolled {
            kit.app.db.roll_up_usage().await.unwrap();
        }
        let all = Books::of_ledger(&kit, None).await;
        for by in [
            "day",
            "tenant",
            "endpoint",
            "model",
            "operation",
            "day,tenant,model,operation",
        ] {
            let told = report(&kit, &root, by).await;
            assert_eq!(Books::of_json(&told["total"]), all, "{by}");
            assert_eq!(sums_of(&told), all, "{by}");
            assert_eq!(told["left"], json!([]));
            let text = told.to_string();
            for who in [U1, U2, V1] {
                let id = who.id.to_string();
                assert!(!text.contains(&id) && !text.contains(who.email), "{text}");
            }
        }
        let told = report(&kit, &root, "tenant").await;
        assert_eq!(told["rows"][0]["tenant"], "one", "{told}");
        assert_eq!(told["rows"][0]["tenant_id"], T1.to_string());
        for (nth, tenant) in [(0, T1), (1, T2)] {
            let theirs = Books::of_ledger(&kit, Some(tenant)).await;
            assert_eq!(Books::of_json(&told["rows"][nth]), theirs);
        }
    }
    for by in ["user", "key", "day,user"] {
        let path = format!("/admin/usage?group_by={by}");
        let refused = kit.get(&root, &path).await;
        assert_eq!(refused.problem(403), "assume_required", "{by}");
    }
    // Inside a tenant it is that tenant alone, with its people.
    let inside = kit.assume(&root, T1).await;
    let told = report(&kit, &inside, "user").await;
    assert_eq!(sums_of(&told), Books::of_ledger(&kit, Some(T1)).await);
    let refused = kit.get(&inside, "/admin/usage?group_by=tenant").await;
    assert_eq!(refused.problem(403), "forbidden");
}

#[tokio::test] // R25 R29
async fn nobody_sees_those_of_another_tenant_or_without_the_role() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    kit.app.db.roll_up_usage().await.unwrap();
    let theirs = report(&kit, &kit.token(ADMIN2).await, "user").await;
    assert_eq!(theirs["rows"], json!([]));
    assert_eq!(theirs["total"]["calls"], 0);
    for who in [U1, V1] {
        let refused = kit.get(&kit.token(who).await, "/admin/usage").await;
        assert_eq!(refused.problem(403), "forbidden");
    }
    let refused = kit
        .get(&kit.token(ADMIN1).await, "/admin/usage?group_by=day,tenant")
        .await;
    assert_eq!(refused.problem(403), "forbidden");
}

#[tokio::test]
async fn a_call_belongs_to_the_day_and_month_of_utc_in_which_it_was_asked() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let first = day(0)[..8].to_owned() + "01";
    // Two at the last moment of the month before, three at the first of this one.
    for (moment, n) in [("- interval '1 microsecond'", 2), ("+ interval '0'", 3)] {
        for _ in 0..n {
            books::call(&kit, &format!("timestamptz '{first} 00:00+00' {moment}")).await;
        }
    }
    let before: chrono::NaiveDate = first.parse().unwrap();
    let last = before.pred_opt().unwrap().to_string();
    for rolled in [false, true] {
        if rolled {
            kit.app.db.roll_up_usage().await.unwrap();
        }
        for (query, calls) in [
            (String::new(), 3),
            (format!("to={last}"), 2),
            (format!("from={last}&to={last}"), 2),
            (format!("from={first}&to={first}"), 3),
            (format!("from={last}&to={first}"), 5),
        ] {
            let told = kit.get(&admin, &format!("/admin/usage?{query}")).await;
            assert_eq!(told.json["total"]["calls"], calls, "{query}: {}", told.text);
        }
        let path = format!("/admin/usage?from={last}&to={first}");
        let told = kit.get(&admin, &path).await;
        let days: Vec<_> = told.json["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["day"])
            .collect();
        assert_eq!(days, [&json!(last), &json!(first)]);
    }
}

#[tokio::test]
async fn a_user_sees_its_own_and_what_is_left_of_its_limits() {
    let kit = Kit::new().await;
    fill(&kit, T1, &[U1.id, U2.id]).await;
    let (admin, user) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let path = format!("/admin/users/{}/limits", U1.id);
    let limit = json!({ "tokens_per_month": 10_000_000, "cost_per_month": "5" });
    assert_eq!(kit.put(&admin, &path, limit).await.status, 200);
    let of_tenant = json!({ "users": { "tokens_per_day": 9_000_000 } });
    assert_eq!(
        kit.put(&admin, "/tenants/current/limits", of_tenant)
            .await
            .status,
        200
    );
    let own = format!("/login/me/usage?from={}&to={}", day(-9), day(0));
    let mut told = Vec::new();
    for rolled in [false, true] {
        if rolled {
            kit.app.db.roll_up_usage().await.unwrap();
        }
        let mine = kit.get(&user, &own).await;
        assert_eq!(mine.status, 200, "{}", mine.text);
        let by_user = report(&kit, &admin, "user").await;
        let expected = by_user["rows"].as_array().unwrap().iter();
        let expected = expected
            .clone()
            .find(|row| row["email"] == U1.email)
            .unwrap();
        assert_eq!(sums_of(&mine.json), Books::of_json(expected));
        assert!(
            mine.json["rows"][0]["day"].is_string() && mine.json["rows"][0]["user_id"].is_null()
        );
        told.push(mine.json["rows"].clone());
        let left = mine.json["left"].as_array().unwrap();
        let names: Vec<_> = left.iter().map(|one| &one["name"]).collect();
        assert_eq!(
            names,
            ["cost_per_month", "tokens_per_day", "tokens_per_month"]
        );
        assert!(left.iter().all(|one| one["scope"] == "user"));
    }
    assert_eq!(told[0], told[1]);
    // Of the tenant there is no limit; then there is one.
    assert_eq!(report(&kit, &admin, "day").await["left"], json!([]));
    let root = kit.token(SUPERUSER).await;
    let limit = json!({ "tenant": { "cost_per_month": "1000" } });
    let set = kit
        .put(&root, &format!("/tenants/{T1}/limits"), limit)
        .await;
    assert_eq!(set.status, 200, "{}", set.text);
    let left = &report(&kit, &kit.token(ADMIN1).await, "day").await["left"];
    assert_eq!(left[0]["name"], "cost_per_month");
    assert_eq!(left[0]["scope"], "tenant");
    // Whoever is none of the tenant's users has nothing of its own there.
    let inside = kit.assume(&root, T1).await;
    let refused = kit.get(&inside, "/login/me/usage").await;
    assert_eq!(refused.problem(403), "tenant_assumed");
}
