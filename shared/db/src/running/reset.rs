//! Another password for somebody who has none that works, set by the operator.

use crate::{
    Asked, Deed, Need, Operator, OperatorError, Whose,
    audit::deeds::{NOBODY, write},
};
use secrecy::{ExposeSecret, SecretString};
use tenant_auth::RootSecret;
use uuid::Uuid;

impl Operator {
    /// Sets another password for a user, a superuser most likely, and ends its logins and its invitation. `slug` names the
    /// tenant, `emails` the user: by the first of these spellings that is somebody's. `password_hash` is a PHC string.
    ///
    /// Done as the service's own role: the operator's may not see a tenant's rows either.
    ///
    /// # Errors
    /// [`OperatorError::NoUser`] if there is nobody; or the database is not this binary's.
    pub async fn reset_password(
        &mut self,
        database_url: &SecretString,
        root: &RootSecret,
        (slug, emails): (&str, &[&str]),
        password_hash: &SecretString,
        asked: &Asked,
    ) -> Result<(), OperatorError> {
        let db = self.as_service(database_url, root).await?;
        let email = emails.first().copied().unwrap_or_default();
        let found = db
            .find_login(Some(slug), None, email, Whose::SERVICE)
            .await?;
        let nobody = || OperatorError::NoUser(slug.to_owned());
        let tenant = found.tenant_id.ok_or_else(nobody)?;
        let mut tx = db.open(tenant, Whose::SERVICE, Need::Begun).await?;
        let user: Option<Uuid> = sqlx::query_scalar(
            "with u as (
               update users set password_hash = $2, password_changed_at = $3, updated_at = $3
               where id = (select id from users where email = any ($1) and not is_service
                           order by array_position($1, email) limit 1)
               returning id
             ), ended as (
               update login_sessions set revoked_at = $3
               where user_id in (select id from u) and revoked_at is null
             ), forgotten as (
               delete from invitations where user_id in (select id from u)
             )
             select id from u",
        )
        .bind(emails)
        .bind(password_hash.expose_secret())
        .bind(asked.at)
        .fetch_optional(tx.conn())
        .await?;
        let user = user.ok_or_else(nobody)?;
        let deed = Deed::done("password.reset", user).detail("by the operator");
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await?;
        db.close().await;
        Ok(())
    }
}
