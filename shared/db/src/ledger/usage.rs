//! What was asked of providers and what it cost: sums of days.

use crate::{AdminTx, Caller, PlatformTx, Result, TenantTx};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// What sums are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UsageBy {
    /// By day of UTC.
    Day,
    /// By tenant.
    Tenant,
    /// By who asked.
    User,
    /// By the API key that it was asked with.
    Key,
    /// By who was asked.
    Endpoint,
    /// By the model that was asked for.
    Model,
    /// By what it was asked for.
    Operation,
    /// By whom a server asked for.
    #[serde(rename = "end_user")]
    EndUser,
}

impl UsageBy {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Day,
        Self::Tenant,
        Self::User,
        Self::Key,
        Self::Endpoint,
        Self::Model,
        Self::Operation,
        Self::EndUser,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Key => "key",
            Self::Endpoint => "endpoint",
            Self::Model => "model",
            Self::Operation => "operation",
            Self::EndUser => "end_user",
        }
    }
}

/// Which sums are wanted.
#[derive(Clone, Debug)]
pub struct UsageOf {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// What they are told apart by.
    pub by: Vec<UsageBy>,
    /// Whom a server asked for, as a hash; none for everybody.
    pub end_user: Option<String>,
    /// How many at most.
    pub most: usize,
}

impl UsageOf {
    fn names(&self) -> Vec<&'static str> {
        self.by.iter().map(|by| by.as_str()).collect()
    }

    /// How many rows: of each sum one that is exact and one that is estimated, and of one too many.
    fn rows(&self) -> i64 {
        i64::try_from(2 * (self.most + 1)).unwrap_or(i64::MAX)
    }
}

/// What a sum is of: what it is not told apart by, or has not, is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageGroup {
    /// The day.
    pub day: Option<NaiveDate>,
    /// The tenant.
    pub tenant_id: Option<Uuid>,
    /// Its slug.
    pub tenant: Option<String>,
    /// Who asked.
    pub user_id: Option<Uuid>,
    /// The address of who asked, if that one is still there.
    pub email: Option<String>,
    /// With which key.
    pub api_key_id: Option<Uuid>,
    /// What that is called; of visitors it is their site.
    pub api_key: Option<String>,
    /// Who was asked.
    pub endpoint: Option<String>,
    /// For which model.
    pub model: Option<String>,
    /// What for.
    pub operation: Option<String>,
    /// Whom a server asked for, as a hash.
    pub end_user: Option<String>,
}

/// A sum of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageCounts {
    /// How many.
    pub calls: i64,
    /// Those to which the provider gave nothing.
    pub failed_calls: i64,
    /// Those of which no price is known.
    pub unpriced_calls: i64,
    /// Tokens that were sent.
    pub prompt_tokens: i64,
    /// Those of them that the provider knew already.
    pub cached_tokens: i64,
    /// Those of them that the provider then knew.
    pub cache_write_tokens: i64,
    /// Tokens that came back.
    pub completion_tokens: i64,
    /// Those of them that were not the answer.
    pub reasoning_tokens: i64,
    /// What it cost, in nano-USD, as far as prices are known.
    pub cost: i64,
}

impl UsageCounts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            failed_calls: self.failed_calls.saturating_add(other.failed_calls),
            unpriced_calls: self.unpriced_calls.saturating_add(other.unpriced_calls),
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_add(other.cache_write_tokens),
            completion_tokens: self
                .completion_tokens
                .saturating_add(other.completion_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(other.reasoning_tokens),
            cost: self.cost.saturating_add(other.cost),
        }
    }
}

/// The calls of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageRow {
    /// What they have in common.
    pub group: UsageGroup,
    /// Those whose tokens the provider counted.
    pub exact: UsageCounts,
    /// The others.
    pub estimated: UsageCounts,
}

/// A row as it is read: one of the two sums of a group.
#[derive(sqlx::FromRow)]
struct Half {
    #[sqlx(flatten)]
    group: UsageGroup,
    exact: bool,
    #[sqlx(flatten)]
    counts: UsageCounts,
}

/// The groups of rows that come group by group.
fn groups(halves: Vec<PgRow>) -> Result<Vec<UsageRow>> {
    let mut rows: Vec<UsageRow> = Vec::new();
    for half in halves {
        let half: Half = sqlx::FromRow::from_row(&half)?;
        if rows.last().is_none_or(|row| row.group != half.group) {
            rows.push(UsageRow {
                group: half.group,
                ..UsageRow::default()
            });
        }
        if let Some(row) = rows.last_mut() {
            match half.exact {
                true => row.exact = half.counts,
                false => row.estimated = half.counts,
            }
        }
    }
    Ok(rows)
}

impl AdminTx {
    /// Sums of the managed tenant, in the order of what they are told apart by; one more than there may be where there are
    /// more.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn usage(&mut self, of: &UsageOf) -> Result<Vec<UsageRow>> {
        self.usage_of(of, None).await
    }
}

impl TenantTx {
    /// The caller's own sums, as [`AdminTx::usage`].
    ///
    /// # Errors
    /// They could not be read.
    pub async fn own_usage(&mut self, caller: &Caller, of: &UsageOf) -> Result<Vec<UsageRow>> {
        self.usage_of(of, Some(caller.user_id())).await
    }

    /// Of one user, or of all.
    async fn usage_of(&mut self, of: &UsageOf, user: Option<Uuid>) -> Result<Vec<UsageRow>> {
        let rows = sqlx::query(
            "select s.*, null::uuid as tenant_id, null as tenant, u.email,
                    coalesce(k.name, w.name) as api_key
             from usage_of($1, $2, $3, $5, $6) s
             left join users u on u.id = s.user_id and not u.is_service
             left join api_keys k on k.id = s.api_key_id
             left join sites w on w.id = s.api_key_id
             where s.calls <> 0
             order by s.day, s.user_id, s.api_key_id, s.endpoint, s.model, s.operation, s.end_user
             limit $4",
        )
        .bind(of.from)
        .bind(of.to)
        .bind(of.names())
        .bind(of.rows())
        .bind(user)
        .bind(&of.end_user)
        .fetch_all(self.conn())
        .await?;
        groups(rows)
    }
}

impl PlatformTx {
    /// Sums of all tenants, as [`AdminTx::usage`]; of users and keys nothing is known.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn usage(&mut self, of: &UsageOf) -> Result<Vec<UsageRow>> {
        let rows = sqlx::query(
            "select s.*, t.slug as tenant, null::uuid as user_id, null as email, null::uuid as api_key_id,
                    null as api_key, null as end_user
             from (
               select case when 'tenant' = any ($3) then u.tenant_id end as tenant_id, u.day, u.endpoint, u.model,
                      u.operation, u.exact, sum(u.calls)::bigint as calls, sum(u.failed_calls)::bigint as failed_calls,
                      sum(u.unpriced_calls)::bigint as unpriced_calls, sum(u.prompt_tokens)::bigint as prompt_tokens,
                      sum(u.cached_tokens)::bigint as cached_tokens,
                      sum(u.cache_write_tokens)::bigint as cache_write_tokens,
                      sum(u.completion_tokens)::bigint as completion_tokens,
                      sum(u.reasoning_tokens)::bigint as reasoning_tokens, capped(sum(u.cost)) as cost
               from usage_of_tenants($1, $2, $3) u
               group by 1, 2, 3, 4, 5, 6
             ) s
             left join tenants t on t.id = s.tenant_id
             where s.calls <> 0
             order by s.day, t.slug, s.endpoint, s.model, s.operation
             limit $4",
        )
        .bind(of.from)
        .bind(of.to)
        .bind(of.names())
        .bind(of.rows())
        .fetch_all(self.conn())
        .await?;
        groups(rows)
    }
}
