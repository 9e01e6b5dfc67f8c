//! What is sealed with one secret is sealed again with the next, in small steps, while the service runs. How far it is says
//! what is sealed itself: it begins with the name of the key that sealed it.

use crate::{
    Db, Need, Operator, OperatorError, Result, TokenKey, Whose,
    running::token_keys::keep_token_keys,
};
use secrecy::SecretString;
use sqlx::PgConnection;
use tenant_auth::RootSecret;
use uuid::Uuid;

/// How many are sealed again in one transaction.
const STEP: i64 = 100;

/// Where tenants have something sealed. A test holds the catalogue against it.
const PLACES: [Place; 3] = [Place::Secrets, Place::IdentityKeys, Place::Connectors];

#[derive(Clone, Copy)]
enum Place {
    Secrets,
    IdentityKeys,
    Connectors,
}

/// Something sealed, and where it belongs.
#[derive(Debug, sqlx::FromRow)]
pub struct SealedRow {
    /// The row.
    pub id: Uuid,
    /// For what of the tenant it is sealed.
    pub place: String,
    /// The ciphertext.
    pub sealed: Vec<u8>,
}

/// Seals again what is of a tenant, or of none.
pub type SealAgain<'a> = dyn Fn(Option<Uuid>, &SealedRow) -> Option<Vec<u8>> + Sync + 'a;

/// How it is done.
pub struct Resealing<'a> {
    /// What begins with this is sealed with the present secret.
    pub start: &'a [u8],
    /// Seals again what is of a tenant; `None` if it cannot be opened. With no tenant, it is of the deployment.
    pub seal: &'a SealAgain<'a>,
    /// Keys of tokens that are to be kept.
    pub keep: &'a [TokenKey],
    /// Whether nothing is changed, only counted.
    pub only_count: bool,
}

/// What came of it, in a tenant or in the deployment itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// The slug; none for what is of no tenant.
    pub tenant: Option<String>,
    /// How many were sealed with another secret than the present one.
    pub found: usize,
    /// How many of them were sealed again.
    pub done: usize,
    /// How many of the others can be opened with no secret that is known.
    pub unreadable: usize,
}

/// What is left that needs another secret than the present one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Sealed with another, and not sealed again.
    pub sealed: usize,
    /// How many of these can be opened with none that is known.
    pub unreadable: usize,
    /// Whether the database's logins have passwords that follow from another.
    pub logins: bool,
}

impl Operator {
    /// Gives the roles the passwords that follow from `root`, and seals again what others have sealed. Safe to run at any time,
    /// by several at once and again. `told` is given each tenant that has something to seal again, as it is done.
    ///
    /// # Errors
    /// The roles have passwords that follow from no secret that is known; nothing was done. Or the database could not do it: what
    /// was done is kept.
    pub async fn reseal(
        &mut self,
        database_url: &SecretString,
        root: &RootSecret,
        of: &Resealing<'_>,
        mut told: impl FnMut(&Resealed),
    ) -> Result<Left, OperatorError> {
        self.check_migrated().await?;
        if !of.only_count {
            // Of a wrong secret the passwords would follow before anything else notices it.
            if !self.has_known_passwords(database_url, root).await? {
                return Err(OperatorError::UnknownSecret);
            }
            self.ensure_roles(root).await?;
        }
        let mut left = Left::default();
        let mut note = |one: &Resealed| {
            left.sealed += one.found - one.done;
            left.unreadable += one.unreadable;
            if one.found > 0 {
                told(one);
            }
        };
        note(&self.reseal_own(of).await?);
        let db = self.as_service(database_url, root).await?;
        let mut after = Uuid::nil();
        while let Some((id, slug)) = next_tenant(&db, after).await? {
            after = id;
            note(&reseal_tenant(&db, id, slug, of).await?);
        }
        db.close().await;
        left.logins = !self.has_own_passwords(database_url, root).await?;
        Ok(left)
    }

    /// The same for what is of no tenant.
    async fn reseal_own(&mut self, of: &Resealing<'_>) -> Result<Resealed, OperatorError> {
        self.act_as_owner().await?;
        let done = reseal_own(&mut self.connection, of).await;
        self.act_as_itself().await?;
        done
    }
}

impl Resealed {
    fn add(&mut self, again: &Again, done: usize) {
        self.found += again.found;
        self.done += done;
        self.unreadable += again.found - again.readable;
    }
}

/// Rows that are sealed again: as they were, and as they shall be.
#[derive(Default)]
struct Again {
    found: usize,
    readable: usize,
    ids: Vec<Uuid>,
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
}

impl Again {
    fn of(tenant: Option<Uuid>, rows: Vec<SealedRow>, of: &Resealing<'_>) -> Self {
        let mut again = Self {
            found: rows.len(),
            ..Self::default()
        };
        for row in rows {
            let Some(new) = (of.seal)(tenant, &row) else {
                continue;
            };
            again.readable += 1;
            if !of.only_count {
                again.ids.push(row.id);
                again.old.push(row.sealed);
                again.new.push(new);
            }
        }
        again
    }
}

async fn reseal_own(
    owner: &mut PgConnection,
    of: &Resealing<'_>,
) -> Result<Resealed, OperatorError> {
    if !of.only_count {
        keep_token_keys(owner, of.keep).await?;
    }
    let sql = "select id, kind as place, sealed from token_keys where substring(sealed from 1 for length($1)) <> $1";
    let rows: Vec<SealedRow> = sqlx::query_as(sql)
        .bind(of.start)
        .fetch_all(&mut *owner)
        .await?;
    let again = Again::of(None, rows, of);
    for (id, (old, new)) in again.ids.iter().zip(again.old.iter().zip(&again.new)) {
        sqlx::query("update token_keys set sealed = $3 where id = $1 and sealed = $2")
            .bind(id)
            .bind(old)
            .bind(new)
            .execute(&mut *owner)
            .await?;
    }
    let mut done = Resealed::default();
    done.add(&again, again.ids.len());
    Ok(done)
}

async fn next_tenant(db: &Db, after: Uuid) -> Result<Option<(Uuid, String)>> {
    let mut tx = db.outside_as_platform(Whose::SERVICE).await?;
    let next = sqlx::query_as("select id, slug from tenants where id > $1 order by id limit 1")
        .bind(after)
        .fetch_optional(tx.conn())
        .await?;
    Ok(next)
}

async fn reseal_tenant(db: &Db, id: Uuid, slug: String, of: &Resealing<'_>) -> Result<Resealed> {
    let mut done = Resealed {
        tenant: Some(slug),
        ..Resealed::default()
    };
    for place in PLACES {
        let mut after = Uuid::nil();
        loop {
            let mut tx = db.open(id, Whose::SERVICE, Need::Begun).await?;
            let rows: Vec<SealedRow> = sqlx::query_as(place.found())
                .bind(after)
                .bind(of.start)
                .bind(STEP)
                .fetch_all(tx.conn())
                .await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.id;
            let again = Again::of(Some(id), rows, of);
            let changed = sqlx::query(place.changed())
                .bind(&again.ids)
                .bind(&again.old)
                .bind(&again.new)
                .execute(tx.conn())
                .await?;
            tx.commit().await?;
            let changed = usize::try_from(changed.rows_affected()).unwrap_or(again.ids.len());
            done.add(&again, changed);
        }
    }
    Ok(done)
}

impl Place {
    /// The next ones that are sealed with another secret, each with what it is sealed for.
    fn found(self) -> &'static str {
        match self {
            Self::Secrets => {
                "select id, provider as place, sealed from tenant_secrets
                 where id > $1 and substring(sealed from 1 for length($2)) <> $2 order by id limit $3"
            }
            Self::IdentityKeys => {
                "select id, 'site-identity/' || site_id as place, sealed from site_identity_keys
                 where id > $1 and substring(sealed from 1 for length($2)) <> $2 order by id limit $3"
            }
            Self::Connectors => {
                "select id, kind as place, sealed from connectors
                 where id > $1 and substring(sealed from 1 for length($2)) <> $2 order by id limit $3"
            }
        }
    }

    /// Changes those that are still as they were: somebody may have set another secret meanwhile. Of a key that was copied from
    /// the service before this one, the sealed one is remembered, to tell whether it was changed here.
    fn changed(self) -> &'static str {
        match self {
            Self::Secrets => {
                "with n as (select * from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as n(id, old, new)),
                 copied as (
                   update legacy_rows r set fingerprint = sha256('\\x01'::bytea || n.new) from n
                   where r.kind = 'setting' and r.fingerprint = sha256('\\x01'::bytea || n.old)
                 )
                 update tenant_secrets s set sealed = n.new from n where s.id = n.id and s.sealed = n.old"
            }
            Self::IdentityKeys => {
                "update site_identity_keys s set sealed = n.new
                 from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as n(id, old, new)
                 where s.id = n.id and s.sealed = n.old"
            }
            Self::Connectors => {
                "update connectors s set sealed = n.new
                 from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as n(id, old, new)
                 where s.id = n.id and s.sealed = n.old"
            }
        }
    }
}
