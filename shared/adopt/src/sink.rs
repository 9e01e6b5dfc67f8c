//! Where conversations go: into the database, nowhere, or beside what is there.

mod database;

pub(crate) use database::Database;

use crate::{AdoptError, Report};
use db::{LegacyMessage, LegacySession};
use uuid::Uuid;

/// What becomes of a conversation that is too long to be kept until it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Long {
    /// Each part of it goes on.
    Parts,
    /// It is known, and whether it has changed is known only at its end.
    Compare,
}

/// Conversations of one tenant that are whole.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) chats: Vec<(LegacySession, Vec<LegacyMessage>)>,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Batch {
    /// The ids of its conversations there.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let ids = self.chats.iter().map(|(session, _)| &*session.legacy_id);
        ids.collect()
    }
}

/// Where they go.
pub(crate) trait Sink {
    /// Takes whole conversations.
    async fn batch(
        &mut self,
        tenant: Uuid,
        batch: Batch,
        report: &mut Report,
    ) -> Result<(), AdoptError>;
    /// Says what becomes of a long one, before any part of it.
    async fn long(&mut self, tenant: Uuid, session: &LegacySession) -> Result<Long, AdoptError>;
    /// Takes a part of a long one; the last part comes with its fingerprint.
    async fn part(
        &mut self,
        tenant: Uuid,
        session: LegacySession,
        messages: Vec<LegacyMessage>,
        report: &mut Report,
    ) -> Result<(), AdoptError>;
    /// Learns the fingerprint of a long one that was to be compared, with how many messages it has. Where all go on in parts, there
    /// is none.
    async fn compared(
        &mut self,
        _tenant: Uuid,
        _session: LegacySession,
        _report: &mut Report,
    ) -> Result<(), AdoptError> {
        Ok(())
    }
}

/// Into nowhere: a rehearsal.
pub(crate) struct Nowhere;

impl Sink for Nowhere {
    async fn batch(
        &mut self,
        _: Uuid,
        batch: Batch,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        report.copied.sessions += batch.chats.len() as u64;
        report.copied.messages += batch.messages as u64;
        Ok(())
    }

    async fn long(&mut self, _: Uuid, _: &LegacySession) -> Result<Long, AdoptError> {
        Ok(Long::Parts)
    }

    async fn part(
        &mut self,
        _: Uuid,
        session: LegacySession,
        messages: Vec<LegacyMessage>,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        report.copied.sessions += u64::from(session.fingerprint.is_some());
        report.copied.messages += messages.len() as u64;
        Ok(())
    }
}

/// Lets a conversation have the id that it was given when it was copied before.
///
/// # Errors
/// It is another one.
pub(crate) fn keep_id(
    known: Uuid,
    session: &mut LegacySession,
    messages: &mut [LegacyMessage],
) -> Result<(), AdoptError> {
    if known == session.id {
        return Ok(());
    }
    if !session.other_ids.contains(&known) {
        return Err(AdoptError::another(&session.legacy_id));
    }
    session.id = known;
    for message in messages {
        message.session_id = known;
    }
    Ok(())
}
