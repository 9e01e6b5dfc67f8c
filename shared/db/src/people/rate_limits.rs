//! How often something may be done, counted once for all processes.

use crate::{Db, Need, Result, Whose};
use std::time::Duration;

/// A bucket of tokens: so many for every minute, and never more at once.
#[derive(Debug)]
pub struct RateLimit {
    /// What it is called.
    pub name: &'static str,
    /// What is done and who does it; each combination has a bucket of its own.
    pub key: String,
    /// Tokens for every minute; at least 1.
    pub per_minute: u32,
}

/// The buckets that a login takes a token from.
#[derive(Debug)]
pub struct LoginLimits {
    /// The client's, which is asked first; none if it is not known who that is.
    pub client: Option<RateLimit>,
    /// That of the account.
    pub account: RateLimit,
    /// The bucket that the client has for this account instead, with as many tokens, once it has logged in to it: what
    /// [`NewLogin::client`](crate::NewLogin::client) says.
    pub both: Option<String>,
}

/// A bucket that is empty.
#[derive(Clone, Copy, Debug)]
pub struct Exhausted {
    /// What the limit is called.
    pub name: &'static str,
    /// How many tokens it gets every minute.
    pub per_minute: u32,
    /// How long until it has one again.
    pub wait: Duration,
}

impl RateLimit {
    /// So many of `name` for `who`.
    pub fn new(name: &'static str, who: &str, per_minute: u32) -> Self {
        Self {
            name,
            key: format!("{name}\0{who}"),
            per_minute,
        }
    }

    fn exhausted(&self, wait: Option<f64>) -> Exhausted {
        Exhausted {
            name: self.name,
            per_minute: self.per_minute,
            wait: Duration::from_secs_f64(wait.unwrap_or_default()),
        }
    }
}

impl Exhausted {
    /// Whole seconds after which the wait is surely over.
    pub fn seconds(&self) -> u64 {
        self.wait.as_secs() + 1
    }
}

impl Db {
    /// Takes what a login costs. If a bucket is empty, that one, and whether it is the client's.
    pub async fn take_login(
        &self,
        limits: &LoginLimits,
        whose: Whose,
    ) -> Result<Option<(Exhausted, bool)>> {
        let (client, account) = (limits.client.as_ref(), &limits.account);
        let mut tx = self.outside(whose, Need::Asked).await?;
        let (place, wait): (Option<i32>, Option<f64>) =
            sqlx::query_as("select place, wait from rate_limit_login($1, $2, $3, $4, $5)")
                .bind(client.map(|limit| limit.key.as_bytes()))
                .bind(account.key.as_bytes())
                .bind(limits.both.as_ref().map(|key| key.as_bytes()))
                .bind(client.map_or(1, |limit| number(limit.per_minute)))
                .bind(number(account.per_minute))
                .fetch_one(tx.conn())
                .await?;
        tx.commit().await?;
        let Some(place) = place else {
            return Ok(None);
        };
        let empty = client.filter(|_| place == 1);
        let exhausted = empty.unwrap_or(account).exhausted(wait);
        Ok(Some((exhausted, empty.is_some())))
    }

    /// Takes `tokens` at once: all but one for what was let through before, and if there is one at all. How many remain.
    pub async fn spend(
        &self,
        limit: &RateLimit,
        tokens: u32,
        whose: Whose,
    ) -> Result<Result<u32, Exhausted>> {
        let mut tx = self.outside(whose, Need::Asked).await?;
        let (left, wait): (f64, Option<f64>) =
            sqlx::query_as("select left_over, wait from rate_limit_spend($1, $2, $3)")
                .bind(limit.key.as_bytes())
                .bind(number(limit.per_minute))
                .bind(number(tokens))
                .fetch_one(tx.conn())
                .await?;
        tx.commit().await?;
        Ok(match wait {
            None => Ok(left as u32),
            wait => Err(limit.exhausted(wait)),
        })
    }

    /// Forgets buckets that are full again.
    pub(crate) async fn forget_full_buckets(&self) -> Result<()> {
        let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
        sqlx::query("select rate_limit_forget()")
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }
}

/// As PostgreSQL has it.
fn number(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
