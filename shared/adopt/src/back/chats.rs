//! Conversations that were begun here, or went on here.

use super::{PAGE, Writing, script::Value};
use crate::AdoptError;
use db::{MessageRole, SessionWritten, TenantHere};

impl Writing<'_, '_> {
    pub(super) async fn chats(&mut self, tenant: &TenantHere) -> Result<(), AdoptError> {
        let (mut after, mut written) = (None, 0);
        loop {
            let adoption = &self.target.adoption;
            let page = adoption.sessions_written(tenant.id, after, PAGE).await?;
            for session in &page {
                written += self.chat(tenant, session).await?;
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        let left = self.target.adoption.left_here(tenant.id, written).await?;
        let slug = &tenant.slug;
        let told = [
            (
                left.passwords,
                "users of the tenant {} have set a password here: their old one is good there",
            ),
            (
                left.deleted_sessions,
                "conversations of the tenant {} are deleted here, and not there",
            ),
            (
                left.messages,
                "messages of the tenant {} beside what is shown, or without a word",
            ),
            (
                left.sessions_of_nobody,
                "conversations of API keys and visitors of the tenant {}",
            ),
        ];
        for (count, what) in told {
            self.back.leave(count, &what.replace("{}", slug));
        }
        Ok(())
    }

    /// How many messages were written out.
    async fn chat(
        &mut self,
        tenant: &TenantHere,
        session: &SessionWritten,
    ) -> Result<i64, AdoptError> {
        if self.nobody.contains(&session.user_id) {
            return Ok(0);
        }
        let adoption = &self.target.adoption;
        let messages = adoption.messages_written(tenant.id, session.id).await?;
        let shape = self.script.shape;
        if session.legacy_id.is_none() {
            let user = session.user_legacy_id.as_deref();
            let values = [
                (
                    "user_id",
                    match user {
                        Some(id) => Value::Old(&shape.users, id),
                        None => Value::New(&shape.users, session.user_id),
                    },
                ),
                ("tenant_id", Value::Maybe(tenant.legacy_id.as_deref())),
                ("title", Value::Text(&session.title)),
                ("created_at", Value::Time(session.created_at)),
                ("updated_at", Value::Time(session.updated_at)),
            ];
            let made = self.script.insert(&shape.sessions, session.id, &values);
            self.put(made)?;
            self.back.sessions += 1;
        }
        for message in &messages {
            let role = match message.role {
                MessageRole::User => "user",
                MessageRole::Assistant => "assistant",
            };
            let there = session.legacy_id.as_deref();
            let values = [
                (
                    "session_id",
                    match there {
                        Some(id) => Value::Old(&shape.sessions, id),
                        None => Value::New(&shape.sessions, session.id),
                    },
                ),
                ("tenant_id", Value::Maybe(tenant.legacy_id.as_deref())),
                ("role", Value::Text(role)),
                ("content", Value::Text(&message.content)),
                ("sources", Value::Json(message.sources.as_deref())),
                ("timestamp", Value::Time(message.created_at)),
            ];
            let made = self.script.insert(&shape.messages, message.id, &values);
            self.put(made)?;
            self.back.messages += 1;
        }
        Ok(messages.len().try_into().unwrap_or(i64::MAX))
    }
}
