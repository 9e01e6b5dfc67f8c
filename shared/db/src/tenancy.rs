//! Tenants: their settings, provider keys and sites with the keys of their identities, and the list of them all.

pub(crate) mod identity_keys;
pub(crate) mod platform;
pub(crate) mod prompts;
pub(crate) mod secrets;
pub(crate) mod sites;
mod tenant_changes;
pub(crate) mod tenants;
pub(crate) mod trial;
