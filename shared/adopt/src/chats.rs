//! Conversations and messages there as those here.

use crate::{
    Report, ids, json,
    metadata::{metadata, role},
    source::rows::{OldMessage, OldSession},
};
use chrono::{DateTime, Utc};
use db::{LegacyMessage, LegacySession, MessageRole};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The most characters of a title, and of one that is made.
pub(crate) const TITLE: usize = 200;
const TITLE_MADE: usize = 80;
/// The title where there is nothing to make one of.
const UNTITLED: &str = "...";

/// A conversation of which more may come.
pub(crate) struct Open {
    pub(crate) tenant: Uuid,
    user: Uuid,
    old: OldSession,
    /// Known once its first message or its end is.
    session: Option<LegacySession>,
    digest: Sha256,
    last: Option<Last>,
    /// Those that were not taken yet.
    pub(crate) messages: Vec<LegacyMessage>,
    pub(crate) bytes: usize,
}

/// The message before.
struct Last {
    time: DateTime<Utc>,
    number: Option<u64>,
    is_question: bool,
}

/// What the names of further columns of JSON are.
pub(crate) type JsonNames = [String];

impl Open {
    pub(crate) fn new(tenant: Uuid, user: Uuid, old: OldSession) -> Self {
        Self {
            tenant,
            user,
            old,
            session: None,
            digest: Sha256::new(),
            last: None,
            messages: Vec::new(),
            bytes: 0,
        }
    }

    /// The conversation as it is by now. It has begun.
    pub(crate) fn session(&self) -> Option<&LegacySession> {
        self.session.as_ref()
    }

    /// Begins it, with what its first message says of it.
    fn begin(&mut self, first: Option<(Option<DateTime<Utc>>, &str)>, report: &mut Report) {
        let (old, user) = (&self.old, self.user);
        let (session, digest) = (&mut self.session, &mut self.digest);
        session.get_or_insert_with(|| {
            let session = begun(old, user, first, report);
            for text in [
                &*session.legacy_id,
                &session.title,
                session.legacy.as_deref().unwrap_or_default(),
            ] {
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text);
            }
            digest.update(session.key.as_deref().unwrap_or_default());
            digest.update(session.user_id);
            digest.update(session.created_at.timestamp_micros().to_be_bytes());
            session
        });
    }

    /// Adds the next message.
    pub(crate) fn push(&mut self, old: OldMessage, names: &JsonNames, report: &mut Report) {
        let own = old.time.and_then(ids::time);
        if old.time.is_some() && own.is_none() {
            report.note("time_out_of_range", &old.id);
        }
        let content = old.content.clone().unwrap_or_default();
        let question = if role(old.role.as_deref()) == MessageRole::User {
            &*content
        } else {
            ""
        };
        self.begin(Some((own, question)), report);
        let time = own.or(self.last.as_ref().map(|last| last.time));
        let session = match &mut self.session {
            Some(session) => session,
            None => return,
        };
        let time = time.unwrap_or(session.created_at);
        session.last_seq += 1;
        session.updated_at = session.updated_at.max(time);
        let message = LegacyMessage {
            id: ids::id("message", &old.id, time),
            session_id: session.id,
            seq: session.last_seq,
            role: role(old.role.as_deref()),
            metadata: metadata(&old, own, names, report),
            content,
            created_at: time,
            legacy_id: old.id,
        };
        self.note(&message, own, report);
        for text in [&*message.legacy_id, &message.content, &message.metadata] {
            self.digest.update((text.len() as u64).to_be_bytes());
            self.digest.update(text);
        }
        self.digest
            .update([u8::from(message.role == MessageRole::User)]);
        self.digest.update(time.timestamp_micros().to_be_bytes());
        self.bytes += message.content.len() + message.metadata.len() + 100;
        self.messages.push(message);
    }

    /// Counts what is odd about its place.
    fn note(&mut self, message: &LegacyMessage, own: Option<DateTime<Utc>>, report: &mut Report) {
        let number = message.legacy_id.parse().ok();
        let is_question = message.role == MessageRole::User;
        if own.is_none() {
            report.note("message_without_time", &message.legacy_id);
        }
        if let Some(last) = &self.last {
            if own == Some(last.time) {
                report.note("times_equal", &message.legacy_id);
            }
            if last
                .number
                .zip(number)
                .is_some_and(|(last, this)| last > this)
            {
                report.note("times_unordered", &message.legacy_id);
            }
            if last.is_question && is_question {
                report.note("question_unanswered", &self.old.id);
            }
        }
        self.last = Some(Last {
            time: message.created_at,
            number,
            is_question,
        });
    }

    /// It is whole: with the fingerprint of all of it, and the messages that were not taken.
    pub(crate) fn finish(mut self, report: &mut Report) -> (LegacySession, Vec<LegacyMessage>) {
        match &self.last {
            Some(last) if last.is_question => report.note("question_unanswered", &self.old.id),
            Some(_) => {}
            None => report.note("session_without_messages", &self.old.id),
        }
        self.begin(None, report);
        let mut session = match self.session {
            Some(session) => session,
            None => begun(&self.old, self.user, None, report),
        };
        self.digest
            .update(session.updated_at.timestamp_micros().to_be_bytes());
        session.fingerprint = Some(self.digest.finalize().to_vec());
        (session, self.messages)
    }
}

fn begun(
    old: &OldSession,
    user_id: Uuid,
    first: Option<(Option<DateTime<Utc>>, &str)>,
    report: &mut Report,
) -> LegacySession {
    let [created, updated, of_user] =
        [old.created_at, old.updated_at, old.user_created_at].map(|time| time.and_then(ids::time));
    if created.is_none() {
        report.note("session_without_time", &old.id);
    }
    let of_first = first.and_then(|(time, _)| time);
    let created_at = created
        .or(updated)
        .or(of_first)
        .or(of_user)
        .unwrap_or_default();
    let whole = old.title.as_deref().unwrap_or_default();
    let mut legacy = Vec::new();
    let title = if whole.trim().is_empty() {
        report.note("title_made", &old.id);
        made_title(first.map_or("", |(_, question)| question))
    } else {
        let title = service::beginning(whole, TITLE);
        if title != whole {
            report.note("title_cut", &old.id);
            legacy.push(format!("\"title\": {}", json::quoted(whole)));
        }
        title.to_owned()
    };
    if let Some(updated) = updated.filter(|updated| Some(*updated) != created) {
        legacy.push(format!(
            "\"updated_at\": {}",
            json::quoted(&updated.to_rfc3339())
        ));
    }
    let id = ids::id("session", &old.id, created_at);
    let others = [updated, of_first, of_user, Some(DateTime::default())];
    let others = others.into_iter().flatten();
    let others = others.map(|time| ids::id("session", &old.id, time));
    LegacySession {
        id,
        other_ids: others.filter(|other| *other != id).collect(),
        legacy_id: old.id.clone(),
        key: old.key.clone(),
        user_id,
        title,
        last_seq: 0,
        created_at,
        updated_at: updated.map_or(created_at, |updated| updated.max(created_at)),
        legacy: (!legacy.is_empty()).then(|| format!("{{{}}}", legacy.join(", "))),
        fingerprint: None,
    }
}

/// As titles are made here: the beginning of the question, on one line.
pub(crate) fn made_title(question: &str) -> String {
    let mut line = String::new();
    for word in question.split_whitespace() {
        if line.len() > 8 * TITLE_MADE {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match service::beginning(&line, TITLE_MADE) {
        "" => UNTITLED.to_owned(),
        title => title.to_owned(),
    }
}
