//! Requests that may be sent twice: what makes something takes the key of its request in the same transaction.

use crate::{AdminTx, PlatformTx, Result, transaction::Conn};
use uuid::Uuid;

/// What a request that makes something is known by (draft-ietf-httpapi-idempotency-key-header).
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey<'a> {
    /// As the client chose it.
    pub key: &'a str,
    /// What tells what it asks for from anything else.
    pub body_hash: &'a [u8; 32],
}

/// Whose a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This request's, for 24 hours from now.
    New,
    /// That of the same request before, which made the thing with this id.
    Repeat(Uuid),
    /// That of a request that asked for something else.
    OtherBody,
}

impl AdminTx {
    /// Takes a key of whoever acts for what this transaction makes, `made`. Call it first: of two at once the second waits
    /// here, and learns what became of the other one. A rollback frees the key.
    pub async fn claim(
        &mut self,
        route: &str,
        key: &IdempotencyKey<'_>,
        made: Uuid,
    ) -> Result<Claim> {
        let user = self.actor.user_id;
        if take(self.conn(), user, route, key, made).await? {
            return Ok(Claim::New);
        }
        let taken = taken(self.conn(), user, route, key).await?;
        Ok(taken.ok_or(sqlx::Error::RowNotFound)?)
    }

    /// As [`AdminTx::claim`], but takes nothing. [`Claim::New`]: it could be taken.
    pub async fn claimed(&mut self, route: &str, key: &IdempotencyKey<'_>) -> Result<Claim> {
        let user = self.actor.user_id;
        let taken = taken(self.conn(), user, route, key).await?;
        Ok(taken.unwrap_or(Claim::New))
    }
}

impl PlatformTx {
    /// As [`AdminTx::claim`], in the superuser's own tenant.
    pub(crate) async fn claim(
        &mut self,
        route: &str,
        key: &IdempotencyKey<'_>,
        made: Uuid,
    ) -> Result<Claim> {
        let (home, user) = (self.actor.tenant_id, self.actor.user_id);
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(home.to_string())
            .execute(self.conn())
            .await?;
        if take(self.conn(), user, route, key, made).await? {
            return Ok(Claim::New);
        }
        let taken = taken(self.conn(), user, route, key).await?;
        Ok(taken.ok_or(sqlx::Error::RowNotFound)?)
    }
}

/// Whether the key was free. If not, its row stays as it is until the transaction ends.
async fn take(
    conn: Conn<'_>,
    user: Uuid,
    route: &str,
    key: &IdempotencyKey<'_>,
    made: Uuid,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into idempotency_keys as k (user_id, route, key, body_hash, made) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, user_id, route, key) do update
           set body_hash = excluded.body_hash, made = excluded.made, created_at = now()
           where k.created_at < now() - interval '24 hours'",
    )
    .bind(user)
    .bind(route)
    .bind(key.key)
    .bind(key.body_hash)
    .bind(made)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Who has the key, if anybody does.
async fn taken(
    conn: Conn<'_>,
    user: Uuid,
    route: &str,
    key: &IdempotencyKey<'_>,
) -> Result<Option<Claim>> {
    let row: Option<(bool, Uuid)> = sqlx::query_as(
        "select body_hash = $4, made from idempotency_keys
         where user_id = $1 and route = $2 and key = $3 and created_at >= now() - interval '24 hours'",
    )
    .bind(user)
    .bind(route)
    .bind(key.key)
    .bind(key.body_hash)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(is_same, made)| match is_same {
        true => Claim::Repeat(made),
        false => Claim::OtherBody,
    }))
}
