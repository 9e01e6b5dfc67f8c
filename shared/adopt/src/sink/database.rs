//! Into the database, unless it is there already.

use super::{Batch, Long, Sink, keep_id};
use crate::{AdoptError, Report, returned::Returned};
use db::{Adoption, Following, LegacyChats, LegacyKind, LegacyMessage, LegacySession};
use std::collections::HashSet;
use uuid::Uuid;

/// Where conversations go that are to be here.
pub(crate) struct Database<'a> {
    pub(crate) adoption: &'a Adoption,
    returned: &'a Returned,
    /// Long conversations that are known and have changed: ids there.
    pub(crate) changed: HashSet<String>,
    /// Of one whose parts come, its id here if it is known.
    known: Option<Uuid>,
    /// Of one whose parts come, whether it begins.
    begins: bool,
    /// Why the one whose parts come is left as it is here.
    left: Option<&'static str>,
    /// Of one whose parts come behind what is here, its id.
    behind: Option<Uuid>,
}

impl<'a> Database<'a> {
    pub(crate) fn new(adoption: &'a Adoption, returned: &'a Returned) -> Self {
        Self {
            adoption,
            returned,
            changed: HashSet::new(),
            known: None,
            begins: false,
            left: None,
            behind: None,
        }
    }

    /// Adds what followed there in a conversation whose messages of here are there, too.
    async fn follow_on(
        &self,
        tenant: Uuid,
        id: Uuid,
        session: &LegacySession,
        messages: Vec<LegacyMessage>,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        let all = messages.len();
        let of_there =
            |message: &LegacyMessage| self.returned.message(&message.legacy_id).is_none();
        let following = Following {
            session: id,
            legacy_id: &session.legacy_id,
            messages: messages.into_iter().filter(of_there).collect(),
            updated_at: session.updated_at,
            fingerprint: session.fingerprint.as_deref(),
        };
        let added = self.adoption.follow_on(tenant, following).await?;
        report.copied.messages += added as u64;
        report.unchanged.messages += (all - added) as u64;
        if added > 0 {
            report.note("session_gone_on_there", &session.legacy_id);
        }
        if session.fingerprint.is_some() {
            report.unchanged.sessions += 1;
        }
        Ok(())
    }
}

/// Why a conversation that has changed there is left as it is here, if it is.
fn why_left(was_written: bool, was_deleted: bool) -> Option<&'static str> {
    match (was_written, was_deleted) {
        (true, _) => Some("session_written_here"),
        (_, true) => Some("session_deleted_here"),
        _ => None,
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
                Some(row) if self.returned.went_on(row.id) && left.contains(&row.id) => {
                    self.follow_on(tenant, row.id, &session, messages, report)
                        .await?;
                    continue;
                }
                Some(row) => {
                    let rule = why_left(left.contains(&row.id), deleted.contains(&row.id));
                    if let Some(rule) = rule {
                        report.note(rule, &session.legacy_id);
                        continue;
                    }
                    keep_id(row.id, &mut session, &mut messages)?;
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
        let written = self.adoption.written_here(tenant, &here).await?;
        let deleted = self.adoption.sessions_deleted(tenant, &here).await?;
        self.left = why_left(!written.is_empty(), !deleted.is_empty());
        self.behind = written
            .into_iter()
            .find(|session| self.returned.went_on(*session));
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
        if let Some(id) = self.behind {
            return self.follow_on(tenant, id, &session, messages, report).await;
        }
        if let Some(rule) = self.left {
            if session.fingerprint.is_some() {
                report.note(rule, &session.legacy_id);
            }
            return Ok(());
        }
        if let Some(id) = self.known {
            keep_id(id, &mut session, &mut messages)?;
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
