//! What calls of a period cost by other prices than those of then: the operator's to say.

use crate::{
    Asked, Db, Deed, Need, Operator, OperatorError, Result, Usd, Whose,
    audit::deeds::{NOBODY, write},
};
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::SecretString;
use tenant_auth::RootSecret;
use uuid::Uuid;

/// How many calls one transaction looks at: whoever settles one of the tenant's waits for it.
const STEP: i64 = 500;

/// A call as the ledger has it, as far as its price follows from it.
#[derive(Debug, sqlx::FromRow)]
pub struct LedgerCall {
    id: Uuid,
    /// When it was asked for.
    pub called_at: DateTime<Utc>,
    user_id: Option<Uuid>,
    api_key_id: Option<Uuid>,
    /// Who was asked.
    pub endpoint: String,
    /// For which model.
    pub model: String,
    /// Which model answered.
    pub response_model: Option<String>,
    /// As [`ProviderCall::prompt_tokens`](crate::ProviderCall::prompt_tokens).
    pub prompt_tokens: i32,
    /// As [`ProviderCall::cached_tokens`](crate::ProviderCall::cached_tokens).
    pub cached_tokens: i32,
    /// As [`ProviderCall::cache_write_tokens`](crate::ProviderCall::cache_write_tokens).
    pub cache_write_tokens: i32,
    /// As [`ProviderCall::completion_tokens`](crate::ProviderCall::completion_tokens).
    pub completion_tokens: i32,
    /// As [`ProviderCall::reasoning_tokens`](crate::ProviderCall::reasoning_tokens).
    pub reasoning_tokens: i32,
    /// Whether the provider counted.
    pub exact: bool,
    price_table: String,
    cost: Option<i64>,
}

/// What is priced again, and by what.
pub struct Repricing<'a> {
    /// The first day of UTC.
    pub from: NaiveDate,
    /// The last day of UTC.
    pub to: NaiveDate,
    /// Of this tenant alone; its slug.
    pub tenant: Option<&'a str>,
    /// The name of the prices.
    pub price_table: &'a str,
    /// What a call costs by them, in nano-USD; none if no price is known, and then it is left as it is.
    pub price: &'a dyn Fn(&LedgerCall) -> Option<i64>,
    /// For the audit log.
    pub asked: &'a Asked,
}

/// What became of a tenant's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repriced {
    /// The tenant's slug.
    pub tenant: String,
    /// Calls that the ledger has of the period.
    pub calls: i64,
    /// Those that cost something else now.
    pub changed: i64,
    /// Those of which no price is known: they are as they were.
    pub unpriced: i64,
    /// What all of them cost before, in nano-USD.
    pub before: i128,
    /// And what they cost now.
    pub after: i128,
}

impl Repriced {
    fn told(&self, of: &Repricing<'_>) -> String {
        let (from, to, table) = (of.from, of.to, of.price_table);
        let (changed, calls) = (self.changed, self.calls);
        format!(
            "by the operator: {changed} of {calls} calls from {from} to {to}, {} instead of {} USD, by {table}",
            usd(self.after),
            usd(self.before)
        )
    }

    /// What all of them cost before.
    pub fn before(&self) -> Usd {
        usd(self.before)
    }

    /// What all of them cost now.
    pub fn after(&self) -> Usd {
        usd(self.after)
    }
}

fn usd(nano: i128) -> Usd {
    Usd::from_nano(i64::try_from(nano).unwrap_or(i64::MAX))
}

/// The calls of one step that change.
#[derive(Default)]
struct Changes {
    ids: Vec<Uuid>,
    called_at: Vec<DateTime<Utc>>,
    users: Vec<Option<Uuid>>,
    keys: Vec<Option<Uuid>>,
    costs: Vec<i64>,
    more: Vec<i64>,
}

impl Changes {
    /// Notes what a call costs now.
    fn note(&mut self, call: &LedgerCall, of: &Repricing<'_>, done: &mut Repriced) {
        let before = call.cost.unwrap_or(0);
        done.calls += 1;
        done.before += i128::from(before);
        let Some(cost) = (of.price)(call) else {
            done.unpriced += 1;
            done.after += i128::from(before);
            return;
        };
        done.after += i128::from(cost);
        let is_changed = call.cost != Some(cost);
        done.changed += i64::from(is_changed);
        if is_changed || call.price_table != of.price_table {
            self.ids.push(call.id);
            self.called_at.push(call.called_at);
            self.users.push(call.user_id);
            self.keys.push(call.api_key_id);
            self.costs.push(cost);
            self.more.push(cost.saturating_sub(before));
        }
    }
}

impl Operator {
    /// Prices the calls of a period again, in every tenant or in one: in the ledger, in the sums of days that are over, and in
    /// what limits to money count. In small steps, of which each is done or not; saying it again is safe. `told` is given each
    /// tenant as it is done.
    ///
    /// # Errors
    /// [`OperatorError::NoTenant`] if there is none of that name; or the database could not do it: what was done is kept.
    pub async fn reprice(
        &mut self,
        database_url: &SecretString,
        root: &RootSecret,
        of: &Repricing<'_>,
        mut told: impl FnMut(&Repriced),
    ) -> Result<(), OperatorError> {
        let db = self.as_service(database_url, root).await?;
        let tenants: Vec<(Uuid, String)> = {
            let mut tx = db.outside_as_platform(Whose::SERVICE).await?;
            sqlx::query_as(
                "select id, slug from tenants where $1::text is null or slug = $1 order by slug",
            )
            .bind(of.tenant)
            .fetch_all(tx.conn())
            .await?
        };
        if let Some(slug) = of.tenant.filter(|_| tenants.is_empty()) {
            return Err(OperatorError::NoTenant(slug.to_owned()));
        }
        for (id, slug) in tenants {
            told(&tenant(&db, id, slug, of).await?);
        }
        db.close().await;
        Ok(())
    }
}

/// Prices the calls of one tenant again.
async fn tenant(db: &Db, id: Uuid, slug: String, of: &Repricing<'_>) -> Result<Repriced> {
    let mut done = Repriced {
        tenant: slug,
        ..Repriced::default()
    };
    let mut after = None;
    loop {
        let last = step(db, id, of, after, &mut done).await?;
        if last.is_none() {
            break;
        }
        after = last;
    }
    if done.changed > 0 {
        let mut tx = db.open(id, Whose::SERVICE, Need::Begun).await?;
        let deed = Deed::done("usage.reprice", id).detail(done.told(of));
        write(tx.conn(), &NOBODY, of.asked, &deed).await?;
        tx.commit().await?;
    }
    Ok(done)
}

/// One step: the calls after `after`, and the last one of them; none if there are no more.
async fn step(
    db: &Db,
    tenant: Uuid,
    of: &Repricing<'_>,
    after: Option<(DateTime<Utc>, Uuid)>,
    done: &mut Repriced,
) -> Result<Option<(DateTime<Utc>, Uuid)>> {
    let mut tx = db.open(tenant, Whose::SERVICE, Need::Begun).await?;
    // Nobody settles or rolls up meanwhile.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('ledger ' || current_tenant(), 0))")
        .execute(tx.conn())
        .await?;
    let calls: Vec<LedgerCall> = sqlx::query_as(
        "select id, called_at, user_id, api_key_id, endpoint, model, response_model, prompt_tokens, cached_tokens,
                cache_write_tokens, completion_tokens, reasoning_tokens, exact, price_table, cost
         from provider_calls
         where called_at >= day_start($1) and called_at < day_start($2 + 1)
           and ($3::timestamptz is null or (called_at, id) > ($3, $4))
         order by called_at, id
         limit $5",
    )
    .bind(of.from)
    .bind(of.to)
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(STEP)
    .fetch_all(tx.conn())
    .await?;
    let mut changes = Changes::default();
    for call in &calls {
        changes.note(call, of, done);
    }
    if !changes.ids.is_empty() {
        store(&mut tx, &changes, of).await?;
        tx.commit().await?;
    }
    Ok(calls.last().map(|call| (call.called_at, call.id)))
}

/// Stores what calls cost now. The sums of days that are over follow by themselves.
async fn store(tx: &mut crate::TenantTx, changes: &Changes, of: &Repricing<'_>) -> Result<()> {
    sqlx::query(
        "update provider_calls c set cost = n.cost, price_table = $4
         from unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) as n(id, called_at, cost)
         where c.id = n.id and c.called_at = n.called_at",
    )
    .bind(&changes.ids)
    .bind(&changes.called_at)
    .bind(&changes.costs)
    .bind(of.price_table)
    .execute(tx.conn())
    .await?;
    // In the order in which everybody locks them.
    sqlx::query(
        "select from spending s
         where exists (
           select from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as n(user_id, api_key_id, called_at)
           where s.subject in (current_tenant(), n.user_id, n.api_key_id)
             and s.starts = period_start(s.period, n.called_at))
         order by s.scope, s.subject, s.period for update",
    )
    .bind(&changes.users)
    .bind(&changes.keys)
    .bind(&changes.called_at)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update spending s set cost = s.cost + more.cost
         from (
           select s.scope, s.subject, s.period, s.starts, sum(n.more)::bigint as cost
           from spending s
           join unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[]) as n(user_id, api_key_id, called_at, more)
             on s.subject in (current_tenant(), n.user_id, n.api_key_id)
               and s.starts = period_start(s.period, n.called_at)
           group by 1, 2, 3, 4
         ) more
         where (s.scope, s.subject, s.period, s.starts) = (more.scope, more.subject, more.period, more.starts)",
    )
    .bind(&changes.users)
    .bind(&changes.keys)
    .bind(&changes.called_at)
    .bind(&changes.more)
    .execute(tx.conn())
    .await?;
    Ok(())
}
