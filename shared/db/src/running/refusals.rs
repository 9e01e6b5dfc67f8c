//! What the operator's powerful login could not do, as sentences that say what to do.

use crate::{BadDatabaseUrl, Cause, Error, PartitionError, Unfit};

/// What the operator could not do.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// A connection is not even tried.
    #[error("DATABASE_URL {0}")]
    Url(#[from] BadDatabaseUrl),
    /// No connection.
    #[error(
        "the database of DATABASE_URL cannot be reached or refuses the login. Check host, port, user and password"
    )]
    Connect(#[source] Cause),
    /// The login of `DATABASE_URL` may not do what roles.sql does.
    #[error(
        "the login of DATABASE_URL may not create or change the roles of this deployment. Let the server's administrator run what `parlance migrate --print-roles` prints, then try again"
    )]
    Roles(#[source] Cause),
    /// The schema was not made by this deployment's roles.
    #[error(
        "the schema `parlance` of this database belongs to the role {owner}, and not to {expected}. Either ROLE_PREFIX is not the one that it was made with, or a backup was restored before its roles were there: then drop that schema, run what `parlance migrate --print-roles` prints, restore again, and migrate (docs/backup.md)"
    )]
    Owner {
        /// Whose it is.
        owner: String,
        /// Whose it should be.
        expected: String,
    },
    /// There is no schema, or an older one.
    #[error(transparent)]
    Unfit(Box<Unfit>),
    /// A migration failed.
    #[error("a migration failed; the schema is as it was before it")]
    Migrate(#[source] Cause),
    /// Somebody holds what a migration has to lock.
    #[error(
        "a table that a migration changes was in use by somebody else for three minutes, such as by a backup; what was applied before it stays. See the oldest `xact_start` in pg_stat_activity, and run `parlance migrate` again when that has ended"
    )]
    InUse(#[source] Cause),
    /// Pending migrations cannot be tried.
    #[error(
        "the pending migrations cannot be tried. That takes a login which may create a database and roles: `--try-on URL` names one, on any server of the same version"
    )]
    Scratch(#[source] Cause),
    /// No tenant can be called that.
    #[error(
        "--tenant takes a slug: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends"
    )]
    NoSlug,
    /// The address is taken.
    #[error("that tenant already has a user with this email")]
    UserExists,
    /// There is nobody with that address.
    #[error("the tenant {0} has no user with this email. --tenant takes the tenant's slug")]
    NoUser(String),
    /// There is no such tenant.
    #[error("there is no tenant {0}. --tenant takes the tenant's slug")]
    NoTenant(String),
    /// Whoever manages tenants is nobody's to erase by mistake.
    #[error(
        "this is a superuser, or a tenant that has one. Let another superuser take that away first (PATCH /admin/users/{{id}}, is_superuser: false)"
    )]
    Superuser,
    /// The same id leaves another tenant.
    #[error(
        "erasing {subject} of the tenant {tenant} is under way, which has the same id. Finish that first: `parlance erase --tenant {tenant} --user {subject} --confirm {tenant}`"
    )]
    Underway {
        /// The slug of that tenant.
        tenant: String,
        /// The id.
        subject: uuid::Uuid,
    },
    /// There is no role for backups, or not one that can do them.
    #[error(
        "the role {0} is not there or cannot read everything, because the login that migrated may not create such a role. Let a superuser of the server run what `parlance migrate --print-roles` prints"
    )]
    NoBackupRole(String),
    /// The login of `DATABASE_URL` may not let anybody log in as the role for backups.
    #[error(
        "the login of DATABASE_URL may not give the role {0} a password. Let the server's administrator do it: alter role {0} password '...'"
    )]
    BackupPassword(String, #[source] Cause),
    /// The service runs with another secret than those that are named.
    #[error(
        "the database's roles have passwords that follow from neither SECRET_KEY nor SECRET_KEY_PREVIOUS, so nothing was changed. Name the secret that the service runs with in SECRET_KEY_PREVIOUS; where that is lost, run `parlance migrate` first"
    )]
    UnknownSecret,
    /// The messages are not partitioned.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// Anything else.
    #[error("the database refused a statement")]
    Statement(#[source] Error),
}

impl From<Error> for OperatorError {
    fn from(e: Error) -> Self {
        Self::Statement(e)
    }
}

impl From<sqlx::Error> for OperatorError {
    fn from(e: sqlx::Error) -> Self {
        Self::Statement(e.into())
    }
}
