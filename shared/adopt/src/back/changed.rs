//! What people have changed here of what comes from there: their names, and titles of conversations.

use super::{PAGE, Writing, script::Value};
use crate::{
    AdoptError,
    chats::{TITLE, made_title},
    people::NAME,
    source::rows,
};
use db::{SessionKept, TenantHere, UserKept};

impl Writing<'_, '_> {
    pub(super) async fn changed(&mut self, tenant: &TenantHere) -> Result<(), AdoptError> {
        let mut after = None;
        loop {
            let adoption = &self.target.adoption;
            let page = adoption.users_kept(tenant.id, after, PAGE).await?;
            for user in &page {
                self.renamed(user)?;
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        let mut after = None;
        loop {
            let adoption = &self.target.adoption;
            let page = adoption.sessions_kept(tenant.id, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id);
            self.titled(&page).await?;
        }
    }

    /// A name that was not copied so.
    fn renamed(&mut self, user: &UserKept) -> Result<(), AdoptError> {
        let Some(name) = self.names.get(&user.legacy_id) else {
            return Ok(());
        };
        if service::beginning(name, NAME) == user.full_name {
            return Ok(());
        }
        let (users, value) = (&self.script.shape.users, Value::Text(&user.full_name));
        let change = self
            .script
            .update(users, &user.legacy_id, "full_name", &value);
        match change.transpose() {
            Some(change) => {
                self.put(change)?;
                self.back.renamed += 1;
            }
            None => self.back.left.push(format!(
                "the name of the user {}: there is no column for it",
                user.legacy_id
            )),
        }
        Ok(())
    }

    /// Titles that were neither copied nor made when it was copied.
    async fn titled(&mut self, page: &[SessionKept]) -> Result<(), AdoptError> {
        let ids = page.iter().map(|session| session.legacy_id.clone());
        let ids: Vec<String> = ids.collect();
        let there = rows::titles(self.db, self.script.shape, &ids).await?;
        for session in page {
            let Some(title) = there.get(&session.legacy_id) else {
                continue;
            };
            let title = title.as_deref().unwrap_or_default();
            let copied = match title.trim() {
                "" => made_title(session.question.as_deref().unwrap_or_default()),
                _ => service::beginning(title, TITLE).to_owned(),
            };
            if copied == session.title {
                continue;
            }
            let sessions = &self.script.shape.sessions;
            let value = Value::Text(&session.title);
            let change = self
                .script
                .update(sessions, &session.legacy_id, "title", &value);
            if let Some(change) = change.transpose() {
                self.put(change)?;
                self.back.renamed += 1;
            }
        }
        Ok(())
    }
}
