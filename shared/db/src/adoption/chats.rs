//! Conversations that come from the service before this one, with what was said in them.

use super::rows::remember_keys;
use crate::{Adoption, MessageRole, Result, TenantTx};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A conversation as it is to be here.
#[derive(Clone, Debug)]
pub struct LegacySession {
    /// Its id here.
    pub id: Uuid,
    /// What its id here may be where it was copied before its times were known as they are now.
    pub other_ids: Vec<Uuid>,
    /// Its id there.
    pub legacy_id: String,
    /// What its messages refer to it by there, where that is not its id.
    pub key: Option<String>,
    /// Whose it is.
    pub user_id: Uuid,
    /// 1 to 200 characters.
    pub title: String,
    /// How many messages it has by now.
    pub last_seq: i32,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
    /// What else was known of it, as JSON.
    pub legacy: Option<String>,
    /// Of the conversation with all its messages: SHA-256. None while some of them are still to come.
    pub fingerprint: Option<Vec<u8>>,
}

/// A message as it is to be here.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyMessage {
    /// Its id here.
    pub id: Uuid,
    /// Its id there.
    pub legacy_id: String,
    /// The conversation.
    pub session_id: Uuid,
    /// Its place in it, from 1.
    pub seq: i32,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
    /// What else was known of it, as JSON.
    pub metadata: String,
    /// When it was said.
    pub created_at: DateTime<Utc>,
}

/// What is written in one transaction. Together far below what fits into a message to the database.
#[derive(Debug, Default)]
pub struct LegacyChats {
    /// Conversations, new or with more messages than before.
    pub sessions: Vec<LegacySession>,
    /// Messages of theirs.
    pub messages: Vec<LegacyMessage>,
    /// Those of them that were here, and begin anew.
    pub again: Vec<Uuid>,
}

/// A conversation as it is here.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of LegacySession")]
pub struct SessionHere {
    pub id: Uuid,
    pub legacy_id: String,
    pub user_id: Uuid,
    pub title: String,
    pub last_seq: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub legacy: Option<String>,
}

impl Adoption {
    /// Writes conversations and messages, and remembers where they come from, all in one transaction.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn put_chats(&self, tenant: Uuid, chats: &LegacyChats) -> Result<()> {
        let mut tx = self.open(tenant).await?;
        if !chats.again.is_empty() {
            sqlx::query(
                "delete from chat_messages where session_id = any ($1) and legacy_id is not null",
            )
            .bind(&chats.again)
            .execute(tx.conn())
            .await?;
        }
        put_sessions(&mut tx, &chats.sessions).await?;
        put_messages(&mut tx, tenant, &chats.messages).await?;
        tx.commit().await
    }

    /// Which of these conversations have messages that were written here.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn written_here(&self, tenant: Uuid, sessions: &[Uuid]) -> Result<HashSet<Uuid>> {
        if sessions.is_empty() {
            return Ok(HashSet::new());
        }
        let mut tx = self.open(tenant).await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select distinct session_id from chat_messages where session_id = any ($1) and legacy_id is null",
        )
        .bind(sessions)
        .fetch_all(tx.conn())
        .await?;
        Ok(ids.into_iter().collect())
    }

    /// Which of these conversations are here no more.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sessions_deleted(&self, tenant: Uuid, sessions: &[Uuid]) -> Result<HashSet<Uuid>> {
        if sessions.is_empty() {
            return Ok(HashSet::new());
        }
        let mut tx = self.open(tenant).await?;
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select id from unnest($1::uuid[]) as n(id)
             where not exists (select from chat_sessions s where s.id = n.id)",
        )
        .bind(sessions)
        .fetch_all(tx.conn())
        .await?;
        Ok(ids.into_iter().collect())
    }

    /// Conversations as they are here, by their ids there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sessions_here(
        &self,
        tenant: Uuid,
        ids: &[&str],
    ) -> Result<HashMap<String, SessionHere>> {
        let mut tx = self.open(tenant).await?;
        let rows: Vec<SessionHere> = sqlx::query_as(
            "select s.id, r.legacy_id, s.user_id, s.title, s.last_seq, s.created_at, s.updated_at,
                    s.legacy::text as legacy
             from unnest($1::text[]) as n(legacy_id)
             cross join lateral (select * from legacy_rows r where r.kind = 'session' and r.legacy_id = n.legacy_id limit 1) r
             cross join lateral (select * from chat_sessions s where s.id = r.id limit 1) s",
        )
        .bind(ids)
        .fetch_all(tx.conn())
        .await?;
        let by_id = |session: SessionHere| (session.legacy_id.clone(), session);
        Ok(rows.into_iter().map(by_id).collect())
    }

    /// Up to `limit` messages of conversations, in each after the one numbered `after`, as they are here.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn messages_here(
        &self,
        tenant: Uuid,
        sessions: &[Uuid],
        after: i32,
        limit: i64,
    ) -> Result<Vec<LegacyMessage>> {
        let mut tx = self.open(tenant).await?;
        let rows: Vec<MessageHere> = sqlx::query_as(
            "select id, coalesce(legacy_id, '') as legacy_id, session_id, seq, role, content, metadata::text as metadata,
                    created_at
             from chat_messages where session_id = any ($1) and seq > $2 order by session_id, seq limit $3",
        )
        .bind(sessions)
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(rows.into_iter().map(MessageHere::message).collect())
    }
}

#[derive(sqlx::FromRow)]
struct MessageHere {
    id: Uuid,
    legacy_id: String,
    session_id: Uuid,
    seq: i32,
    role: MessageRole,
    content: String,
    metadata: String,
    created_at: DateTime<Utc>,
}

impl MessageHere {
    fn message(self) -> LegacyMessage {
        LegacyMessage {
            id: self.id,
            legacy_id: self.legacy_id,
            session_id: self.session_id,
            seq: self.seq,
            role: self.role,
            content: self.content,
            metadata: self.metadata,
            created_at: self.created_at,
        }
    }
}

async fn put_sessions(tx: &mut TenantTx, sessions: &[LegacySession]) -> Result<()> {
    let all = || sessions.iter();
    sqlx::query(
        "insert into chat_sessions (id, user_id, title, last_seq, created_at, updated_at, legacy)
         select id, user_id, title, last_seq, created_at, updated_at, legacy::json
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[], $6::timestamptz[], $7::text[])
           as n(id, user_id, title, last_seq, created_at, updated_at, legacy)
         on conflict (tenant_id, id) do update set title = excluded.title, last_seq = excluded.last_seq,
           created_at = excluded.created_at, updated_at = excluded.updated_at, legacy = excluded.legacy",
    )
    .bind(all().map(|s| s.id).collect::<Vec<_>>())
    .bind(all().map(|s| s.user_id).collect::<Vec<_>>())
    .bind(all().map(|s| &*s.title).collect::<Vec<&str>>())
    .bind(all().map(|s| s.last_seq).collect::<Vec<_>>())
    .bind(all().map(|s| s.created_at).collect::<Vec<_>>())
    .bind(all().map(|s| s.updated_at).collect::<Vec<_>>())
    .bind(all().map(|s| s.legacy.as_deref()).collect::<Vec<Option<&str>>>())
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into legacy_rows (kind, legacy_id, id, fingerprint)
         select 'session', legacy_id, id, fingerprint
         from unnest($1::text[], $2::uuid[], $3::bytea[]) as n(legacy_id, id, fingerprint)
         on conflict (tenant_id, kind, legacy_id) do update set fingerprint = excluded.fingerprint",
    )
    .bind(all().map(|s| &*s.legacy_id).collect::<Vec<&str>>())
    .bind(all().map(|s| s.id).collect::<Vec<_>>())
    .bind(
        all()
            .map(|s| s.fingerprint.as_deref())
            .collect::<Vec<Option<&[u8]>>>(),
    )
    .execute(tx.conn())
    .await?;
    let keys = all().filter_map(|session| Some((session.id, session.key.as_deref()?)));
    remember_keys(tx, "session_key", keys.collect()).await
}

pub(super) async fn put_messages(
    tx: &mut TenantTx,
    tenant: Uuid,
    messages: &[LegacyMessage],
) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let all = || messages.iter();
    let role = |message: &LegacyMessage| match message.role {
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
    };
    sqlx::query(
        "insert into chat_messages (tenant_id, id, legacy_id, session_id, seq, role, content, status, metadata,
                                    heartbeat_at, created_at)
         select $1, id, legacy_id, session_id, seq, role, content, 'complete', metadata::jsonb, created_at, created_at
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::integer[], $6::text[], $7::text[], $8::text[],
                     $9::timestamptz[]) as n(id, legacy_id, session_id, seq, role, content, metadata, created_at)",
    )
    .bind(tenant)
    .bind(all().map(|m| m.id).collect::<Vec<_>>())
    .bind(all().map(|m| &*m.legacy_id).collect::<Vec<&str>>())
    .bind(all().map(|m| m.session_id).collect::<Vec<_>>())
    .bind(all().map(|m| m.seq).collect::<Vec<_>>())
    .bind(all().map(role).collect::<Vec<&str>>())
    .bind(all().map(|m| &*m.content).collect::<Vec<&str>>())
    .bind(all().map(|m| &*m.metadata).collect::<Vec<&str>>())
    .bind(all().map(|m| m.created_at).collect::<Vec<_>>())
    .execute(tx.conn())
    .await?;
    Ok(())
}
