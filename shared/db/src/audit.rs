//! The audit log: written in the transaction of the deed, and read by administrators.

pub(crate) mod deeds;
pub(crate) mod log;
