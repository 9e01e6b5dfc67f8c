//! What provider calls took and cost, and who may spend how much.

pub(crate) mod calls;
pub(crate) mod limits;
pub(crate) mod months;
pub(crate) mod reprice;
pub(crate) mod roll_up;
pub(crate) mod usage;
pub(crate) mod usd;
