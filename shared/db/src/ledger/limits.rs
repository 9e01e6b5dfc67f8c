//! How much may be asked and spent: by a tenant, by one of its users, with one of its keys.

use crate::{AdminTx, Deed, PlatformTx, Result, Usd};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// The most of anything that is counted.
const MOST: i64 = 1_000_000_000_000_000;

/// Limits, each of which may be a number, null for none, or absent for whatever holds where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Questions in a minute.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000, example = 60)]
    pub requests_per_minute: Option<Option<i64>>,
    /// Answers that are made at the same time.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000, example = 20)]
    pub concurrent_answers: Option<Option<i64>>,
    /// Tokens of one question.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000, example = 8000)]
    pub tokens_per_question: Option<Option<i64>>,
    /// Tokens that are read and written in a day of UTC.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_000_i64, example = 1_000_000)]
    pub tokens_per_day: Option<Option<i64>>,
    /// Tokens that are read and written in a month of UTC.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_000_i64, example = 20_000_000)]
    pub tokens_per_month: Option<Option<i64>>,
    /// What may be spent in a day of UTC.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<Usd>)]
    pub cost_per_day: Option<Option<Usd>>,
    /// What may be spent in a month of UTC.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "said"
    )]
    #[schema(value_type = Option<Usd>)]
    pub cost_per_month: Option<Option<Usd>>,
}

/// Tells null, which is no limit, from absent.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Limits {
    /// These, and of `wider` ones what these say nothing of.
    #[must_use]
    pub fn or(self, wider: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(wider.requests_per_minute),
            concurrent_answers: self.concurrent_answers.or(wider.concurrent_answers),
            tokens_per_question: self.tokens_per_question.or(wider.tokens_per_question),
            tokens_per_day: self.tokens_per_day.or(wider.tokens_per_day),
            tokens_per_month: self.tokens_per_month.or(wider.tokens_per_month),
            cost_per_day: self.cost_per_day.or(wider.cost_per_day),
            cost_per_month: self.cost_per_month.or(wider.cost_per_month),
        }
    }

    /// The most tokens that a question may have.
    pub fn question(&self) -> Option<i64> {
        self.tokens_per_question.flatten()
    }

    /// Whether there is a limit to money.
    pub fn has_cost(&self) -> bool {
        self.cost_per_day.flatten().is_some() || self.cost_per_month.flatten().is_some()
    }

    /// As the audit log tells them.
    fn told(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    /// Each that cannot be, with what is wrong with it.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let counts = [
            ("requests_per_minute", self.requests_per_minute, 1_000_000),
            ("concurrent_answers", self.concurrent_answers, 1_000_000),
            ("tokens_per_question", self.tokens_per_question, 1_000_000),
            ("tokens_per_day", self.tokens_per_day, MOST),
            ("tokens_per_month", self.tokens_per_month, MOST),
        ];
        let bad = counts.into_iter().filter_map(|(name, set, most)| {
            let out = set.flatten().is_some_and(|n| !(0..=most).contains(&n));
            out.then(|| {
                (
                    name,
                    format!("must be a whole number from 0 to {most}, or null for none"),
                )
            })
        });
        bad.collect()
    }
}

/// Whose limits they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LimitScope {
    /// All of the tenant's users and keys together.
    Tenant,
    /// One user.
    User,
    /// One API key.
    Key,
}

/// The limits of one who asks.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LimitsOf {
    /// Whose they are.
    pub scope: LimitScope,
    /// The tenant, the user or the key.
    pub subject: Uuid,
    /// What they are.
    #[serde(flatten)]
    pub limits: Limits,
}

/// Where somebody is with a limit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LimitState {
    /// Its name among [`Limits`].
    #[serde(rename = "limit")]
    pub name: String,
    /// Whose it is.
    pub scope: LimitScope,
    /// What it is; of money in nano-USD.
    pub most: i64,
    /// What is left of it.
    pub left: i64,
    /// In how many seconds there is more of it again.
    pub reset: i64,
}

impl LimitState {
    /// Whether less than a fifth of it is left: time to tell whoever can do something about it.
    pub fn is_near(&self) -> bool {
        self.left < self.most / 5
    }

    /// Whether it is a limit to money.
    pub fn is_cost(&self) -> bool {
        self.name.starts_with("cost")
    }
}

impl PlatformTx {
    /// Sets what a tenant, which is locked, may ask and spend.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn set_tenant_limits(&mut self, id: Uuid, limits: &Limits) -> Result<()> {
        sqlx::query("update tenants set limits = $2, updated_at = now() where id = $1")
            .bind(id)
            .bind(Json(limits))
            .execute(self.conn())
            .await?;
        let set = Deed::done("tenant.limits", id).detail(limits.told());
        self.audit(id, set).await
    }
}

impl AdminTx {
    /// Sets what each user of the managed tenant may ask and spend of which nothing else is said.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn set_user_limits(&mut self, limits: &Limits) -> Result<()> {
        let id: Uuid = sqlx::query_scalar(
            "update tenants set user_limits = $1, updated_at = now() returning id",
        )
        .bind(Json(limits))
        .fetch_one(self.conn())
        .await?;
        let set = Deed::done("tenant.user_limits", id).detail(limits.told());
        self.audit(set).await
    }

    /// What one user may ask and spend, as it is said of that one; none if there is no such user.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn limits_of_user(&mut self, id: Uuid) -> Result<Option<Limits>> {
        let limits: Option<Json<Limits>> =
            sqlx::query_scalar("select limits from users where id = $1 and not is_service")
                .bind(id)
                .fetch_optional(self.conn())
                .await?;
        Ok(limits.map(|Json(limits)| limits))
    }

    /// Likewise, and nobody else changes it before the transaction ends.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn limits_of_user_for_update(&mut self, id: Uuid) -> Result<Option<Limits>> {
        let lock = sqlx::query("select from users where id = $1 for no key update").bind(id);
        lock.execute(self.conn()).await?;
        self.limits_of_user(id).await
    }

    /// Sets what one user may ask and spend.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn set_limits_of_user(&mut self, id: Uuid, limits: &Limits) -> Result<()> {
        sqlx::query(
            "update users set limits = $2, updated_at = now() where id = $1 and not is_service",
        )
        .bind(id)
        .bind(Json(limits))
        .execute(self.conn())
        .await?;
        self.audit(Deed::done("user.limits", id).detail(limits.told()))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_what_is_said_more_widely() {
        let own: Limits =
            serde_json::from_str(r#"{"tokens_per_day": null, "cost_per_day": "0.5"}"#).unwrap();
        let wider =
            serde_json::from_str(r#"{"tokens_per_day": 5, "concurrent_answers": 3}"#).unwrap();
        let both = own.or(wider);
        assert_eq!(both.tokens_per_day, Some(None));
        assert_eq!(both.concurrent_answers, Some(Some(3)));
        assert_eq!(both.requests_per_minute, None);
        assert!(both.has_cost());
    }

    #[test]
    fn impossible_limits_are_named() {
        let faults = |json: &str| {
            let limits: Limits = serde_json::from_str(json).unwrap();
            let names = limits.faults().into_iter().map(|(name, _)| name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(
            faults(r#"{"tokens_per_day": -1, "concurrent_answers": 1000001}"#),
            ["concurrent_answers", "tokens_per_day"]
        );
        assert_eq!(
            faults(r#"{"tokens_per_month": 1000000000000000000}"#),
            ["tokens_per_month"]
        );
        assert_eq!(
            faults(r#"{"tokens_per_day": 0, "requests_per_minute": null}"#),
            [""; 0]
        );
    }
}
