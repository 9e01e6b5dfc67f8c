//! A tenant's own provider keys, sealed: this crate never sees one in the clear.

use crate::{AdminTx, Deed, Result, TenantTx};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A sealed key, and the row that its seal is bound to.
#[derive(Clone, Debug)]
pub struct SealedSecret {
    /// The row.
    pub id: Uuid,
    /// Whose key it is.
    pub provider: String,
    /// The ciphertext.
    pub sealed: Vec<u8>,
}

/// What may be told of a key.
#[derive(Debug, sqlx::FromRow)]
pub struct SecretInfo {
    /// The row.
    pub id: Uuid,
    /// Whose key it is.
    pub provider: String,
    /// Its last four characters.
    pub last4: String,
    /// When it was set.
    pub set_at: DateTime<Utc>,
    /// The ciphertext, to find out whether it can still be opened.
    pub sealed: Vec<u8>,
    /// When it was last tried, or refused.
    pub checked_at: Option<DateTime<Utc>>,
    /// The code of what went wrong then.
    pub failure: Option<String>,
}

impl TenantTx {
    /// Notes what came of the tenant's own key: no code, or that of what went wrong. What has been known for less than an hour is not
    /// written again, since a key that is refused is so with every question.
    pub async fn note_key(
        &mut self,
        provider: &str,
        at: DateTime<Utc>,
        failure: Option<&str>,
    ) -> Result<()> {
        sqlx::query(
            "update tenant_secrets set checked_at = $2, failure = $3
             where provider = $1
               and ($3::text is null or failure is distinct from $3 or checked_at < $2 - interval '1 hour')",
        )
        .bind(provider)
        .bind(at)
        .bind(failure)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl AdminTx {
    /// The row that a key of `provider` would be stored in: the one there is, else a new id. Until the transaction ends,
    /// no other one decides this for the tenant.
    pub async fn secret_row(&mut self, provider: &str) -> Result<Uuid> {
        sqlx::query("select from tenants for no key update")
            .execute(self.conn())
            .await?;
        let row: Option<Uuid> =
            sqlx::query_scalar("select id from tenant_secrets where provider = $1")
                .bind(provider)
                .fetch_optional(self.conn())
                .await?;
        Ok(row.unwrap_or_else(Uuid::now_v7))
    }

    /// Stores a sealed key in the row that [`AdminTx::secret_row`] gave, to which the seal is bound.
    pub async fn set_secret(
        &mut self,
        provider: &str,
        id: Uuid,
        sealed: &[u8],
        last4: &str,
    ) -> Result<()> {
        sqlx::query(
            "insert into tenant_secrets (id, provider, sealed, last4) values ($1, $2, $3, $4)
             on conflict (tenant_id, id) do update
             set sealed = excluded.sealed, last4 = excluded.last4, set_at = now(), checked_at = null, failure = null",
        )
        .bind(id)
        .bind(provider)
        .bind(sealed)
        .bind(last4)
        .execute(self.conn())
        .await?;
        self.audit(Deed::done("secret.set", provider)).await
    }

    /// Forgets a key; false if there was none.
    pub async fn delete_secret(&mut self, provider: &str) -> Result<bool> {
        let gone = sqlx::query("delete from tenant_secrets where provider = $1")
            .bind(provider)
            .execute(self.conn())
            .await?;
        self.audit(Deed::done("secret.delete", provider)).await?;
        Ok(gone.rows_affected() > 0)
    }

    /// The keys there are.
    pub async fn secrets(&mut self) -> Result<Vec<SecretInfo>> {
        let sql = "select id, provider, last4, set_at, sealed, checked_at, failure from tenant_secrets order by provider";
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }
}
