//! What is here beside what is there.

use crate::{
    AdoptError, Report,
    json::comparable,
    returned::Returned,
    sink::{Batch, Long, Sink, keep_id},
};
use db::{Adoption, LegacyMessage, LegacySession, SessionHere};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How many differences are told.
const TOLD: usize = 20;

/// What differs.
#[derive(Debug, Default, serde::Serialize)]
pub struct Differences {
    /// How many were found.
    pub count: u64,
    /// The first of them, as sentences.
    pub first: Vec<String>,
}

impl Differences {
    pub(crate) fn add(&mut self, told: String) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push(told);
        }
    }

    /// Tells which of some pairs differ.
    pub(crate) fn unequal<T: PartialEq>(&mut self, what: &str, pairs: &[(&str, T, T)]) {
        for (field, there, here) in pairs {
            if there != here {
                self.add(format!("{what}: {field} is not the same"));
            }
        }
    }
}

/// Compares instead of writing.
pub(crate) struct Beside<'a> {
    pub(crate) adoption: &'a Adoption,
    returned: &'a Returned,
    pub(crate) found: &'a mut Differences,
    /// How many conversations each tenant has there.
    pub(crate) sessions: HashMap<Uuid, i64>,
    /// Of a long one, its id here.
    known: Option<Uuid>,
    /// Of a long one, how many of its messages were compared.
    compared: i32,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(
        adoption: &'a Adoption,
        returned: &'a Returned,
        found: &'a mut Differences,
    ) -> Self {
        Self {
            adoption,
            returned,
            found,
            sessions: HashMap::new(),
            known: None,
            compared: 0,
        }
    }

    fn session(&mut self, there: &LegacySession, here: Option<&SessionHere>) {
        let what = format!("conversation {}", there.legacy_id);
        let Some(here) = here else {
            return self.found.add(format!("{what} is not here"));
        };
        let texts = [
            ("the title", Some(&*there.title), Some(&*here.title)),
            (
                "what was kept beside it",
                there.legacy.as_deref(),
                here.legacy.as_deref(),
            ),
        ];
        self.found.unequal(&what, &texts);
        let times = [
            (
                "the time of its beginning",
                there.created_at,
                here.created_at,
            ),
            (
                "the time of its last message",
                there.updated_at,
                here.updated_at,
            ),
        ];
        self.found.unequal(&what, &times);
        self.found.unequal(
            &what,
            &[
                ("its user", there.user_id, here.user_id),
                ("its id", there.id, here.id),
            ],
        );
        self.found.unequal(
            &what,
            &[("the number of messages", there.last_seq, here.last_seq)],
        );
    }

    /// Of a conversation that was written back there: what is here alone, such as other branches, is no difference.
    fn gone_on(
        &mut self,
        there: &LegacySession,
        here: &SessionHere,
        said: &[LegacyMessage],
        mut heard: Vec<LegacyMessage>,
    ) {
        let what = format!("conversation {}", there.legacy_id);
        self.found
            .unequal(&what, &[("the title", &there.title, &here.title)]);
        self.found
            .unequal(&what, &[("its user", there.user_id, here.user_id)]);
        let written = said.iter();
        let written = written.filter_map(|message| self.returned.message(&message.legacy_id));
        let written: HashSet<Uuid> = written.collect();
        heard.retain(|here| !here.legacy_id.is_empty() || written.contains(&here.id));
        self.same_number(&there.legacy_id, said, &heard);
        for (there, here) in said.iter().zip(&heard) {
            let what = format!("message {} of {what}", there.legacy_id);
            self.said(&what, there, here);
        }
    }

    fn same_number(&mut self, session: &str, there: &[LegacyMessage], here: &[LegacyMessage]) {
        if there.len() != here.len() {
            self.found.add(format!(
                "conversation {session}: {} messages there, {} here",
                there.len(),
                here.len()
            ));
        }
    }

    /// What was said, by whom and when.
    fn said(&mut self, what: &str, there: &LegacyMessage, here: &LegacyMessage) {
        self.found
            .unequal(what, &[("the text", &there.content, &here.content)]);
        self.found
            .unequal(what, &[("the role", there.role, here.role)]);
        self.found
            .unequal(what, &[("the time", there.created_at, here.created_at)]);
    }

    fn messages(&mut self, session: &str, there: &[LegacyMessage], here: &[LegacyMessage]) {
        self.same_number(session, there, here);
        for (there, here) in there.iter().zip(here) {
            let what = format!("message {} of conversation {session}", there.legacy_id);
            self.found
                .unequal(&what, &[("its id", &there.legacy_id, &here.legacy_id)]);
            self.said(&what, there, here);
            self.found.unequal(
                &what,
                &[("its place", (there.seq, there.id), (here.seq, here.id))],
            );
            self.found.unequal(
                &what,
                &[(
                    "the metadata",
                    comparable(&there.metadata),
                    comparable(&here.metadata),
                )],
            );
        }
    }
}

impl Sink for Beside<'_> {
    async fn batch(
        &mut self,
        tenant: Uuid,
        batch: Batch,
        report: &mut Report,
    ) -> Result<(), AdoptError> {
        let ids = batch.ids();
        *self.sessions.entry(tenant).or_default() += i64::try_from(ids.len()).unwrap_or(0);
        let here = self.adoption.sessions_here(tenant, &ids).await?;
        let uuids: Vec<Uuid> = here.values().map(|session| session.id).collect();
        let limit = i64::try_from(batch.messages + 1000).unwrap_or(i64::MAX);
        let mut messages: HashMap<Uuid, Vec<LegacyMessage>> = HashMap::new();
        for message in self
            .adoption
            .messages_here(tenant, &uuids, 0, limit)
            .await?
        {
            messages
                .entry(message.session_id)
                .or_default()
                .push(message);
        }
        report.unchanged.sessions += batch.chats.len() as u64;
        report.unchanged.messages += batch.messages as u64;
        for (mut there, mut said) in batch.chats {
            let here = here.get(&there.legacy_id);
            if let Some(here) = here.filter(|here| self.returned.went_on(here.id)) {
                let heard = messages.remove(&here.id).unwrap_or_default();
                self.gone_on(&there, here, &said, heard);
                continue;
            }
            if let Some(here) = here {
                // If it is another one, that is a difference.
                drop(keep_id(here.id, &mut there, &mut said));
            }
            self.session(&there, here);
            let heard = messages.remove(&there.id).unwrap_or_default();
            self.messages(&there.legacy_id, &said, &heard);
        }
        Ok(())
    }

    async fn long(&mut self, tenant: Uuid, session: &LegacySession) -> Result<Long, AdoptError> {
        self.compared = 0;
        let ids = [&*session.legacy_id];
        let here = self.adoption.sessions_here(tenant, &ids).await?;
        self.known = here.get(&session.legacy_id).map(|here| here.id);
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
            drop(keep_id(id, &mut session, &mut messages));
        }
        let limit = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        let is_last = session.fingerprint.is_some();
        // One more than there is to come would be one too many here.
        let limit = limit + i64::from(is_last);
        let here = self
            .adoption
            .messages_here(tenant, &[session.id], self.compared, limit)
            .await?;
        self.messages(&session.legacy_id, &messages, &here);
        self.compared = session.last_seq;
        report.unchanged.messages += messages.len() as u64;
        if is_last {
            let ids = [&*session.legacy_id];
            let here = self.adoption.sessions_here(tenant, &ids).await?;
            self.session(&session, here.get(&session.legacy_id));
            *self.sessions.entry(tenant).or_default() += 1;
            report.unchanged.sessions += 1;
        }
        Ok(())
    }
}
