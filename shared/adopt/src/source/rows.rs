//! Rows of the service before this one, as streams.

use super::{Source, shape::Shape, sql};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// A tenant there.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct OldTenant {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) is_active: Option<bool>,
    pub(crate) system_prompt: Option<String>,
    pub(crate) openai_api_key: Option<Vec<u8>>,
    pub(crate) pinecone_api_key: Option<Vec<u8>>,
    pub(crate) pinecone_environment: Option<Vec<u8>>,
    pub(crate) pinecone_index: Option<String>,
    pub(crate) created_at: Option<i64>,
    pub(crate) updated_at: Option<i64>,
}

/// A user there.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OldUser {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) hashed_password: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_superuser: Option<bool>,
    pub(crate) profile_settings: Option<String>,
    pub(crate) created_at: Option<i64>,
    /// What its conversations refer to it by, where that is not its id.
    pub(crate) key: Option<String>,
}

/// A conversation there, with what must be known of its user.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OldSession {
    pub(crate) tenant_id: Option<String>,
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) user_created_at: Option<i64>,
    pub(crate) title: Option<String>,
    pub(crate) created_at: Option<i64>,
    pub(crate) updated_at: Option<i64>,
    /// What its messages refer to it by, where that is not its id.
    pub(crate) key: Option<String>,
}

/// A message there.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OldMessage {
    pub(crate) id: String,
    pub(crate) session_id: String,
    pub(crate) role: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) sources: Option<String>,
    pub(crate) time: Option<i64>,
    /// Further columns of JSON, after one that is always NULL.
    pub(crate) json: Vec<Option<String>>,
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Tenants.
    pub tenants: i64,
    /// Users.
    pub users: i64,
    /// Conversations.
    pub sessions: i64,
    /// Messages.
    pub messages: i64,
}

/// Up to where a snapshot saw everything: every transaction before this number had ended when it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(pub(super) i64);

impl Source {
    pub(crate) async fn seen(&mut self) -> Result<Seen, sqlx::Error> {
        sqlx::query_scalar("select txid_snapshot_xmin(txid_current_snapshot())")
            .fetch_one(&mut self.first)
            .await
            .map(Seen)
    }

    /// The conversations of which a row was written that an earlier snapshot may not have seen.
    pub(crate) async fn changed_since(&mut self, seen: &Seen) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(sql::changed_since(&self.shape, seen))
            .fetch_all(&mut self.first)
            .await
    }

    pub(crate) async fn counts(&mut self) -> Result<Counts, sqlx::Error> {
        let (tenants, users, sessions, messages) = sqlx::query_as(sql::counts(&self.shape))
            .fetch_one(&mut self.first)
            .await?;
        Ok(Counts {
            tenants,
            users,
            sessions,
            messages,
        })
    }

    pub(crate) async fn tenants(&mut self) -> Result<Vec<OldTenant>, sqlx::Error> {
        let Some(found) = &self.shape.tenants else {
            return Ok(Vec::new());
        };
        sqlx::query_as(sql::tenants(found))
            .fetch_all(&mut self.first)
            .await
    }

    /// What was written back there before: the ids there, by those here.
    pub(crate) async fn written_back(&mut self) -> Result<HashMap<Uuid, String>, sqlx::Error> {
        let ids = sql::written_back(&mut self.first, &self.shape.schema).await?;
        Ok(ids.into_iter().collect())
    }

    /// Which tenants users name, and how many users name none.
    pub(crate) async fn named_tenants(&mut self) -> Result<(Vec<String>, i64), sqlx::Error> {
        sqlx::query_as(sql::named_tenants(&self.shape.users))
            .fetch_one(&mut self.first)
            .await
    }

    /// Whose messages and conversations belong to nobody: by rule, how many and which.
    pub(crate) async fn orphans(
        &mut self,
    ) -> Result<Vec<(&'static str, i64, Vec<String>)>, sqlx::Error> {
        let mut found = Vec::new();
        for (rule, sql) in sql::orphans(&self.shape) {
            let (count, ids) = sqlx::query_as(sql).fetch_one(&mut self.first).await?;
            found.push((rule, count, ids));
        }
        Ok(found)
    }

    /// What names another tenant than its user's: by rule, how many and which.
    pub(crate) async fn of_other_tenants(
        &mut self,
    ) -> Result<Vec<(&'static str, i64, Vec<String>)>, sqlx::Error> {
        let mut found = Vec::new();
        for (rule, sql) in sql::of_other_tenants(&self.shape) {
            let (count, ids) = sqlx::query_as(sql).fetch_one(&mut self.first).await?;
            found.push((rule, count, ids));
        }
        Ok(found)
    }

    pub(crate) fn users(
        &mut self,
    ) -> impl Stream<Item = Result<OldUser, sqlx::Error>> + Unpin + '_ {
        sqlx::query_as(sql::users(&self.shape.users)).fetch(&mut self.first)
    }
}

/// The titles of some conversations, by their ids.
pub(crate) async fn titles(
    db: &mut PgConnection,
    shape: &Shape,
    ids: &[String],
) -> Result<HashMap<String, Option<String>>, sqlx::Error> {
    let (sessions, _) = sql::chats(shape, Some(ids));
    let sessions: Vec<OldSession> = sqlx::query_as(sessions).fetch_all(db).await?;
    let titles = sessions
        .into_iter()
        .map(|session| (session.id, session.title));
    Ok(titles.collect())
}

/// Conversations, and the messages that belong to them in the same order.
pub(crate) fn chats<'c>(
    source: &'c mut Source,
    only: Option<&[String]>,
) -> impl Stream<Item = Result<Row, sqlx::Error>> + use<'c> {
    let (sessions, messages) = sql::chats(&source.shape, only);
    merged(
        sqlx::query_as(sessions).fetch(&mut source.first),
        sqlx::query_as(messages).fetch(&mut source.second),
    )
}

/// What comes out of both.
#[derive(Debug)]
pub(crate) enum Row {
    /// A conversation begins.
    Session(OldSession),
    /// A message of the last one that began.
    Message(OldMessage),
}

impl Row {
    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::Session(session) => 200 + text(&session.title),
            Self::Message(message) => {
                let json: usize = message.json.iter().map(text).sum();
                200 + text(&message.content) + text(&message.sources) + json
            }
        }
    }
}

/// Every message follows its conversation: both streams are in the same order, and no message is without one.
fn merged<'c>(
    sessions: impl Stream<Item = Result<OldSession, sqlx::Error>> + Unpin + 'c,
    messages: impl Stream<Item = Result<OldMessage, sqlx::Error>> + Unpin + 'c,
) -> impl Stream<Item = Result<Row, sqlx::Error>> + 'c {
    let messages = messages.peekable();
    let state = (sessions, Box::pin(messages), None::<String>);
    stream::try_unfold(state, |(mut sessions, mut messages, current)| async move {
        let next = messages.as_mut().peek().await;
        let continues = match (next, &current) {
            (Some(Ok(message)), Some(current)) => message.session_id == *current,
            // The error is taken, not looked at.
            (Some(Err(_)), _) => true,
            _ => false,
        };
        if continues {
            let message = messages.try_next().await?;
            return Ok(
                message.map(|message| (Row::Message(message), (sessions, messages, current)))
            );
        }
        let session = sessions.try_next().await?;
        Ok(session.map(|session| {
            let current = Some(session.id.clone());
            (Row::Session(session), (sessions, messages, current))
        }))
    })
}

/// Whether a connection is to a server of which it is known that it is gone.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
    ) || error
        .as_database_error()
        .and_then(|e| e.code())
        .is_some_and(|code| code.starts_with("57") || code.starts_with("08"))
}
