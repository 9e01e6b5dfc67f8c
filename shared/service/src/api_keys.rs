//! API keys: made for an administrator, opened for whoever shows one.

use crate::{Result, Service};
use db::TenantAdmin;
use tenant_auth::{ApiKeyClaim, ApiKeys, NewApiKey};
use uuid::Uuid;

impl Service {
    /// Makes a key of the administrator's tenant. It is good once it is stored.
    pub fn make_api_key(&self, by: &TenantAdmin, id: Uuid) -> NewApiKey {
        self.keyring.api_keys.make(by.tenant_id(), id)
    }

    /// What an API key claims, if we made it. What we did not make is told from that without a look at the database.
    ///
    /// # Errors
    /// It may have been made with a secret that is gone, and the database does not answer.
    pub async fn api_key_claim(&self, key: &str) -> Result<Option<ApiKeyClaim>> {
        if let Some(claim) = self.keyring.api_keys.open(key) {
            return Ok(Some(claim));
        }
        let kept = self.kept_keys().await?;
        Ok(ApiKeys::open_kept(&kept.api_keys, key))
    }
}
