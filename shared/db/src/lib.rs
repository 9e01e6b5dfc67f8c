//! Everything that touches Postgres. The only crate that names `sqlx`.
//!
//! Data is reached through a proof and the transaction that it opens: see [`scope`](Db).

mod accounts;
mod assumptions;
mod audit;
mod audit_log;
mod callers;
mod changes;
mod connect;
mod counters;
mod documents;
mod error;
mod fitness;
mod invitations;
mod login;
mod login_sessions;
mod messages;
mod operator;
mod origins;
mod passages;
mod platform;
mod pool;
mod rate_limits;
mod remembered;
mod roles;
mod scope;
mod secrets;
mod sessions;
mod sweep;
mod tenants;
mod turns;
mod user_changes;
mod users;

pub use accounts::Account;
pub use assumptions::Assumption;
pub use audit::{Asked, Deed, Outcome};
pub use audit_log::{AuditFilter, AuditRow};
pub use connect::{BadDatabaseUrl, check_url};
pub use counters::Counters;
pub use documents::{Document, DocumentStatus, NewChunk, NewDocument};
pub use error::{Error, Result};
pub use fitness::Unfit;
pub use invitations::{Acceptance, Invitation, Invited, NewInvitation};
pub use login::{Candidate, Login, NewLogin, Refresh};
pub use login_sessions::LoginSession;
pub use messages::{Message, MessageRole, MessageStatus, Source, Usage};
pub use operator::{Operator, OperatorError};
pub use passages::Passage;
pub use platform::NewTenant;
pub use pool::Connections;
pub use rate_limits::{Exhausted, RateLimit};
pub use roles::{BadRolePrefix, Roles};
pub use scope::{AdminTx, Caller, Db, PlatformTx, Superuser, TenantAdmin, TenantTx};
pub use secrets::{SealedSecret, SecretInfo, SecretProvider};
pub use sessions::ChatSession;
pub use sweep::Swept;
pub use tenants::{Tenant, TenantProvider, TenantStatus};
pub use turns::{AnswerEnd, HistoryMessage, NewTurn, Turn};
pub use user_changes::{Locked, UserChange};
pub use users::{NewUser, Role, User, UserFilter};

use uuid::Uuid;

/// Every migration of the schema, embedded.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Which part of a list is wanted: keyset pagination over ids, which UUIDv7 orders by creation.
#[derive(Clone, Copy, Debug)]
pub struct PageOf {
    /// The last id of the page before, none for the first page.
    pub after: Option<Uuid>,
    /// How many rows at most.
    pub limit: i64,
}
