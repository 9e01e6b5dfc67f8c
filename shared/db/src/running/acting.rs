//! The operator, acting as the service.

use crate::{BadDatabaseUrl, Connections, Db, Operator, OperatorError};
use secrecy::SecretString;
use std::time::Duration;
use tenant_auth::RootSecret;

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
            max_connections: 1,
            max_platform_connections: 1,
            queue: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(10),
            ask_returned: false,
            memory: Duration::ZERO,
        })?)
    }
}
