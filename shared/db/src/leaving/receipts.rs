//! Receipts of what was erased: begun before anything is, and ended when nothing is left. The operator alone writes them.

use crate::{Db, Need, Operator, OperatorError, Result, Whose};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many rows of each table.
pub type RowCounts = BTreeMap<String, i64>;

/// Who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum LeavingKind {
    /// A tenant with everybody in it.
    Tenant,
    /// One of its users.
    User,
    /// A visitor of one of its pages.
    Visitor,
}

/// Who is to be erased. The operator alone says so: it is a proof of that tenant.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Leaving {
    pub(crate) id: Uuid,
    pub(crate) kind: LeavingKind,
    #[sqlx(rename = "tenant")]
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) subject: Uuid,
}

impl Leaving {
    /// Who leaves.
    pub fn kind(&self) -> LeavingKind {
        self.kind
    }

    /// The tenant's name in logins.
    pub fn slug(&self) -> &str {
        &self.slug
    }
}

/// What was erased, and what is kept.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Erasure {
    /// The receipt's own id.
    pub id: Uuid,
    /// Who left.
    pub kind: LeavingKind,
    /// The tenant's id.
    #[sqlx(rename = "tenant")]
    pub tenant_id: Uuid,
    /// Its name in logins.
    pub slug: String,
    /// The id of whoever left.
    pub subject: Uuid,
    /// When it was begun.
    pub asked_at: DateTime<Utc>,
    /// When nothing was left to erase; none while it is under way.
    pub finished_at: Option<DateTime<Utc>>,
    /// How many rows of each table are gone.
    #[sqlx(json(nullable))]
    pub removed: Option<RowCounts>,
    /// How many are kept, by the ids that are left of whoever left.
    #[sqlx(json(nullable))]
    pub kept: Option<RowCounts>,
    /// What became of vectors that were not in this database.
    pub vectors: String,
}

impl Operator {
    /// Who of a tenant is to be erased, if there is such a one, or if that is under way: its receipt may have been begun. `user` is
    /// an address, or the id of a visitor; none is the tenant itself.
    ///
    /// # Errors
    /// [`OperatorError::NoTenant`], [`OperatorError::NoUser`]; or it is a superuser.
    pub async fn leaving(
        &mut self,
        db: &Db,
        slug: &str,
        user: Option<&str>,
    ) -> Result<Leaving, OperatorError> {
        self.check_migrated().await?;
        let Some(tenant_id) = db.tenant_of_slug(slug).await? else {
            let begun = self.begun_of(slug, None, user).await?;
            return begun.ok_or_else(|| OperatorError::NoTenant(slug.to_owned()));
        };
        let (kind, subject) = match user {
            None => {
                let mut tx = db.open(tenant_id, Whose::SERVICE, Need::Begun).await?;
                let sql = "select exists (select from users where is_superuser)";
                if sqlx::query_scalar(sql).fetch_one(tx.conn()).await? {
                    return Err(OperatorError::Superuser);
                }
                (LeavingKind::Tenant, tenant_id)
            }
            Some(user) => match person(db, tenant_id, user).await? {
                Some(person) => person,
                None => {
                    let begun = self.begun_of(slug, Some(tenant_id), Some(user)).await?;
                    return begun.ok_or_else(|| OperatorError::NoUser(slug.to_owned()));
                }
            },
        };
        Ok(Leaving {
            id: Uuid::now_v7(),
            kind,
            tenant_id,
            slug: slug.to_owned(),
            subject,
        })
    }

    /// Who is gone already, while the receipt is not ended: the tenant, or one of its users. `tenant` is none if that is gone.
    async fn begun_of(
        &mut self,
        slug: &str,
        tenant: Option<Uuid>,
        user: Option<&str>,
    ) -> Result<Option<Leaving>, OperatorError> {
        self.act_as_owner().await?;
        let begun = sqlx::query_as(
            "select id, kind, tenant, slug, subject from erasures
             where slug = $1 and coalesce(tenant = $2, true) and finished_at is null
               and case when $3::text is null then kind = 'tenant'
                        else kind <> 'tenant' and (subject = $4 or address = sha256(convert_to(lower($3), 'UTF8'))) end
             order by id limit 1",
        )
        .bind(slug)
        .bind(tenant)
        .bind(user)
        .bind(user.and_then(|user| Uuid::try_parse(user).ok()))
        .fetch_optional(&mut self.connection)
        .await;
        self.act_as_itself().await?;
        Ok(begun?)
    }

    /// Begins a receipt with what there is; or finds the one that was begun. `user` is what [`Operator::leaving`] was told.
    ///
    /// # Errors
    /// [`OperatorError::Underway`]; or the database could not do it.
    pub async fn begin_erasure(
        &mut self,
        leaving: Leaving,
        user: Option<&str>,
        found: &RowCounts,
    ) -> Result<Leaving, OperatorError> {
        self.act_as_owner().await?;
        let begun = begun(&mut self.connection, &leaving, user, found).await;
        self.act_as_itself().await?;
        let begun = begun?;
        match (begun.tenant_id, begun.kind) == (leaving.tenant_id, leaving.kind) {
            true => Ok(begun),
            false => Err(OperatorError::Underway {
                tenant: begun.slug,
                subject: begun.subject,
            }),
        }
    }

    /// Notes what became of vectors that are elsewhere.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn note_vectors(&mut self, of: &Leaving, what: &str) -> Result<(), OperatorError> {
        self.act_as_owner().await?;
        let done = sqlx::query("update erasures set vectors = $2 where id = $1")
            .bind(of.id)
            .bind(what)
            .execute(&mut self.connection)
            .await;
        self.act_as_itself().await?;
        done?;
        Ok(())
    }

    /// Deletes a suspended tenant with what is left of it.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn drop_tenant(&mut self, of: &Leaving) -> Result<(), OperatorError> {
        self.act_as_owner().await?;
        let done = sqlx::query("select drop_tenant($1)")
            .bind(of.tenant_id)
            .execute(&mut self.connection)
            .await;
        self.act_as_itself().await?;
        done?;
        Ok(())
    }

    /// Ends a receipt: what there was and is no more is removed, what there still is is kept.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn end_erasure(
        &mut self,
        of: &Leaving,
        kept: &RowCounts,
    ) -> Result<Erasure, OperatorError> {
        self.act_as_owner().await?;
        let ended = sqlx::query_as(
            "update erasures e set finished_at = now(), address = null, kept = $2,
               removed = (select coalesce(jsonb_object_agg(f.key, f.value::bigint - coalesce(($2::jsonb ->> f.key)::bigint, 0)), '{}')
                          from jsonb_each_text(e.found) f
                          where f.value::bigint > coalesce(($2::jsonb ->> f.key)::bigint, 0))
             where id = $1
             returning id, kind, tenant, slug, subject, asked_at, finished_at, removed, kept, vectors",
        )
        .bind(of.id)
        .bind(Json(kept))
        .fetch_one(&mut self.connection)
        .await;
        self.act_as_itself().await?;
        Ok(ended?)
    }

    /// Every receipt, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn erasures(&mut self) -> Result<Vec<Erasure>, OperatorError> {
        self.check_migrated().await?;
        self.act_as_owner().await?;
        let all = sqlx::query_as(
            "select id, kind, tenant, slug, subject, asked_at, finished_at, removed, kept, vectors
             from erasures order by id",
        )
        .fetch_all(&mut self.connection)
        .await;
        self.act_as_itself().await?;
        Ok(all?)
    }
}

/// A user of a tenant, or one of its visitors.
async fn person(
    db: &Db,
    tenant: Uuid,
    user: &str,
) -> Result<Option<(LeavingKind, Uuid)>, OperatorError> {
    let mut tx = db.open(tenant, Whose::SERVICE, Need::Begun).await?;
    let found: Option<(Uuid, bool, bool)> = sqlx::query_as(
        "select id, role = 'visitor', is_superuser from users
         where id = $2 or (email = lower($1) and not is_service)",
    )
    .bind(user)
    .bind(Uuid::try_parse(user).ok())
    .fetch_optional(tx.conn())
    .await?;
    match found {
        None => Ok(None),
        Some((_, _, true)) => Err(OperatorError::Superuser),
        Some((id, true, _)) => Ok(Some((LeavingKind::Visitor, id))),
        Some((id, false, _)) => Ok(Some((LeavingKind::User, id))),
    }
}

/// Writes a receipt down, unless one of the same id is begun; the one that is.
async fn begun(
    owner: &mut PgConnection,
    leaving: &Leaving,
    user: Option<&str>,
    found: &RowCounts,
) -> Result<Leaving, sqlx::Error> {
    let address = user.filter(|user| Uuid::try_parse(user).is_err());
    sqlx::query(
        "insert into erasures (id, kind, tenant, slug, subject, found, address)
         values ($1, $2, $3, $4, $5, $6, sha256(convert_to(lower($7), 'UTF8')))
         on conflict (subject) where finished_at is null do update set address = coalesce(excluded.address, erasures.address)
           where erasures.tenant = excluded.tenant and erasures.kind = excluded.kind",
    )
    .bind(leaving.id)
    .bind(leaving.kind)
    .bind(leaving.tenant_id)
    .bind(&leaving.slug)
    .bind(leaving.subject)
    .bind(Json(found))
    .bind(address)
    .execute(&mut *owner)
    .await?;
    sqlx::query_as(
        "select id, kind, tenant, slug, subject from erasures where subject = $1 and finished_at is null",
    )
    .bind(leaving.subject)
    .fetch_one(owner)
    .await
}
