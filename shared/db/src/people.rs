//! People: logging in, logins that last, the users of a tenant, and invitations. And those who are none: API keys, and
//! visitors of web pages.

pub(crate) mod api_keys;
pub(crate) mod identities;
pub(crate) mod invitations;
pub(crate) mod login;
pub(crate) mod login_sessions;
pub(crate) mod rate_limits;
pub(crate) mod refresh;
pub(crate) mod user_changes;
pub(crate) mod users;
pub(crate) mod visitors;
