//! Tenants: their settings, provider keys and sites, and the list of them all.

pub(crate) mod platform;
pub(crate) mod prompts;
pub(crate) mod secrets;
pub(crate) mod sites;
mod tenant_changes;
pub(crate) mod tenants;
