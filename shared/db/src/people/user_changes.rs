//! What is changed of the people of a tenant: by administrators, by superusers, by themselves.

use crate::{
    AdminTx, Caller, Deed, PlatformTx, Result, TenantTx,
    people::users::{Role, User, user_columns},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

/// A user that is to be changed, with whoever is going to: neither changes meanwhile.
#[derive(Debug)]
pub struct Locked {
    /// Who acts; none if that is no user of the managed tenant.
    pub actor: Option<User>,
    /// The user; none if the managed tenant has none with that id.
    pub user: Option<User>,
}

/// What to set; the rest stays as it is.
#[derive(Debug, Default)]
pub struct UserChange {
    /// The user's name.
    pub full_name: Option<String>,
    /// What the user may do.
    pub role: Option<Role>,
    /// Whether the user may log in. `false` ends all its logins.
    pub is_active: Option<bool>,
    /// The groups that the user is in.
    pub groups: Option<Vec<String>>,
    /// The PHC string of another password. It ends all logins of the user, and its invitation.
    pub password_hash: Option<SecretString>,
}

impl UserChange {
    /// What becomes another, from what to what; of a name and a password only that they do.
    fn told(&self, before: &User) -> Vec<String> {
        let name = self.full_name.as_ref();
        let name = name.filter(|name| **name != before.full_name);
        let name = name.map(|_| "full_name".to_owned());
        let role = self.role.filter(|role| *role != before.role);
        let role = role.map(|role| format!("role: {} -> {role}", before.role));
        let is_active = self.is_active.filter(|value| *value != before.is_active);
        let is_active =
            is_active.map(|value| format!("is_active: {} -> {value}", before.is_active));
        let groups = self.groups.as_ref();
        let groups = groups.filter(|groups| **groups != before.groups);
        let groups = groups.map(|groups| {
            let (before, now) = (before.groups.join(", "), groups.join(", "));
            format!("groups: [{before}] -> [{now}]")
        });
        let told = name.into_iter().chain(role).chain(is_active);
        told.chain(groups).collect()
    }
}

impl AdminTx {
    /// Locks a user together with whoever acts, in the order of their ids: of two administrators who change each other
    /// the second one waits, and finds what the first one made of it.
    pub async fn lock_user(&mut self, id: Uuid) -> Result<Locked> {
        let actor = self.actor.user_id;
        let sql = concat!(
            "select ",
            user_columns!(),
            " from users where id = any ($1) and not is_service order by id for update"
        );
        let found: Vec<User> = sqlx::query_as(sql)
            .bind([actor, id])
            .fetch_all(self.conn())
            .await?;
        let find = |id| found.iter().find(|user| user.id == id).cloned();
        let (actor, user) = (find(actor), find(id));
        Ok(Locked { actor, user })
    }

    /// Changes a user that is locked, and was `before`. Logins that must end with the change end in the same transaction.
    /// Where nothing would become another, nothing is done.
    pub async fn change_user(
        &mut self,
        before: &User,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<User> {
        let fields = change.told(before);
        if fields.is_empty() && change.password_hash.is_none() {
            return Ok(before.clone());
        }
        let id = before.id;
        let sql = concat!(
            "update users set full_name = coalesce($2, full_name), role = coalesce($3, role),
                              is_active = coalesce($4, is_active), password_hash = coalesce($5, password_hash),
                              password_changed_at = case when $5::text is null then password_changed_at else $6 end,
                              updated_at = $6, groups = coalesce($7, groups)
             where id = $1
             returning ",
            user_columns!()
        );
        let hash = change.password_hash.as_ref();
        let user: User = sqlx::query_as(sql)
            .bind(id)
            .bind(&change.full_name)
            .bind(change.role)
            .bind(change.is_active)
            .bind(hash.map(ExposeSecret::expose_secret))
            .bind(now)
            .bind(&change.groups)
            .fetch_one(self.conn())
            .await?;
        if hash.is_some() || change.is_active == Some(false) {
            self.end_logins(id, None, now).await?;
        }
        if hash.is_some() {
            self.forget_invitation(id).await?;
            self.audit(Deed::done("password.reset", id)).await?;
        }
        if !fields.is_empty() {
            let updated = Deed::done("user.update", id).detail(fields.join(", "));
            self.audit(updated).await?;
        }
        Ok(user)
    }

    /// Deletes a user that is locked, and with it its conversations, logins, invitation, keys of requests and what is counted for
    /// its limits. The ledger keeps what it cost.
    pub async fn delete_user(&mut self, id: Uuid) -> Result<()> {
        self.forget_user(id).await?;
        self.audit(Deed::done("user.delete", id)).await
    }
}

impl TenantTx {
    /// Deletes a user with everything that is its own; also the address by which the service before this one knew it. That it was
    /// copied from there stays known: to copy again must not bring it back.
    pub(crate) async fn forget_user(&mut self, id: Uuid) -> Result<()> {
        for sql in [
            "delete from legacy_rows where kind = 'email' and id = $1",
            "delete from idempotency_keys where user_id = $1",
            "delete from reservations where user_id = $1",
            "delete from spending where scope = 'user' and subject = $1",
            "delete from users where id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(self.conn()).await?;
        }
        Ok(())
    }
}

impl PlatformTx {
    /// Makes a user of a tenant a superuser, or one no more. False if there is no such user, or it has no password yet.
    pub async fn set_superuser(&mut self, tenant: Uuid, user: Uuid, value: bool) -> Result<bool> {
        let done: bool = sqlx::query_scalar("select set_superuser($1, $2, $3)")
            .bind(tenant)
            .bind(user)
            .bind(value)
            .fetch_one(self.conn())
            .await?;
        if done {
            let action = if value {
                "superuser.grant"
            } else {
                "superuser.revoke"
            };
            self.audit(tenant, Deed::done(action, user)).await?;
        }
        Ok(done)
    }
}

impl TenantTx {
    /// The caller's name, which nobody else changes before the transaction ends; `None` if the caller was deleted meanwhile.
    pub async fn own_name(&mut self, caller: &Caller) -> Result<Option<String>> {
        let sql = "select full_name from users where id = $1 for no key update";
        let name = sqlx::query_scalar(sql).bind(caller.user_id());
        Ok(name.fetch_optional(self.conn()).await?)
    }

    /// Gives the caller, whose name is locked as `before`, another one.
    pub async fn rename(&mut self, caller: &Caller, before: &str, full_name: &str) -> Result<()> {
        if before == full_name {
            return Ok(());
        }
        sqlx::query("update users set full_name = $2, updated_at = $3 where id = $1")
            .bind(caller.user_id())
            .bind(full_name)
            .bind(caller.asked().at)
            .execute(self.conn())
            .await?;
        let renamed = Deed::done("user.update", caller.user_id()).detail("full_name");
        self.audit(caller, renamed).await
    }
}
