//! Invitations: an account without a password, and the right to choose its first one.

use crate::{
    AdminTx, Asked, Db, Deed, Need, Result, Whose,
    audit::deeds::Actor,
    people::users::{Role, User, user_columns},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tenant_auth::InvitationClaim;
use uuid::Uuid;

/// Whom to invite.
#[derive(Debug)]
pub struct NewInvitation {
    /// The invitation's id.
    pub id: Uuid,
    /// In lower case; of nobody in the tenant, or of somebody who is only invited.
    pub email: String,
    /// Empty if not given.
    pub full_name: Option<String>,
    /// A member if not given.
    pub role: Option<Role>,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is too late to accept.
    pub expires_at: DateTime<Utc>,
}

/// An invitation that was written down: tokens are made for nothing else.
#[derive(Debug)]
pub struct Invitation {
    id: Uuid,
    user: User,
    expires_at: DateTime<Utc>,
}

impl Invitation {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Who is invited.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// When it is too late to accept.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// Who is invited, as far as a password must not be made of it.
#[derive(Debug, sqlx::FromRow)]
pub struct Invited {
    /// The address, in lower case.
    pub email: String,
    /// The name; may be empty.
    pub full_name: String,
    /// The tenant's slug.
    pub tenant_slug: String,
    /// The tenant's name.
    pub tenant_name: String,
}

/// How somebody accepts.
#[derive(Debug)]
pub struct Acceptance<'a> {
    /// The request.
    pub asked: &'a Asked,
    /// The PHC string of the first password.
    pub password_hash: &'a SecretString,
    /// Another name than the invitation has.
    pub full_name: Option<&'a str>,
}

impl AdminTx {
    /// Invites somebody to the managed tenant. For somebody who is invited already, the earlier invitation ends and what
    /// is given counts. `None` if the address is that of somebody who has a password.
    pub async fn invite(&mut self, new: &NewInvitation) -> Result<Option<Invitation>> {
        let user: Option<User> = sqlx::query_as(concat!(
            "insert into users as u (id, email, full_name, role)
             values ($1, $2, coalesce($3, ''), coalesce($4, 'member'))
             on conflict on constraint users_email_key do update
               set full_name = coalesce($3, u.full_name), role = coalesce($4, u.role), is_active = true,
                   updated_at = $5
               where u.password_hash is null and not u.is_superuser and not u.is_service
             returning ",
            user_columns!()
        ))
        .bind(Uuid::now_v7())
        .bind(&new.email)
        .bind(&new.full_name)
        .bind(new.role)
        .bind(new.now)
        .fetch_optional(self.conn())
        .await?;
        let Some(user) = user else {
            return Ok(None);
        };
        let (id, created_by) = (new.id, self.actor.user_id);
        // As it is kept, which is less exact than what was given.
        let expires_at = sqlx::query_scalar(
            "insert into invitations (id, user_id, expires_at, created_at, created_by) values ($1, $2, $3, $4, $5)
             on conflict on constraint invitations_user_key do update
               set id = $1, expires_at = $3, created_at = $4, created_by = $5
             returning expires_at",
        )
        .bind(id)
        .bind(user.id)
        .bind(new.expires_at)
        .bind(new.now)
        .bind(created_by)
        .fetch_one(self.conn())
        .await?;
        let invited = Deed::done("user.invite", user.id).detail(user.role);
        self.audit(invited).await?;
        Ok(Some(Invitation {
            id,
            user,
            expires_at,
        }))
    }

    /// An invitation of the managed tenant that was neither accepted nor ended.
    pub async fn invitation(&mut self, id: Uuid) -> Result<Option<Invitation>> {
        let found: Option<(Uuid, DateTime<Utc>)> =
            sqlx::query_as("select user_id, expires_at from invitations where id = $1")
                .bind(id)
                .fetch_optional(self.conn())
                .await?;
        let Some((user, expires_at)) = found else {
            return Ok(None);
        };
        let user = self.user(user).await?;
        Ok(user.map(|user| Invitation {
            id,
            user,
            expires_at,
        }))
    }

    /// Ends a user's invitation, if there is one.
    pub(crate) async fn forget_invitation(&mut self, user: Uuid) -> Result<()> {
        sqlx::query("delete from invitations where user_id = $1")
            .bind(user)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl Db {
    /// Whom an invitation is for, if it can be accepted at `now`.
    pub async fn invited(
        &self,
        claim: &InvitationClaim,
        now: DateTime<Utc>,
    ) -> Result<Option<Invited>> {
        let whose = Whose::user(claim.tenant_id(), claim.invitation_id());
        let mut tx = self.open(claim.tenant_id(), whose, Need::Asked).await?;
        let invited = sqlx::query_as(
            "select u.email, u.full_name, t.slug as tenant_slug, t.name as tenant_name
             from invitations i
             join users u on u.tenant_id = i.tenant_id and u.id = i.user_id
             join tenants t on t.id = u.tenant_id
             where i.id = $1 and i.expires_at > $2 and u.is_active and u.password_hash is null and t.status = 'active'",
        )
        .bind(claim.invitation_id())
        .bind(now)
        .fetch_optional(tx.conn())
        .await?;
        Ok(invited)
    }

    /// Gives the invited user its first password and ends the invitation; false if that can no longer be done. One
    /// statement decides, so that of many attempts exactly one succeeds. Like every other change it takes the user before
    /// the invitation, lest two wait for each other.
    pub async fn accept(&self, claim: &InvitationClaim, how: &Acceptance<'_>) -> Result<bool> {
        let whose = Whose::user(claim.tenant_id(), claim.invitation_id());
        let mut tx = self.open(claim.tenant_id(), whose, Need::Asked).await?;
        let user: Option<Uuid> = sqlx::query_scalar(
            "with joined as (
               update users u set password_hash = $3, full_name = coalesce($4, u.full_name), updated_at = $2,
                 password_changed_at = $2
               from invitations i, tenants t
               where i.id = $1 and i.expires_at > $2 and u.tenant_id = i.tenant_id and u.id = i.user_id
                 and u.is_active and u.password_hash is null and t.id = u.tenant_id and t.status = 'active'
               returning u.id
             )
             delete from invitations i using joined where i.id = $1 and i.user_id = joined.id
             returning i.user_id",
        )
        .bind(claim.invitation_id())
        .bind(how.asked.at)
        .bind(how.password_hash.expose_secret())
        .bind(how.full_name)
        .fetch_optional(tx.conn())
        .await?;
        // Where another invitation took this one's place meanwhile, the password is undone with the transaction.
        let Some(user) = user else {
            return Ok(false);
        };
        let actor = Actor::user(claim.tenant_id(), user, how.asked);
        let accepted = Deed::done("invitation.accept", user);
        tx.audit_as(&actor, accepted).await?;
        tx.commit().await?;
        Ok(true)
    }
}
