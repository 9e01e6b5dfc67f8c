//! Tenants: their settings and provider keys, and the list of them all.

pub(crate) mod platform;
pub(crate) mod prompts;
pub(crate) mod secrets;
mod tenant_changes;
pub(crate) mod tenants;
