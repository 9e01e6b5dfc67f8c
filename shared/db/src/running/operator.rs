//! What the operator's powerful login does, and the service's never: roles, the first superuser; and migrations, beside this file.

use crate::{
    Error, OperatorError, Roles, Unfit,
    running::{connect, fitness::check_schema},
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;
use tenant_auth::RootSecret;
use uuid::Uuid;

const ROLES_SQL: &str = include_str!("../../../../migrations/roles.sql");

/// A connection with the login of `DATABASE_URL`.
pub struct Operator {
    pub(crate) connection: PgConnection,
    pub(crate) roles: Roles,
    place: String,
}

impl Operator {
    /// Connects with the login of `DATABASE_URL`.
    ///
    /// # Errors
    /// The database is not there within 10 s, or refuses the login.
    pub async fn connect(database_url: &SecretString, roles: Roles) -> Result<Self, OperatorError> {
        Self::connect_with(connect::options(database_url)?, roles).await
    }

    pub(crate) async fn connect_with(
        options: PgConnectOptions,
        roles: Roles,
    ) -> Result<Self, OperatorError> {
        let options = options.application_name("parlance migrate");
        let connecting = PgConnection::connect_with(&options);
        let connection = tokio::time::timeout(Duration::from_secs(10), connecting)
            .await
            .map_err(|_| OperatorError::Connect(sqlx::Error::PoolTimedOut.into()))?
            .map_err(|e| OperatorError::Connect(e.into()))?;
        Ok(Self {
            connection,
            roles,
            place: connect::place(&options),
        })
    }

    /// Which database on which server, as `name on host:port`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// A schema that somebody else owns cannot be migrated, and every sentence of PostgreSQL about it misleads.
    pub(crate) async fn check_owner(&mut self) -> Result<(), OperatorError> {
        let expected = self.roles.owner();
        let owner: Option<String> = sqlx::query_scalar(
            "select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = 'parlance'",
        )
        .fetch_optional(&mut self.connection)
        .await?;
        match owner {
            Some(owner) if owner != expected => Err(OperatorError::Owner { owner, expected }),
            _ => Ok(()),
        }
    }

    /// Confirms that there is something to work on.
    pub(crate) async fn check_migrated(&mut self) -> Result<(), OperatorError> {
        let unfit = |unfit| OperatorError::Unfit(Box::new(unfit));
        let role: bool =
            sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                .bind(self.roles.owner())
                .fetch_one(&mut self.connection)
                .await?;
        if !role {
            return Err(unfit(Unfit::Behind(1)));
        }
        self.act_as_owner().await?;
        let checked = check_schema(&mut self.connection).await;
        self.act_as_itself().await?;
        checked.map(drop).map_err(unfit)
    }

    pub(crate) async fn ensure_roles(&mut self, root: &RootSecret) -> Result<(), OperatorError> {
        let settings = settings(&self.roles, root);
        for (name, value) in &settings {
            sqlx::query("select set_config($1, $2, false)")
                .bind(name)
                .bind(value)
                .execute(&mut self.connection)
                .await?;
        }
        let mut attempt = 0;
        loop {
            match self.connection.execute(ROLES_SQL).await {
                Ok(_) => return Ok(()),
                // Roles are the server's, not the database's: another migration may touch them this moment.
                Err(e) if attempt < 5 && is_concurrent_update(&e) => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(100 * attempt)).await;
                }
                Err(_) if self.roles_are_there().await => return Ok(()),
                Err(e) => return Err(OperatorError::Roles(e.into())),
            }
        }
    }

    /// An administrator may have made the roles for a login that may not.
    async fn roles_are_there(&mut self) -> bool {
        let there = sqlx::query_scalar(
            "select to_regnamespace('parlance') is not null and pg_has_role(current_user, $1, 'member')",
        )
        .bind(self.roles.owner())
        .fetch_one(&mut self.connection)
        .await;
        // Without the role the question itself is an error.
        there.unwrap_or(false)
    }

    pub(crate) async fn act_as_owner(&mut self) -> Result<(), OperatorError> {
        // set_config('role', ...) is SET ROLE with the name as a value.
        sqlx::query("select set_config('role', $1, false), set_config('search_path', 'parlance, pg_temp', false)")
            .bind(self.roles.owner())
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// The login is itself again. Say so also when what the owner did has failed.
    pub(crate) async fn act_as_itself(&mut self) -> Result<(), OperatorError> {
        self.connection.execute("reset role").await?;
        Ok(())
    }

    /// Creates a superuser, and its tenant if there is none with that slug. `password_hash` is a PHC string.
    ///
    /// # Errors
    /// [`OperatorError::NoSlug`] for what cannot name a tenant, [`OperatorError::UserExists`] if the address is taken in that tenant.
    pub async fn create_superuser(
        &mut self,
        slug: &str,
        email: &str,
        password_hash: &SecretString,
    ) -> Result<(), OperatorError> {
        self.check_migrated().await?;
        self.act_as_owner().await?;
        let created = sqlx::query("select create_superuser($1, $2, $3, $4, $5)")
            .bind(Uuid::now_v7())
            .bind(slug)
            .bind(Uuid::now_v7())
            .bind(email)
            .bind(password_hash.expose_secret())
            .execute(&mut self.connection)
            .await;
        self.act_as_itself().await?;
        match created.map_err(Error::from) {
            Ok(_) => Ok(()),
            Err(e) if e.is_constraint("users_email_key") => Err(OperatorError::UserExists),
            Err(e) if e.is_constraint("tenants_slug_check") => Err(OperatorError::NoSlug),
            Err(e) => Err(OperatorError::Statement(e)),
        }
    }

    /// The SQL that creates the roles, for an administrator of a server where `DATABASE_URL` may not. It holds
    /// verifiers, not passwords.
    pub fn roles_sql(roles: &Roles, root: &RootSecret) -> String {
        let settings =
            settings(roles, root).map(|(name, value)| format!("set {name} = '{value}';\n"));
        settings.concat() + ROLES_SQL
    }
}

fn settings(roles: &Roles, root: &RootSecret) -> [(&'static str, String); 3] {
    [
        ("parlance.role_prefix", roles.prefix().to_owned()),
        ("parlance.app_verifier", root.role_verifier(&roles.app())),
        (
            "parlance.platform_verifier",
            root.role_verifier(&roles.platform()),
        ),
    ]
}

/// "tuple concurrently updated" has no code of its own (XX000); a role created twice is 23505 or 42710.
fn is_concurrent_update(e: &sqlx::Error) -> bool {
    let code = e.as_database_error().and_then(|d| d.code());
    matches!(code.as_deref(), Some("XX000" | "23505" | "42710"))
}
