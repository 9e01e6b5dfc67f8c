//! A login for backups: `pg_dump` must see every row, which no role of the service can.

use crate::{
    Operator, OperatorError,
    running::connect::{is_public, without_driver},
    running::roles::with_login,
};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::AssertSqlSafe;
use tenant_auth::{RootSecret, generate_password};
use url::Url;

/// How long a password is good. A dump that has begun goes on.
const GOOD_FOR: TimeDelta = TimeDelta::days(1);

/// A login for backups.
#[derive(Debug)]
pub struct BackupLogin {
    /// How `pg_dump` logs in.
    pub url: SecretString,
    /// Until when it can.
    pub until: DateTime<Utc>,
}

impl Operator {
    /// Gives the role for backups a new password, which is good for a day from `now`. It follows from no configured
    /// secret: whoever holds those of the running service cannot log in as that role.
    ///
    /// # Errors
    /// There is no such role, or the login of `DATABASE_URL` may not let anybody log in as it.
    pub async fn backup_login(
        &mut self,
        database_url: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<BackupLogin, OperatorError> {
        self.check_migrated().await?;
        let role = self.roles.backup();
        let there: bool = sqlx::query_scalar(
            "select exists (select from pg_roles where rolname = $1 and rolbypassrls)",
        )
        .bind(&role)
        .fetch_one(&mut self.connection)
        .await?;
        if !there {
            return Err(OperatorError::NoBackupRole(role));
        }
        // Nobody else ever has this one, so what follows from it for the role is as good as random.
        let once = RootSecret::new(&long_password()).expect("72 random characters are strong");
        let until = now + GOOD_FOR;
        // A verifier has no quote in it; the server's log never sees the password.
        let sql = format!(
            "alter role {role} password '{}' valid until '{}'",
            once.role_verifier(&role),
            until.to_rfc3339()
        );
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await
            .map_err(|e| OperatorError::BackupPassword(role.clone(), e.into()))?;
        Ok(BackupLogin {
            url: backup_url(database_url, &role, &once.role_password(&role))?,
            until,
        })
    }
}

fn long_password() -> SecretString {
    let parts = (0..3).map(|_| generate_password().expose_secret().to_owned());
    parts.collect::<String>().into()
}

/// `database_url` with that login, as `pg_dump` understands it. Left to itself, that would do without TLS where the server
/// has none.
fn backup_url(
    database_url: &SecretString,
    role: &str,
    password: &SecretString,
) -> Result<SecretString, crate::BadDatabaseUrl> {
    let bad = || crate::BadDatabaseUrl::NotAUrl;
    let url = without_driver(database_url.expose_secret()).ok_or_else(bad)?;
    let mut url = Url::parse(&url).map_err(|_| bad())?;
    let public = url.host_str().is_some_and(is_public);
    if public && !url.query_pairs().any(|(name, _)| name == "sslmode") {
        url.query_pairs_mut().append_pair("sslmode", "require");
    }
    with_login(url, role, password).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_asked_for_where_others_can_listen() {
        let url = |from: &str| {
            let url = backup_url(&from.into(), "parlance_backup", &"secret".into()).unwrap();
            url.expose_secret().to_owned()
        };
        assert_eq!(
            url("postgresql+asyncpg://admin:password@db.example.com:6543/name"),
            "postgresql://parlance_backup:secret@db.example.com:6543/name?sslmode=require"
        );
        assert_eq!(
            url("postgresql://admin:password@db.example.com/name?sslmode=verify-full"),
            "postgresql://parlance_backup:secret@db.example.com/name?sslmode=verify-full"
        );
        assert_eq!(
            url("postgresql://admin:password@postgres:5432/name"),
            "postgresql://parlance_backup:secret@postgres:5432/name"
        );
    }
}
