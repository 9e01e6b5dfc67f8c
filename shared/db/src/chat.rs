//! Conversations: their list, what was said in them, and a turn of question and answer.

pub(crate) mod answers;
pub(crate) mod apps;
pub(crate) mod conversations;
pub(crate) mod erase;
pub(crate) mod feedback;
pub(crate) mod messages;
pub(crate) mod rehearsal_ends;
pub(crate) mod rehearsals;
pub(crate) mod rehearsing;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod source;
pub(crate) mod turns;
pub(crate) mod unanswered;
