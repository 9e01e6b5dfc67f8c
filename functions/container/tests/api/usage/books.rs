//! A ledger to ask about, and what must come out.

use crate::kit::{Kit, T1, U1};
use chrono::{TimeDelta, Utc};
use db::Usd;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::ops::AddAssign;
use uuid::Uuid;

/// Of a call, all that the tests set.
pub const COLUMNS: &str = "(tenant_id, id, called_at, operation, outcome, user_id, api_key_id, endpoint, model, prompt_tokens,
    cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, exact, price_table, cost)";

/// A day, so many days from today.
pub fn day(days: i64) -> String {
    (Utc::now() + TimeDelta::days(days))
        .format("%Y-%m-%d")
        .to_string()
}

/// Runs a statement as a superuser of the database.
pub async fn run(kit: &Kit, sql: String) {
    let done = sqlx::query(AssertSqlSafe(sql.clone()))
        .execute(&kit.pool)
        .await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// 300 calls of a tenant over the last eight days, of all kinds.
pub async fn fill(kit: &Kit, tenant: Uuid, users: &[Uuid]) {
    fill_every(kit, tenant, users, "37 minutes").await;
}

/// The same, with so much time between two of them.
pub async fn fill_every(kit: &Kit, tenant: Uuid, users: &[Uuid], interval: &str) {
    let users: Vec<_> = users.iter().map(|id| format!("'{id}'")).collect();
    let users = users.join(", ");
    run(
        kit,
        format!(
            "insert into parlance.provider_calls {COLUMNS}
             select '{tenant}', gen_random_uuid(), now() - n * interval '{interval}',
               case when n % 5 = 0 then 'embedding' else 'chat' end,
               case when n % 7 = 0 then 'failed' else 'complete' end,
               (array[{users}, null]::uuid[])[1 + n % (array_length(array[{users}], 1) + 1)],
               case when n % 4 = 0 then '{tenant}'::uuid end, 'e' || n % 2, 'm' || n % 3, n, n / 2, n / 5, 2 * n, n,
               n % 6 <> 0, 't', case when n % 11 <> 0 then 1000001 * n end
             from generate_series(1, 300) n"
        ),
    )
    .await;
}

/// Makes the month that began so many months ago, as it was made then.
pub async fn make_month(kit: &Kit, ago: u8) {
    let first = format!("date_trunc('month', now() at time zone 'UTC') - interval '{ago} months'");
    run(
        kit,
        format!(
            "do $$ declare first date := {first}; name text := 'provider_calls_' || to_char(first, 'YYYYMM'); begin
               set local role parlance_owner;
               execute format('create table parlance.%I (like parlance.provider_calls including all)', name);
               execute format('alter table parlance.provider_calls attach partition parlance.%I for values from (%L) to (%L)',
                 name, first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00');
             end $$"
        ),
    )
    .await;
}

/// One call of U1, at that moment, which is SQL.
pub async fn call(kit: &Kit, moment: &str) {
    run(
        kit,
        format!(
            "insert into parlance.provider_calls {COLUMNS}
             select '{T1}', gen_random_uuid(), {moment}, 'chat', 'complete', '{}', null, 'openai', 'gpt-6-luna', 10, 0, 0,
               20, 0, true, 't', 7",
            U1.id
        ),
    )
    .await;
}

/// Everything that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    calls: i64,
    failed: i64,
    unpriced: i64,
    cost: i64,
    exact: [i64; 7],
    estimated: [i64; 7],
}

impl AddAssign for Books {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.unpriced += other.unpriced;
        self.cost += other.cost;
        for n in 0..7 {
            self.exact[n] += other.exact[n];
            self.estimated[n] += other.estimated[n];
        }
    }
}

impl Books {
    /// As an answer tells it.
    pub fn of_json(sums: &Value) -> Self {
        let n = |value: &Value| {
            value
                .as_i64()
                .unwrap_or_else(|| panic!("{value} in {sums}"))
        };
        let usd = |value: &Value| value.as_str().unwrap().parse::<Usd>().unwrap().nano();
        let tokens = |of: &Value| {
            [
                n(&of["calls"]),
                n(&of["prompt_tokens"]),
                n(&of["cached_tokens"]),
                n(&of["cache_write_tokens"]),
                n(&of["completion_tokens"]),
                n(&of["reasoning_tokens"]),
                usd(&of["cost"]),
            ]
        };
        Self {
            calls: n(&sums["calls"]),
            failed: n(&sums["failed_calls"]),
            unpriced: n(&sums["unpriced_calls"]),
            cost: usd(&sums["cost"]),
            exact: tokens(&sums["exact"]),
            estimated: tokens(&sums["estimated"]),
        }
    }

    /// As the ledger has it, of one tenant or of all.
    pub async fn of_ledger(kit: &Kit, tenant: Option<Uuid>) -> Self {
        let mut all = Self::default();
        for exact in [true, false] {
            let row: (i64, i64, i64, i64, Vec<i64>) = sqlx::query_as(
                "select count(*), count(*) filter (where outcome = 'failed'), count(*) filter (where cost is null),
                        coalesce(sum(cost), 0)::bigint,
                        array[count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0),
                          coalesce(sum(cache_write_tokens), 0), coalesce(sum(completion_tokens), 0),
                          coalesce(sum(reasoning_tokens), 0), coalesce(sum(cost), 0)::bigint]::bigint[]
                 from parlance.provider_calls where exact = $1 and ($2::uuid is null or tenant_id = $2)",
            )
            .bind(exact)
            .bind(tenant)
            .fetch_one(&kit.pool)
            .await
            .unwrap();
            let tokens = row.4.try_into().unwrap();
            all += Self {
                calls: row.0,
                failed: row.1,
                unpriced: row.2,
                cost: row.3,
                exact: if exact { tokens } else { [0; 7] },
                estimated: if exact { [0; 7] } else { tokens },
            };
        }
        all
    }
}

/// All rows of a report together.
pub fn sums_of(report: &Value) -> Books {
    let mut all = Books::default();
    for row in report["rows"].as_array().expect("a report has rows") {
        all += Books::of_json(row);
    }
    all
}
