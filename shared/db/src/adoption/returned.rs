//! What was written here and then back to the service before this one, which was gone on with there: it is here already, and what
//! followed it there comes behind it.

use super::chats::put_messages;
use crate::{Adoption, LegacyMessage, Result};
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use uuid::Uuid;

/// A row of here, by its id.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnRow {
    /// Its id.
    pub id: Uuid,
    /// `user`, `session` or `message`.
    pub kind: String,
    /// Of a message, its conversation.
    pub session_id: Option<Uuid>,
}

/// What followed in a conversation there.
#[derive(Debug)]
pub struct Following<'a> {
    /// The conversation here.
    pub session: Uuid,
    /// Its id there.
    pub legacy_id: &'a str,
    /// All of it that may be new, in its order.
    pub messages: Vec<LegacyMessage>,
    /// When it was last written to there.
    pub updated_at: DateTime<Utc>,
    /// Of all of it there; none while some of it is still to come.
    pub fingerprint: Option<&'a [u8]>,
}

impl Adoption {
    /// Which of these ids are rows of a tenant that were made here: people, conversations and messages.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_rows(&self, tenant: Uuid, ids: &[Uuid]) -> Result<Vec<OwnRow>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.open(tenant).await?;
        let rows = sqlx::query_as(
            "select id, 'user' as kind, null::uuid as session_id from users where id = any ($1) and legacy is null
             union all select id, 'session', null from chat_sessions where id = any ($1)
             union all select id, 'message', session_id from chat_messages where id = any ($1) and legacy_id is null",
        )
        .bind(ids)
        .fetch_all(tx.conn())
        .await?;
        Ok(rows)
    }

    /// Remembers what people and conversations that were made here are called there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn remember_own(&self, tenant: Uuid, rows: &[(&str, &str, Uuid)]) -> Result<()> {
        let mut tx = self.open(tenant).await?;
        let all = || rows.iter();
        sqlx::query(
            "insert into legacy_rows (kind, legacy_id, id)
             select kind, legacy_id, id from unnest($1::text[], $2::text[], $3::uuid[]) as n(kind, legacy_id, id)
             on conflict (tenant_id, kind, legacy_id) do nothing",
        )
        .bind(all().map(|row| row.0).collect::<Vec<_>>())
        .bind(all().map(|row| row.1).collect::<Vec<_>>())
        .bind(all().map(|row| row.2).collect::<Vec<_>>())
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Adds to a conversation what followed there and is not here, behind what is shown of it. How many messages that were.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn follow_on(&self, tenant: Uuid, following: Following<'_>) -> Result<usize> {
        let Following {
            session,
            legacy_id,
            mut messages,
            updated_at,
            fingerprint,
        } = following;
        let mut tx = self.open(tenant).await?;
        let (last, shown): (i32, i32) = sqlx::query_as(
            "select last_seq, coalesce(active_seq, last_seq) from chat_sessions where id = $1 for update",
        )
        .bind(session)
        .fetch_one(tx.conn())
        .await?;
        let ids: Vec<&str> = messages.iter().map(|message| &*message.legacy_id).collect();
        let here: Vec<String> = sqlx::query_scalar(
            "select legacy_id from chat_messages where session_id = $1 and legacy_id = any ($2)",
        )
        .bind(session)
        .bind(&ids)
        .fetch_all(tx.conn())
        .await?;
        let here: HashSet<String> = here.into_iter().collect();
        messages.retain(|message| !here.contains(&message.legacy_id));
        let mut seq = last;
        for message in &mut messages {
            seq += 1;
            (message.seq, message.session_id) = (seq, session);
        }
        put_messages(&mut tx, tenant, &messages).await?;
        if !messages.is_empty() && shown != last {
            let begins =
                "update chat_messages set parent_seq = $3 where session_id = $1 and seq = $2";
            let begins = sqlx::query(begins).bind(session).bind(last + 1).bind(shown);
            begins.execute(tx.conn()).await?;
        }
        if !messages.is_empty() {
            sqlx::query(
                "update chat_sessions set last_seq = $2, active_seq = null, branched = branched or $3,
                   updated_at = greatest(updated_at, $4) where id = $1",
            )
            .bind(session)
            .bind(seq)
            .bind(shown != last)
            .bind(updated_at)
            .execute(tx.conn())
            .await?;
        }
        sqlx::query(
            "update legacy_rows set fingerprint = $2 where kind = 'session' and legacy_id = $1",
        )
        .bind(legacy_id)
        .bind(fingerprint)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(messages.len())
    }
}
