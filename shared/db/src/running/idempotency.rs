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
    /// What told it by secrets that are accepted besides.
    pub other_hashes: &'a [[u8; 32]],
}

impl IdempotencyKey<'_> {
    fn hashes(&self) -> Vec<&[u8]> {
        let all = std::iter::once(self.body_hash).chain(self.other_hashes);
        all.map(|hash| &hash[..]).collect()
    }
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

impl Claim {
    fn of(is_same: bool, made: Uuid) -> Self {
        match is_same {
            true => Self::Repeat(made),
            false => Self::OtherBody,
        }
    }
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
        claim(self.conn(), user, route, key, made).await
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
        claim(self.conn(), user, route, key, made).await
    }
}

/// Takes the key if it is free. If not, its row stays as it is until the transaction ends.
async fn claim(
    mut conn: Conn<'_>,
    user: Uuid,
    route: &str,
    key: &IdempotencyKey<'_>,
    made: Uuid,
) -> Result<Claim> {
    let (is_new, is_same, made): (bool, Option<bool>, Option<Uuid>) =
        sqlx::query_as("select is_new, is_same, made from claim_key($1, $2, $3, $4, $5)")
            .bind(user)
            .bind(route)
            .bind(key.key)
            .bind(key.body_hash)
            .bind(made)
            .fetch_one(conn.by_ref())
            .await?;
    match (is_new, is_same.zip(made)) {
        (true, _) => Ok(Claim::New),
        (false, Some((false, _))) if !key.other_hashes.is_empty() => {
            let taken = taken(conn, user, route, key).await?;
            Ok(taken.unwrap_or(Claim::OtherBody))
        }
        (false, Some((is_same, made))) => Ok(Claim::of(is_same, made)),
        (false, None) => Err(sqlx::Error::RowNotFound.into()),
    }
}

/// Who has the key, if anybody does.
async fn taken(
    conn: Conn<'_>,
    user: Uuid,
    route: &str,
    key: &IdempotencyKey<'_>,
) -> Result<Option<Claim>> {
    let row: Option<(bool, Uuid)> = sqlx::query_as(
        "select body_hash = any ($4), made from idempotency_keys
         where user_id = $1 and route = $2 and key = $3 and created_at >= now() - interval '24 hours'",
    )
    .bind(user)
    .bind(route)
    .bind(key.key)
    .bind(key.hashes())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(is_same, made)| Claim::of(is_same, made)))
}
