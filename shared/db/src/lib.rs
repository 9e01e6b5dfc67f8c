//! Everything that touches Postgres. The only crate that names `sqlx`.
//!
//! Data is reached through a proof and the transaction that it opens: see [`scope`](Db).

mod access;
mod adoption;
mod audit;
mod chat;
mod error;
mod knowledge;
mod leaving;
mod ledger;
mod people;
mod running;
mod scope;
mod tenancy;
mod transaction;

pub use access::accounts::Account;
pub use access::assumptions::Assumption;
pub use access::origins::OriginClaim;
pub use adoption::back::{
    LeftHere, MessageWritten, SessionKept, SessionWritten, UserKept, UserMade,
};
pub use adoption::chats::{LegacyChats, LegacyMessage, LegacySession, SessionHere};
pub use adoption::moved::UserCopied;
pub use adoption::people::{LegacyUser, UserHere};
pub use adoption::returned::{Following, OwnRow};
pub use adoption::rows::{Adoption, KnownRow, LegacyKind};
pub use adoption::tenants::{
    CopiedSetting, LegacySecret, LegacyTenant, TenantHere, TenantSettings,
};
pub use audit::deeds::{Asked, Deed, Outcome};
pub use audit::log::{AuditFilter, AuditRow};
pub use chat::answers::{AnswerEnd, AnswerRow, Details, Grown, Kept};
pub use chat::apps::AppPlace;
pub use chat::conversations::{Conversation, ConversationFilter};
pub use chat::feedback::{Feedback, Rating};
pub use chat::messages::{Leg, Message, MessageRole, MessageStatus, Usage};
pub use chat::rehearsal_ends::{JudgeEnd, SideEnd};
pub use chat::rehearsals::questions::{AnswerState, Judgement, RehearsedAnswer, RehearsedQuestion};
pub use chat::rehearsals::{
    Decision, Judge, NewRehearsal, Rehearsal, RehearsalStatus, Sample, Side, SideSummary, Verdict,
    VerdictCounts,
};
pub use chat::rehearsing::{AnswersToJudge, QuestionToTry, RehearsalStep, Rehearsing};
pub use chat::search::{FoundChat, FoundMessage};
pub use chat::sessions::{ChatOrigin, ChatSession};
pub use chat::source::Source;
pub use chat::turns::{HistoryMessage, NewTurn, NotBegun, Place, Turn};
pub use chat::unanswered::{Lack, LackCounts, Period, Unanswered};
pub use error::{Error, Result};
pub use knowledge::cached::CachedEmbedding;
pub use knowledge::connector_lists::{Listed, ListedPiece};
pub use knowledge::connector_pages::{PageEnd, PageRead, PageToRead};
pub use knowledge::connector_runs::{ConnectorRun, RunProblem, RunStatus, Running};
pub use knowledge::connectors::{Connector, ConnectorKind};
pub use knowledge::deleting::{DocumentDeletion, LeftOver};
pub use knowledge::documents::{Document, DocumentStatus, ToldBeside};
pub use knowledge::embedding_sets::{EmbeddingSet, NewEmbeddingSet, SetState};
pub use knowledge::files::{FileFacts, NewFile, NextFile, OriginalFile};
pub use knowledge::filter::MetadataFilter;
pub use knowledge::jobs::{Again, ForWhom, JobKind};
pub use knowledge::lanes::Lane;
pub use knowledge::languages::Language;
pub use knowledge::passages::{AskedWord, Passage, Worded};
pub use knowledge::retrying::Retried;
pub use knowledge::storing::{NewChunk, NewDocument};
pub use knowledge::texts::DocumentChunk;
pub use knowledge::vectors::{BareChunk, VectorsStatus};
pub use knowledge::words::DocumentWords;
pub use leaving::moving::{Coming, MoveError, Moving};
pub use leaving::receipts::{Erasure, Leaving, LeavingKind, RowCounts};
pub use ledger::calls::{CallOutcome, Operation, ProviderCall, Reservation};
pub use ledger::limits::{LimitScope, LimitState, Limits, LimitsOf};
pub use ledger::months::KeptMonths;
pub use ledger::reprice::{LedgerCall, Repriced, Repricing};
pub use ledger::roll_up::RolledUp;
pub use ledger::usage::{UsageBy, UsageCounts, UsageGroup, UsageOf, UsageRow};
pub use ledger::usd::{BadUsd, Usd};
pub use people::api_keys::{ApiKey, ApiKeyScope, KeyToStore};
pub use people::identities::{Arrival, Recognition};
pub use people::invitations::{Acceptance, Invitation, Invited, NewInvitation};
pub use people::login::{Candidate, Login, NewLogin};
pub use people::login_sessions::LoginSession;
pub use people::rate_limits::{Exhausted, LoginLimits, RateLimit};
pub use people::refresh::Refresh;
pub use people::user_changes::{Locked, UserChange};
pub use people::users::{NewUser, Role, User, UserFilter};
pub use people::visitors::{Entrance, VisitedSite};
pub use running::backup::BackupLogin;
pub use running::cause::Cause;
pub use running::chores::{Chore, ChoreDone, ChosenModel, JobsOf, Schema};
pub use running::connect::{BadDatabaseUrl, check_url, options as connect_options, place};
pub use running::counters::Counters;
pub use running::fitness::Unfit;
pub use running::idempotency::{Claim, IdempotencyKey};
pub use running::migrating::Migrated;
pub use running::operator::Operator;
pub use running::partitioning::{
    MessageTable, PartitionError, PartitionState, PartitionStep, Partitioning,
};
pub use running::planning::{Plan, Planned, PlannedTable, Size};
pub use running::pool::Connections;
pub use running::refusals::OperatorError;
pub use running::reseal::{Left, Resealed, Resealing, SealAgain, SealedRow};
pub use running::roles::{BadRolePrefix, Roles};
pub use running::slots::{Need, Slot, Slots, Whose, network};
pub use running::sweep::Swept;
pub use running::token_keys::{TokenKey, TokenKind};
pub use scope::{
    AdminReadTx, AdminTx, Caller, Db, Job, JobTx, PlatformTx, ReadTx, Superuser, TenantAdmin,
    TenantTx,
};
pub use tenancy::identity_keys::StoredIdentityKey;
pub use tenancy::platform::NewTenant;
pub use tenancy::prompts::Prompt;
pub use tenancy::secrets::{SealedSecret, SecretInfo};
pub use tenancy::sites::{Site, SiteChallenge, SiteIdentity};
pub use tenancy::tenants::{OnDisconnect, Tenant, TenantStatus, VectorPlace};
pub use tenancy::trial::{Trial, TrialRetrieval};

use uuid::Uuid;

/// Every migration of the schema, embedded.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// The newest migration of this binary.
pub fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|one| one.version).max().unwrap_or(0)
}

/// Which part of a list is wanted: keyset pagination over ids, which UUIDv7 orders by creation.
#[derive(Clone, Copy, Debug)]
pub struct PageOf {
    /// The last id of the page before, none for the first page.
    pub after: Option<Uuid>,
    /// How many rows at most.
    pub limit: i64,
}
