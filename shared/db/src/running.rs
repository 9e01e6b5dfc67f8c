//! Running: how the database is reached and by whom, whether it may be served from, and what keeps it in order.

mod acting;
pub(crate) mod backup;
pub(crate) mod cause;
pub(crate) mod chores;
pub(crate) mod connect;
pub(crate) mod counters;
pub(crate) mod fitness;
pub(crate) mod idempotency;
pub(crate) mod logins;
pub(crate) mod migrating;
pub(crate) mod operator;
pub(crate) mod partitioning;
pub(crate) mod planning;
pub(crate) mod pool;
pub(crate) mod refusals;
pub(crate) mod replica;
pub(crate) mod reseal;
mod reset;
pub(crate) mod roles;
pub(crate) mod slots;
pub(crate) mod sweep;
pub(crate) mod token_keys;
