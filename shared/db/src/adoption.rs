//! What `parlance adopt` writes: rows of the service before this one. By the operator, as the service's own roles, so that
//! row-level security binds it as it binds a request.

pub(crate) mod back;
pub(crate) mod chats;
pub(crate) mod moved;
pub(crate) mod people;
pub(crate) mod returned;
pub(crate) mod rows;
pub(crate) mod tenants;
