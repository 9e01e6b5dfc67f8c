//! Who the bearer of an API key is. What is remembered of it, and how it is forgotten, is as with a token.

use crate::{
    ApiKeyScope, Asked, Caller, Db, Limits, Result, TenantTx,
    access::accounts::{Account, AccountRow, account_columns},
    access::remembered::{Bearer, Shown},
    tenancy::tenants::tenant_columns,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tenant_auth::ApiKeyClaim;
use uuid::Uuid;

/// How exactly it is known when a key was last used: what is written once in this time costs a busy key nothing.
const USE_KNOWN_TO: TimeDelta = TimeDelta::minutes(1);

/// An API key that is good.
#[derive(Clone, Debug)]
pub(crate) struct UsedKey {
    pub(crate) id: Uuid,
    pub(crate) hash: [u8; 32],
    pub(crate) scopes: Vec<ApiKeyScope>,
    pub(crate) limits: Limits,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Db {
    /// Who acts with an API key, if key and tenant are still good. At most 5 s old; that it is no longer good is remembered,
    /// too: whoever goes on sending a key that ended costs the database little.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn key_caller(&self, key: &ApiKeyClaim, asked: &Asked) -> Result<Option<Caller>> {
        let account = match self.remembered.account(&Bearer::of_key(key)) {
            Some(known) => known,
            // In a box: as in [`Db::caller`].
            None => Box::pin(self.account_now(Bearer::of_key(key), None, asked.at)).await?,
        };
        Ok(caller(account, asked))
    }
}

fn caller(account: Option<Arc<Account>>, asked: &Asked) -> Option<Caller> {
    let account = account.filter(|account| account.is_good_at(asked.at))?;
    let end = account.api_key.as_ref().and_then(|key| key.expires_at);
    let end = end.map_or(i64::MAX, |end| end.timestamp());
    Some(Caller::new(account, None, end, asked))
}

impl Caller {
    /// The API key that was shown.
    pub fn api_key_id(&self) -> Option<Uuid> {
        self.account().api_key.as_ref().map(|key| key.id)
    }

    /// The scopes of the API key that was shown; `None` for a person, who needs none.
    pub fn scopes(&self) -> Option<&[ApiKeyScope]> {
        self.account().api_key.as_ref().map(|key| &key.scopes[..])
    }

    /// The API key's own limits.
    pub fn api_key_limits(&self) -> Option<Limits> {
        self.account().api_key.as_ref().map(|key| key.limits)
    }

    /// What this caller is remembered by.
    pub(crate) fn bearer(&self) -> Bearer {
        let (id, shown) = match &self.account().api_key {
            Some(key) => (key.id, Shown::ApiKey(key.hash)),
            None => (self.user_id(), Shown::Token(self.session_id())),
        };
        Bearer {
            tenant_id: self.tenant_id(),
            id,
            shown,
        }
    }
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    user_id: Uuid,
    scopes: Vec<ApiKeyScope>,
    #[sqlx(json)]
    key_limits: Limits,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TenantTx {
    /// The account of whoever acts with a key, if key and tenant are still good; and notes that the key is used.
    pub(crate) async fn key_account(
        mut self,
        id: Uuid,
        hash: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Account>> {
        let row: Option<KeyRow> = sqlx::query_as(concat!(
            "select k.user_id, k.scopes, k.limits as key_limits, k.expires_at, k.last_used_at, 0::bigint as used_generation, ",
            account_columns!(), "
             from api_keys k
             join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
             join tenants t on t.id = k.tenant_id
             where k.id = $1 and k.key_hash = $2 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $3)
               and u.is_active and u.is_service and t.status = 'active'"
        ))
        .bind(id)
        .bind(&hash[..])
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let long_ago = now - USE_KNOWN_TO;
        if row.last_used_at.is_none_or(|last| last <= long_ago) {
            self.use_key(id, now, long_ago).await?;
        }
        let key = UsedKey {
            id,
            hash,
            scopes: row.scopes,
            limits: row.key_limits,
            expires_at: row.expires_at,
        };
        Ok(Some(row.account.into_account(row.user_id, Some(key))))
    }

    /// Of many who note it at once, one writes.
    async fn use_key(
        mut self,
        id: Uuid,
        now: DateTime<Utc>,
        long_ago: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "update api_keys set last_used_at = $2
             where id = $1 and (last_used_at is null or last_used_at <= $3)",
        )
        .bind(id)
        .bind(now)
        .bind(long_ago)
        .execute(self.conn())
        .await?;
        self.commit().await
    }
}
