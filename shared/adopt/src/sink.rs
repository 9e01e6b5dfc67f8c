//! Where conversations go: into the database, nowhere, or beside what is there.

use crate::{AdoptError, Report};
use db::{Adoption, LegacyChats, LegacyKind, LegacyMessage, LegacySession};
use std::collections::HashSet;
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

/// Into the database, unless it is there already.
pub(crate) struct Database<'a> {
    pub(crate) adoption: &'a Adoption,
    /// Long conversations that are known and have changed: ids there.
    pub(crate) changed: HashSet<String>,
    /// Of one whose parts come, its id here if it is known.
    known: Option<Uuid>,
    /// Of one whose parts come, whether it begins.
    begins: bool,
    /// Why the one whose parts come is left as it is here.
    left: Option<&'static str>,
}

impl<'a> Database<'a> {
    pub(crate) fn new(adoption: &'a Adoption) -> Self {
        Self {
            adoption,
            changed: HashSet::new(),
            known: None,
            begins: false,
            left: None,
        }
    }
}

impl Sink for Database<'_> {
    async fn batch(
        &mut self,
        tenant: Uuid,
        batch: Batch,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        let ids = batch.ids();
        let known = self
            .adoption
            .known(tenant, LegacyKind::Session, &ids)
            .await?;
        let changed = batch.chats.iter().filter_map(|(session, _)| {
            let row = known.get(&session.legacy_id)?;
            (row.fingerprint != session.fingerprint).then_some(row.id)
        });
        let again: Vec<Uuid> = changed.collect();
        let left = self.adoption.written_here(tenant, &again).await?;
        let deleted = self.adoption.sessions_deleted(tenant, &again).await?;
        let mut chats = LegacyChats::default();
        for (mut session, mut messages) in batch.chats {
            let count = messages.len() as u64;
            match known.get(&session.legacy_id) {
                Some(row) if row.fingerprint == session.fingerprint => {
                    report.unchanged.sessions += 1;
                    report.unchanged.messages += count;
                    continue;
                }
                Some(row) => {
                    keep_id(row.id, &mut session, &mut messages)?;
                    let rule = match (left.contains(&row.id), deleted.contains(&row.id)) {
                        (true, _) => Some("session_written_here"),
                        (_, true) => Some("session_deleted_here"),
                        _ => None,
                    };
                    if let Some(rule) = rule {
                        report.note(rule, &session.legacy_id);
                        continue;
                    }
                    chats.again.push(row.id);
                }
                None => {}
            }
            report.copied.sessions += 1;
            report.copied.messages += count;
            chats.sessions.push(session);
            chats.messages.extend(messages);
        }
        if !chats.sessions.is_empty() {
            self.adoption.put_chats(tenant, &chats).await?;
        }
        Ok(())
    }

    async fn long(&mut self, tenant: Uuid, session: &LegacySession) -> Result<Long, AdoptError> {
        let known = self
            .adoption
            .known(tenant, LegacyKind::Session, &[&session.legacy_id])
            .await?;
        let row = known.get(&session.legacy_id);
        let is_whole = row.is_some_and(|row| row.fingerprint.is_some());
        if is_whole && !self.changed.contains(&session.legacy_id) {
            return Ok(Long::Compare);
        }
        let here: Vec<Uuid> = row.iter().map(|row| row.id).collect();
        let (written, deleted) = (
            self.adoption.written_here(tenant, &here).await?,
            self.adoption.sessions_deleted(tenant, &here).await?,
        );
        self.left = match (written.is_empty(), deleted.is_empty()) {
            (false, _) => Some("session_written_here"),
            (_, false) => Some("session_deleted_here"),
            _ => None,
        };
        self.begins = true;
        self.known = row.map(|row| row.id);
        Ok(Long::Parts)
    }

    async fn part(
        &mut self,
        tenant: Uuid,
        mut session: LegacySession,
        mut messages: Vec<LegacyMessage>,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        if let Some(id) = self.known {
            keep_id(id, &mut session, &mut messages)?;
        }
        if let Some(rule) = self.left {
            if session.fingerprint.is_some() {
                report.note(rule, &session.legacy_id);
            }
            return Ok(());
        }
        report.copied.sessions += u64::from(session.fingerprint.is_some());
        report.copied.messages += messages.len() as u64;
        let again = if self.begins {
            vec![session.id]
        } else {
            Vec::new()
        };
        self.begins = false;
        let chats = LegacyChats {
            sessions: vec![session],
            messages,
            again,
        };
        Ok(self.adoption.put_chats(tenant, &chats).await?)
    }

    async fn compared(
        &mut self,
        tenant: Uuid,
        session: LegacySession,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        let known = self
            .adoption
            .known(tenant, LegacyKind::Session, &[&session.legacy_id])
            .await?;
        let is_same = known
            .get(&session.legacy_id)
            .is_some_and(|row| row.fingerprint == session.fingerprint);
        if is_same {
            report.unchanged.sessions += 1;
            report.unchanged.messages += u64::try_from(session.last_seq).unwrap_or(0);
        } else {
            self.changed.insert(session.legacy_id);
        }
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
