//! API keys: made for an administrator, opened for whoever shows one.

use crate::Service;
use db::TenantAdmin;
use tenant_auth::{ApiKeyClaim, NewApiKey};
use uuid::Uuid;

impl Service {
    /// Makes a key of the administrator's tenant. It is good once it is stored.
    pub fn make_api_key(&self, by: &TenantAdmin, id: Uuid) -> NewApiKey {
        self.keyring.api_keys.make(by.tenant_id(), id)
    }

    /// What an API key claims, if we made it. What we did not make is told from that without a look at the database.
    pub fn api_key_claim(&self, key: &str) -> Option<ApiKeyClaim> {
        self.keyring.api_keys.open(key)
    }
}
