//! Who may: whose token it is, what is remembered of its bearer and for how long, and which pages may call.

pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod assumptions;
mod callers;
mod changes;
pub(crate) mod origins;
pub(crate) mod remembered;
