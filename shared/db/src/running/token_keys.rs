//! By what tokens are known that were made with a secret which is gone.

use crate::{Db, Need, OperatorError, Result, Whose};
use sqlx::PgConnection;
use uuid::Uuid;

/// Which tokens a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum TokenKind {
    /// API keys.
    ApiKey,
    /// Keys of sites.
    SiteKey,
}

impl TokenKind {
    /// Its name, which is also what its keys are sealed for.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::SiteKey => "site-key",
        }
    }
}

/// A key that is kept, sealed for no tenant and for its row.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TokenKey {
    /// The row.
    pub id: Uuid,
    /// Which tokens it is for.
    pub kind: TokenKind,
    /// By what it is told from others of its kind.
    pub name: String,
    /// The ciphertext.
    pub sealed: Vec<u8>,
}

impl Db {
    /// The keys that are kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn token_keys(&self) -> Result<Vec<TokenKey>> {
        let mut tx = self.outside(Whose::SERVICE, Need::Asked).await?;
        let keys = sqlx::query_as("select id, kind, name, sealed from kept_token_keys()")
            .fetch_all(tx.conn())
            .await?;
        Ok(keys)
    }
}

/// Keeps keys, unless they are kept already. The owner of the schema asks.
pub(crate) async fn keep_token_keys(
    owner: &mut PgConnection,
    keys: &[TokenKey],
) -> Result<(), OperatorError> {
    for key in keys {
        sqlx::query(
            "insert into token_keys (id, kind, name, sealed) values ($1, $2, $3, $4)
             on conflict (kind, name) do nothing",
        )
        .bind(key.id)
        .bind(key.kind)
        .bind(&key.name)
        .bind(&key.sealed)
        .execute(&mut *owner)
        .await?;
    }
    Ok(())
}
