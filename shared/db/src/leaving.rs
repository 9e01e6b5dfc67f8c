//! Leaving: a tenant, a user or a visitor is erased, with a receipt; a tenant is taken to another deployment.

pub(crate) mod deleting;
pub(crate) mod moving;
pub(crate) mod receipts;
pub(crate) mod tables;
