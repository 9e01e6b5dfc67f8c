//! People who were made here, and those who may not come in any more.

use super::{PAGE, Writing, script::Value};
use crate::AdoptError;
use db::{TenantHere, UserMade};

impl Writing<'_, '_> {
    pub(super) async fn users(&mut self, tenant: &TenantHere) -> Result<(), AdoptError> {
        let users = &self.script.shape.users;
        for id in self.target.adoption.users_shut_out(tenant.id).await? {
            let inactive = self
                .script
                .update(users, &id, "is_active", &Value::Yes(false));
            let change = match inactive.transpose() {
                Some(change) => change,
                // Else whoever was shut out here would come in there again.
                None => {
                    let unknown = Value::Text(&self.unknown);
                    let change = self.script.update(users, &id, "hashed_password", &unknown);
                    change.map(Option::unwrap_or_default)
                }
            };
            self.put(change)?;
            self.back.shut_out += 1;
        }
        let mut after = None;
        loop {
            let adoption = &self.target.adoption;
            let page = adoption.users_made(tenant.id, after, PAGE).await?;
            for user in &page {
                self.user(tenant, user)?;
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(()),
            }
        }
    }

    fn user(&mut self, tenant: &TenantHere, user: &UserMade) -> Result<(), AdoptError> {
        let is_taken = !self.emails.insert(user.email.clone());
        if is_taken && !self.there.contains(&user.id) {
            self.nobody.insert(user.id);
            self.back.left.push(format!(
                "the user {} of the tenant {} with all conversations: the address is somebody else's there",
                user.id, tenant.slug
            ));
            return Ok(());
        }
        let legacy_id = tenant.legacy_id.as_deref();
        let values = [
            ("email", Value::Text(&user.email)),
            ("hashed_password", Value::Text(&self.unknown)),
            (
                "tenant_id",
                legacy_id.map_or(Value::Maybe(None), Value::Text),
            ),
            ("full_name", Value::Text(&user.full_name)),
            ("is_active", Value::Yes(true)),
            ("is_superuser", Value::Yes(false)),
            ("profile_settings", Value::Json(Some("{}"))),
            ("created_at", Value::Time(user.created_at)),
        ];
        let made = self
            .script
            .insert(&self.script.shape.users, user.id, &values);
        self.put(made)?;
        self.back.users += 1;
        Ok(())
    }
}
