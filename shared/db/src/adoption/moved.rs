//! Users from the service before this one whose place here is another one now: who have another tenant there, or are deleted here.

use crate::{Adoption, Result};
use std::collections::HashSet;
use uuid::Uuid;

/// Somebody who was copied.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UserCopied {
    /// The id here.
    pub id: Uuid,
    /// The address as it was registered there.
    pub registered: Option<String>,
    /// Whether that user has come in here, or said anything.
    pub is_in_use: bool,
}

impl Adoption {
    /// Up to `limit` ids there of a tenant's users, after one of them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn copied_ids(&self, tenant: Uuid, after: &str, limit: i64) -> Result<Vec<String>> {
        let mut tx = self.open(tenant).await?;
        let ids = sqlx::query_scalar(
            "select legacy_id from legacy_rows where kind = 'user' and legacy_id > $1 order by legacy_id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(ids)
    }

    /// A user by the id there, unless deleted here.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn user_copied(&self, tenant: Uuid, legacy_id: &str) -> Result<Option<UserCopied>> {
        let mut tx = self.open(tenant).await?;
        let user = sqlx::query_as(
            "select u.id, e.legacy_id as registered,
                    u.last_login_at is not null or exists (
                      select from chat_sessions s join chat_messages m on m.session_id = s.id
                      where s.user_id = u.id and m.legacy_id is null) as is_in_use
             from legacy_rows r join users u on u.id = r.id
             left join legacy_rows e on e.kind = 'email' and e.id = u.id
             where r.kind = 'user' and r.legacy_id = $1 limit 1",
        )
        .bind(legacy_id)
        .fetch_optional(tx.conn())
        .await?;
        Ok(user)
    }

    /// Forgets a user who was copied, with all conversations, as if that had not been.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_user(&self, tenant: Uuid, id: Uuid) -> Result<()> {
        let mut tx = self.open(tenant).await?;
        for sql in [
            "delete from legacy_rows where kind in ('session', 'session_key')
               and id in (select s.id from chat_sessions s where s.user_id = $1)",
            "delete from users where id = $1",
            "delete from legacy_rows where kind in ('user', 'user_key', 'email') and id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(tx.conn()).await?;
        }
        tx.commit().await
    }

    /// Which of these users are here no more.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users_deleted(&self, tenant: Uuid, users: &[Uuid]) -> Result<HashSet<Uuid>> {
        if users.is_empty() {
            return Ok(HashSet::new());
        }
        let mut tx = self.open(tenant).await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select id from unnest($1::uuid[]) as n(id) where not exists (select from users u where u.id = n.id)",
        )
        .bind(users)
        .fetch_all(tx.conn())
        .await?;
        Ok(ids.into_iter().collect())
    }
}
