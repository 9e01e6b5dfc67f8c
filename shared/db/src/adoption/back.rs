//! What was written here since the service before this one was left, for the way back.

use crate::{Adoption, MessageRole, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A user who was made here.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of LegacyUser")]
pub struct UserMade {
    pub id: Uuid,
    pub email: String,
    pub full_name: String,
    pub created_at: DateTime<Utc>,
}

/// Somebody from there, as here now.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct UserKept {
    /// The id.
    pub id: Uuid,
    /// The id there.
    pub legacy_id: String,
    /// The name.
    pub full_name: String,
}

/// A conversation from there, as here now.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct SessionKept {
    /// Its id.
    pub id: Uuid,
    /// Its id there.
    pub legacy_id: String,
    /// Its title.
    pub title: String,
    /// What was asked first, if it begins with a question.
    pub question: Option<String>,
}

/// A conversation that was begun here, or went on here.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct SessionWritten {
    /// Its id here.
    pub id: Uuid,
    /// Its id there, if it was begun there.
    pub legacy_id: Option<String>,
    /// Whose it is.
    pub user_id: Uuid,
    /// The id there of whose it is, if that is somebody from there.
    pub user_legacy_id: Option<String>,
    /// Its title.
    pub title: String,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last written to.
    pub updated_at: DateTime<Utc>,
}

/// A message that was written here.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct MessageWritten {
    /// Its id.
    pub id: Uuid,
    /// The conversation.
    pub session_id: Uuid,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
    /// The titles and addresses of what it draws on, as a JSON array, if there are any.
    pub sources: Option<String>,
    /// When it was said.
    pub created_at: DateTime<Utc>,
}

/// How much there is that the service before has no place for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct LeftHere {
    /// Users from there who have set a password here.
    pub passwords: i64,
    /// Conversations from there that were deleted here.
    pub deleted_sessions: i64,
    /// Messages beside the branch that is shown, or without a word.
    pub messages: i64,
    /// Conversations of API keys and visitors.
    pub sessions_of_nobody: i64,
}

impl Adoption {
    /// Up to `limit` people of a tenant who were made here, after the one with the id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users_made(
        &self,
        tenant: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<UserMade>> {
        let mut tx = self.open(tenant).await?;
        let users = sqlx::query_as(
            "select id, email, full_name, created_at from users u
             where not is_service and is_active and ($1::uuid is null or id > $1)
               and not exists (select from legacy_rows r where r.kind = 'user' and r.id = u.id)
             order by id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(users)
    }

    /// Up to `limit` people of a tenant who come from there, after the one with the id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users_kept(
        &self,
        tenant: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<UserKept>> {
        let mut tx = self.open(tenant).await?;
        let users = sqlx::query_as(
            "select u.id, r.legacy_id, u.full_name
             from users u join legacy_rows r on r.kind = 'user' and r.id = u.id
             where $1::uuid is null or u.id > $1 order by u.id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(users)
    }

    /// Up to `limit` conversations of a tenant that come from there, after the one with the id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sessions_kept(
        &self,
        tenant: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<SessionKept>> {
        let mut tx = self.open(tenant).await?;
        let sessions = sqlx::query_as(
            "select s.id, r.legacy_id, s.title, m.content as question
             from chat_sessions s join legacy_rows r on r.kind = 'session' and r.id = s.id
             left join chat_messages m on m.session_id = s.id and m.seq = 1 and m.role = 'user'
             where $1::uuid is null or s.id > $1 order by s.id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(sessions)
    }

    /// The ids there of users who may not log in here, or are deleted.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users_shut_out(&self, tenant: Uuid) -> Result<Vec<String>> {
        let mut tx = self.open(tenant).await?;
        let ids = sqlx::query_scalar(
            "select r.legacy_id from legacy_rows r left join users u on u.id = r.id
             where r.kind = 'user' and u.is_active is not true order by r.legacy_id",
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(ids)
    }

    /// Up to `limit` conversations of people in which something was written here, after the one with the id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sessions_written(
        &self,
        tenant: Uuid,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<SessionWritten>> {
        let mut tx = self.open(tenant).await?;
        let sessions = sqlx::query_as(
            "select s.id, r.legacy_id, s.user_id, of.legacy_id as user_legacy_id, s.title, s.created_at, s.updated_at
             from chat_sessions s
             join users u on u.id = s.user_id and not u.is_service
             left join legacy_rows r on r.kind = 'session' and r.id = s.id
             left join legacy_rows of on of.kind = 'user' and of.id = s.user_id
             where ($1::uuid is null or s.id > $1) and s.origin = 'chat'
               and exists (select from chat_messages m where m.session_id = s.id and m.legacy_id is null)
             order by s.id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?;
        Ok(sessions)
    }

    /// What was written here in a conversation, on the branch that is shown, in its order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn messages_written(
        &self,
        tenant: Uuid,
        session: Uuid,
    ) -> Result<Vec<MessageWritten>> {
        let mut tx = self.open(tenant).await?;
        let messages = sqlx::query_as(
            "with recursive shown as (
               select coalesce(s.active_seq, s.last_seq) as seq from chat_sessions s
               where s.id = $1 and (s.branched or s.active_seq is not null)
               union all
               select coalesce(m.parent_seq, m.seq - 1)
               from shown join chat_messages m on m.session_id = $1 and m.seq = shown.seq
             )
             select m.id, m.session_id, m.role, m.content, m.created_at,
                    (select jsonb_agg(jsonb_build_object('title', source->'title', 'url', source->'source_url') order by nth)
                     from jsonb_array_elements(m.sources) with ordinality as of (source, nth))::text as sources
             from chat_messages m join chat_sessions s on s.id = m.session_id
             where m.session_id = $1 and m.legacy_id is null and m.content <> '' and m.status <> 'streaming'
               and (not s.branched and s.active_seq is null or m.seq in (select seq from shown))
             order by m.seq",
        )
        .bind(session)
        .fetch_all(tx.conn())
        .await?;
        Ok(messages)
    }

    /// What of a tenant stays here; `messages` of them were written out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn left_here(&self, tenant: Uuid, messages: i64) -> Result<LeftHere> {
        let mut tx = self.open(tenant).await?;
        let left = sqlx::query_as(
            "select
               (select count(*) from legacy_rows r join users u on u.id = r.id
                where r.kind = 'user' and u.password_changed_at is not null) as passwords,
               (select count(*) from legacy_rows r
                where r.kind = 'session' and not exists (select from chat_sessions s where s.id = r.id)) as deleted_sessions,
               (select count(*) from chat_messages m join chat_sessions s on s.id = m.session_id and s.origin = 'chat'
                join users u on u.id = s.user_id and not u.is_service where m.legacy_id is null) - $1 as messages,
               (select count(*) from chat_sessions s join users u on u.id = s.user_id
                where u.is_service or s.origin <> 'chat') as sessions_of_nobody",
        )
        .bind(messages)
        .fetch_one(tx.conn())
        .await?;
        Ok(left)
    }
}
