//! `parlance reprice`.

use super::books::{Books, COLUMNS, day, run as sql, sums_of};
use crate::{
    commands::{Ended, run},
    kit::{ADMIN1, JWT_SECRET_KEY, Kit, SECRET_KEY, SUPERUSER, T1, T2, U1, V1},
};
use serde_json::{Value, json};

pub(super) async fn reprice(kit: &Kit, more: &[&str]) -> Ended {
    let url = kit.database.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
    ];
    run(&[&["reprice"], more].concat(), &vars, "").await
}

/// A call of 1,000 tokens and 100 of an answer, with a cost that no table has.
async fn call(kit: &Kit, of: (uuid::Uuid, uuid::Uuid), moment: &str, model: &str, cost: &str) {
    let (tenant, user) = of;
    let values = format!(
        "select '{tenant}', gen_random_uuid(), {moment}, 'chat', 'complete', '{user}', null, 'openai', '{model}', 1000, 0, 0,
           100, 0, true, 'old', {cost}"
    );
    sql(
        kit,
        format!("insert into parlance.provider_calls {COLUMNS} {values}"),
    )
    .await;
}

async fn usage(kit: &Kit) -> Value {
    let path = format!("/admin/usage?from={}&to={}&group_by=model", day(-9), day(0));
    kit.get(&kit.token(ADMIN1).await, &path).await.json
}

/// What is left of U1's limits to money, by day and month.
async fn left(kit: &Kit) -> Vec<Value> {
    let path = format!("/admin/users/{}/limits", U1.id);
    let told = kit.get(&kit.token(ADMIN1).await, &path).await;
    let left = told.json["left"].as_array().unwrap().iter();
    left.map(|one| one["left"].clone()).collect()
}

#[tokio::test]
async fn a_period_is_priced_again_in_ledger_sums_and_limits() {
    let kit = Kit::new().await;
    let ours = (T1, U1.id);
    let old = format!("timestamptz '{} 12:00+00'", day(-3));
    // At 0.10 and 0.50 USD for a million tokens these are 0.00015 USD each. One was unpriced; of one no price is known now.
    call(&kit, ours, &old, "gpt-6-luna", "1").await;
    call(&kit, ours, &old, "gpt-6-luna", "null").await;
    call(&kit, ours, &old, "nobody-knows", "400").await;
    for _ in 0..600 {
        call(&kit, ours, "now()", "gpt-6-luna", "1000").await;
    }
    call(&kit, (T2, V1.id), "now()", "gpt-6-luna", "9").await;
    // What is limited from now on counts what was before.
    let limits = json!({ "cost_per_day": "1", "cost_per_month": "1" });
    let path = format!("/admin/users/{}/limits", U1.id);
    let admin = kit.token(ADMIN1).await;
    assert_eq!(kit.put(&admin, &path, limits).await.status, 200);
    kit.app.db.roll_up_usage().await.unwrap();
    assert_eq!(left(&kit).await[0], "0.9994");
    let (from, to) = (day(-9), day(0));
    let period = ["--from", &from, "--to", &to];
    let one = reprice(&kit, &[&period[..], &["--tenant", "one"]].concat()).await;
    assert!(one.ok, "{}", one.stderr);
    let told = "one: 602 of 603 calls have another cost; all of them cost 0.0903004 USD instead of 0.000600401 USD. No price \
                is known of 1, which stay as they were.\n";
    assert_eq!(one.stdout, told);
    for again in [false, true] {
        if again {
            let one = reprice(&kit, &period).await;
            assert!(one.ok, "{}", one.stderr);
            let told = "one: 0 of 603 calls have another cost";
            assert!(one.stdout.contains(told), "{}", one.stdout);
            assert!(
                one.stdout.contains("two: 1 of 1 calls have another cost"),
                "{}",
                one.stdout
            );
        }
        let told = usage(&kit).await;
        assert_eq!(sums_of(&told), Books::of_ledger(&kit, Some(T1)).await);
        assert_eq!(told["total"]["cost"], "0.0903004");
        assert_eq!(told["total"]["unpriced_calls"], 0);
        assert_eq!(left(&kit).await[0], "0.91");
    }
    let noted = kit.audited(T1, "usage.reprice").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    let detail = noted[0].detail.as_deref().unwrap();
    assert!(detail.contains("602 of 603 calls"), "{detail}");
    // Superusers see the same.
    let path = format!("/admin/usage?from={from}&to={to}&group_by=tenant");
    let root = kit.get(&kit.token(SUPERUSER).await, &path).await;
    assert_eq!(sums_of(&root.json), Books::of_ledger(&kit, None).await);
}

#[tokio::test]
async fn what_is_no_period_or_tenant_is_said() {
    let kit = Kit::new().await;
    for (arguments, told) in [
        (
            &["--from", "2026-11-31", "--to", "2026-12-01"][..],
            "a day looks like 2026-11-30",
        ),
        (
            &["--from", "2026-11-02", "--to", "2026-11-01"],
            "--to must not be before --from",
        ),
        (&["--from", "2026-11-01"], "--to <TO>"),
        (
            &[
                "--from",
                "2026-11-01",
                "--to",
                "2026-11-30",
                "--tenant",
                "nowhere",
            ],
            "there is no tenant nowhere",
        ),
    ] {
        let ended = reprice(&kit, arguments).await;
        ended.is_refused(told);
    }
}
