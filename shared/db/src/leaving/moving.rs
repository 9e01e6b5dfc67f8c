//! A tenant as rows of JSON: read here, written elsewhere.

use super::{
    receipts::{Leaving, LeavingKind, RowCounts},
    tables::TABLES,
};
use crate::{
    Asked, Db, Deed, ForWhom, Need, Operator, OperatorError, Result, TenantStatus, Whose,
    audit::deeds::{NOBODY, write},
};
use secrecy::SecretString;
use std::io;
use tenant_auth::RootSecret;
use uuid::Uuid;

/// The table that comes first, of one row.
const TENANTS: &str = "tenants";

/// The database, as a tenant is moved from it or to it. The operator alone opens it.
pub struct Moving {
    db: Db,
    operator: Operator,
}

/// Whether a tenant can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coming {
    /// It is new; what an import before brought that did not become whole is deleted.
    Begun,
    /// There is another tenant with its id or slug.
    Taken,
}

/// Why a tenant could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The database.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Whoever takes the rows.
    #[error("the rows could not be written")]
    Write(#[from] io::Error),
}

impl From<crate::Error> for MoveError {
    fn from(e: crate::Error) -> Self {
        Self::Operator(e.into())
    }
}

impl From<sqlx::Error> for MoveError {
    fn from(e: sqlx::Error) -> Self {
        Self::Operator(e.into())
    }
}

impl Operator {
    /// Opens the database for a tenant that moves.
    ///
    /// # Errors
    /// The database is not this binary's, or refuses the service's logins.
    pub async fn moving(
        mut self,
        database_url: &SecretString,
        root: &RootSecret,
    ) -> Result<Moving, OperatorError> {
        let db = self.as_service(database_url, root).await?;
        Ok(Moving { db, operator: self })
    }
}

impl Moving {
    /// Hands over every row of a tenant that is taken along, with the name of its table, as one moment has them; how many of each. A few
    /// of them are in memory at a time.
    ///
    /// # Errors
    /// [`OperatorError::NoTenant`]; or it could not be read or written.
    pub async fn export(
        &self,
        slug: &str,
        mut write: impl FnMut(&str, &str) -> io::Result<()>,
    ) -> Result<RowCounts, MoveError> {
        let tenant = self.db.tenant_of_slug(slug).await?;
        let tenant = tenant.ok_or_else(|| OperatorError::NoTenant(slug.to_owned()))?;
        let mut tx = self.db.snapshot(tenant).await?;
        let own: String = sqlx::query_scalar("select to_jsonb(t)::text from tenants t")
            .fetch_one(tx.conn())
            .await?;
        write(TENANTS, &own)?;
        let mut counts = RowCounts::from([(TENANTS.to_owned(), 1)]);
        for table in &TABLES {
            sqlx::query(table.declare).execute(tx.conn()).await?;
            let mut all = 0;
            loop {
                let rows: Vec<String> =
                    sqlx::query_scalar(table.fetch).fetch_all(tx.conn()).await?;
                for row in &rows {
                    write(table.name, row)?;
                    all += 1;
                }
                if rows.is_empty() {
                    break;
                }
            }
            sqlx::query("close rows").execute(tx.conn()).await?;
            counts.insert(table.name.to_owned(), all);
        }
        Ok(counts)
    }

    /// Begins with the tenant's own row; nobody comes in before [`Moving::end_import`]. What an import before brought is deleted first if
    /// that did not become whole: this file may be a newer one, without what was erased since.
    ///
    /// # Errors
    /// The row does not fit, or one of its origins belongs to another tenant.
    pub async fn begin_import(
        &mut self,
        tenant: Uuid,
        row: &str,
        asked: &Asked,
    ) -> Result<Coming, OperatorError> {
        let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
        let there: Option<(Uuid, TenantStatus)> = sqlx::query_as(
            "select id, status from tenants where id = $1 or slug = $2::jsonb ->> 'slug' order by id <> $1 limit 1",
        )
        .bind(tenant)
        .bind(row)
        .fetch_optional(tx.conn())
        .await?;
        drop(tx);
        match there {
            None => {}
            Some((id, TenantStatus::Suspended))
                if id == tenant && self.is_unfinished(id).await? =>
            {
                self.discard(tenant).await?;
            }
            Some(_) => return Ok(Coming::Taken),
        }
        // Before the tenant's row, so that there is none of which it is not known that it came like this.
        let mut tx = self.open(tenant).await?;
        let deed = Deed::done("tenant.import", tenant).detail("begun");
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await?;
        let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
        sqlx::query(
            "insert into tenants
             select r.* from jsonb_populate_record(null::tenants, $1::jsonb || '{\"status\": \"suspended\"}') r",
        )
        .bind(row)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(Coming::Begun)
    }

    /// Whether a suspended tenant is what an import has left that did not become whole, and nobody has done anything with it since.
    async fn is_unfinished(&self, tenant: Uuid) -> Result<bool> {
        let mut tx = self.open(tenant).await?;
        let newest: Option<bool> = sqlx::query_scalar(
            "select action = 'tenant.import' and detail = 'begun' from audit_log
             where action = 'tenant.import' or (actor_id <> $1 and outcome = 'success') order by at desc, id desc limit 1",
        )
        .bind(Uuid::nil())
        .fetch_optional(tx.conn())
        .await?;
        Ok(newest.unwrap_or(false))
    }

    /// Deletes what an import has brought that did not become whole, as a tenant is erased.
    ///
    /// # Errors
    /// The database could not do it; what was done is done.
    pub async fn discard(&mut self, tenant: Uuid) -> Result<(), OperatorError> {
        let of = Leaving {
            id: Uuid::nil(),
            kind: LeavingKind::Tenant,
            tenant_id: tenant,
            slug: String::new(),
            subject: tenant,
        };
        self.db.delete_in_steps(&of).await?;
        self.operator.drop_tenant(&of).await?;
        Ok(self.db.delete_after(&of).await?)
    }

    /// Writes rows of a table: an array. False if there is no such table.
    ///
    /// # Errors
    /// They do not fit.
    pub async fn put(&self, tenant: Uuid, table: &str, rows: &str) -> Result<bool, OperatorError> {
        let Some(table) = TABLES.iter().find(|one| one.name == table) else {
            return Ok(false);
        };
        let mut tx = self.open(tenant).await?;
        for statement in table.put {
            sqlx::query(*statement)
                .bind(rows)
                .execute(tx.conn())
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Lets everybody in who could come in there, and queues that vectors are made.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn end_import(
        &self,
        tenant: Uuid,
        status: TenantStatus,
        asked: &Asked,
    ) -> Result<(), OperatorError> {
        let mut tx = self.open(tenant).await?;
        sqlx::query(
            "update documents set vectors = 'pending', chunks_done = 0, error = null
             where status = 'ready' and chunks > 0 and vectors <> 'none'",
        )
        .execute(tx.conn())
        .await?;
        let nobody = ForWhom {
            user_id: Uuid::nil(),
            api_key_id: None,
        };
        tx.queue_pending(100, nobody).await?;
        tx.queue_files(nobody).await?;
        let deed = Deed::done("tenant.import", tenant).detail("done");
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await?;
        let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
        sqlx::query("update tenants set status = $2 where id = $1 and status <> $2")
            .bind(tenant)
            .bind(status)
            .execute(tx.conn())
            .await?;
        Ok(tx.commit().await?)
    }

    /// Closes its connections.
    pub async fn close(self) {
        self.db.close().await;
    }

    async fn open(&self, tenant: Uuid) -> Result<crate::TenantTx> {
        self.db.open(tenant, Whose::SERVICE, Need::Begun).await
    }
}
