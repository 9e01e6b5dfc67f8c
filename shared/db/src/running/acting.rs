//! The operator, acting as the service.

use crate::{BadDatabaseUrl, Connections, Db, Operator, OperatorError, running::logins};
use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use tenant_auth::RootSecret;
use url::ParseError;

impl Operator {
    /// The database as the service's own roles see it: the operator's may not see a tenant's rows either.
    pub(crate) async fn as_service(
        &mut self,
        database_url: &SecretString,
        root: &RootSecret,
    ) -> Result<Db, OperatorError> {
        self.check_migrated().await?;
        let logins = |role: &str| {
            let urls = self.roles.logins(database_url, role, root);
            urls.map_err(|_| BadDatabaseUrl::NotAUrl)
        };
        let app_urls = logins(&self.roles.app())?;
        Ok(Db::new(&Connections {
            platform_urls: logins(&self.roles.platform())?,
            listen_urls: app_urls.clone(),
            app_urls,
            replica_urls: Vec::new(),
            replica_wait: Duration::ZERO,
            max_connections: 1,
            max_platform_connections: 1,
            queue: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(10),
            ask_returned: false,
            memory: Duration::ZERO,
        })?)
    }

    /// Whether both roles of the service log in with the passwords that follow from the present secret.
    pub(crate) async fn has_own_passwords(
        &self,
        database_url: &SecretString,
        root: &RootSecret,
    ) -> Result<bool, OperatorError> {
        self.both_log_in(|role| Ok(vec![self.roles.login(database_url, role, root)?]))
            .await
    }

    /// Whether both log in with a password that follows from the present secret or from one before it.
    pub(crate) async fn has_known_passwords(
        &self,
        database_url: &SecretString,
        root: &RootSecret,
    ) -> Result<bool, OperatorError> {
        self.both_log_in(|role| self.roles.logins(database_url, role, root))
            .await
    }

    /// Whether each role logs in at one of its `urls`.
    async fn both_log_in(
        &self,
        urls: impl Fn(&str) -> Result<Vec<SecretString>, ParseError>,
    ) -> Result<bool, OperatorError> {
        for role in [self.roles.app(), self.roles.platform()] {
            let urls = urls(&role).map_err(|_| BadDatabaseUrl::NotAUrl)?;
            if !one_logs_in(&urls).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

async fn one_logs_in(urls: &[SecretString]) -> Result<bool, OperatorError> {
    for url in urls {
        let options = crate::connect_options(url)?;
        match PgConnection::connect_with(&options).await {
            Ok(connection) => {
                connection.close().await?;
                return Ok(true);
            }
            Err(e) if logins::is_refused(&e) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(false)
}
