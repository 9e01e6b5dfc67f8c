//! The keys of a site: by what a tenant's server signs who visits its pages.

use crate::{AdminTx, Deed, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A key as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredIdentityKey {
    /// Its id.
    pub id: Uuid,
    /// By which algorithm one signs with it: `HS256`, `ES256`, `EdDSA`.
    pub algorithm: String,
    /// The secret of HS256, sealed.
    pub sealed: Option<Vec<u8>>,
    /// The public key of another one.
    pub public_key: Option<Vec<u8>>,
    /// What people may see of it.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

macro_rules! identity_key_columns {
    () => {
        "id, algorithm, sealed, public_key, hint, created_at"
    };
}
pub(crate) use identity_key_columns;

impl AdminTx {
    /// Locks a site, so that of two who add a key the second one sees the first's; false if there is none.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn lock_site(&mut self, id: Uuid) -> Result<bool> {
        let sql = "select id from sites where id = $1 and deleted_at is null for no key update";
        let site: Option<Uuid> = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?;
        Ok(site.is_some())
    }

    /// The keys of a site, oldest first.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn identity_keys(&mut self, site: Uuid) -> Result<Vec<StoredIdentityKey>> {
        let sql = concat!(
            "select ",
            identity_key_columns!(),
            " from site_identity_keys where site_id = $1 order by id"
        );
        let keys = sqlx::query_as(sql).bind(site);
        Ok(keys.fetch_all(self.conn()).await?)
    }

    /// Stores a key of a site.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn add_identity_key(&mut self, site: Uuid, key: &StoredIdentityKey) -> Result<()> {
        sqlx::query(
            "insert into site_identity_keys (id, site_id, algorithm, sealed, public_key, hint, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id)
        .bind(site)
        .bind(&key.algorithm)
        .bind(&key.sealed)
        .bind(&key.public_key)
        .bind(&key.hint)
        .bind(key.created_at)
        .execute(self.conn())
        .await?;
        let made = Deed::done("identity_key.create", key.id);
        self.audit(made.detail(format!("{} of site {site}", key.algorithm)))
            .await
    }

    /// Deletes a key of a site, and with it the logins that it has made; false if there is none.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn delete_identity_key(&mut self, site: Uuid, id: Uuid) -> Result<bool> {
        let algorithm: Option<String> = sqlx::query_scalar(
            "delete from site_identity_keys k
             where k.id = $2 and k.site_id = $1
               and exists (select from sites s where s.id = $1 and s.deleted_at is null)
             returning k.algorithm",
        )
        .bind(site)
        .bind(id)
        .fetch_optional(self.conn())
        .await?;
        let Some(algorithm) = algorithm else {
            return Ok(false);
        };
        let gone = Deed::done("identity_key.delete", id);
        self.audit(gone.detail(format!("{algorithm} of site {site}")))
            .await?;
        Ok(true)
    }
}
