//! What is of a tenant or of one of its people is deleted in small steps, under the tenant's own row-level security. Beginning
//! again does what is left.

use super::receipts::{Leaving, LeavingKind, RowCounts};
use crate::{
    Asked, Caller, Db, Deed, Need, Result, Whose,
    access::accounts::{AccountRow, account_columns},
    audit::deeds::{NOBODY, write},
    tenancy::tenants::tenant_columns,
};
use sqlx::FromRow as _;
use std::sync::Arc;
use uuid::Uuid;

/// So many conversations are deleted at a time, with their messages; whoever makes an answer of them is told to stop.
const CHATS: &str = "
    with next as (
      select id from chat_sessions where $1::uuid is null or user_id = $1 order by id limit 20
    ), told as (
      select pg_notify('parlance', 'stop ' || m.id) from chat_messages m
      where m.session_id in (select id from next) and m.status = 'streaming'
    )
    delete from chat_sessions where id in (select id from next) and (select count(*) from told) >= 0";

/// So many rows of a table at a time, whichever.
macro_rules! some {
    ($table:literal, $most:literal) => {
        concat!(
            "delete from ",
            $table,
            " where ctid = any (array(select ctid from ",
            $table,
            " limit ",
            $most,
            ")) and $1::uuid is null"
        )
    };
}

/// What may be much of a tenant, in this order: what refers to something goes first. The rest goes with the tenant's own row.
const OF_TENANT: [&str; 13] = [
    CHATS,
    some!("rehearsals", "10"),
    some!("document_words", "10000"),
    some!("document_chunks", "1000"),
    some!("document_files", "4"),
    some!("document_texts", "20"),
    some!("documents", "20"),
    some!("connector_pages", "1000"),
    some!("embedding_cache", "1000"),
    some!("jobs", "1000"),
    some!("legacy_rows", "5000"),
    some!("login_sessions", "5000"),
    some!("users", "200"),
];

/// What does not go with the tenant's own row: what may still be spent.
const AFTER_TENANT: [&str; 2] = [some!("reservations", "5000"), some!("spending", "5000")];

impl Db {
    /// How many rows there are of whoever leaves.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows_of(&self, of: &Leaving) -> Result<RowCounts> {
        let mut tx = self.open(of.tenant_id, Whose::SERVICE, Need::Begun).await?;
        let rows = match of.kind {
            LeavingKind::Tenant => sqlx::query("select name, rows from rows_of_tenant()"),
            LeavingKind::User | LeavingKind::Visitor => {
                sqlx::query("select name, rows from rows_of_user($1)").bind(of.subject)
            }
        };
        let rows = rows.fetch_all(tx.conn()).await?;
        let mut counts = RowCounts::new();
        for row in &rows {
            let (name, rows) = <(String, i64)>::from_row(row)?;
            if rows > 0 {
                counts.insert(name, rows);
            }
        }
        Ok(counts)
    }

    /// Keeps everybody out of a tenant that leaves, for good, and has nothing more done for it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn close_tenant(&self, of: &Leaving) -> Result<()> {
        let mut tx = self.outside_as_platform(Whose::SERVICE).await?;
        sqlx::query("update tenants set status = 'suspended', updated_at = now() where id = $1 and status <> 'suspended'")
            .bind(of.tenant_id)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// In whose name what a tenant has elsewhere is deleted: nobody's, with its settings and keys, but for what of its row may be anything:
    /// limits and times, which this does not need. `None` if the tenant is gone.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn leaving_caller(&self, of: &Leaving, asked: &Asked) -> Result<Option<Caller>> {
        let mut tx = self.open(of.tenant_id, Whose::SERVICE, Need::Begun).await?;
        let row: Option<LeavingRow> = sqlx::query_as(concat!(
            "select 0::bigint as used_generation, ",
            account_columns!(),
            " from tenants own
              cross join lateral jsonb_populate_record(own, jsonb_build_object(
                'limits', '{}'::jsonb, 'user_limits', '{}'::jsonb, 'created_at', now(), 'updated_at', now())) t
              cross join lateral (
                select '' as email, '' as full_name, 'member' as role, false as is_superuser, '{}'::jsonb as limits) u
              where own.id = current_tenant()"
        ))
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| {
            let account = row.account.into_account(Uuid::nil(), None);
            Caller::new(Arc::new(account), None, i64::MAX, asked)
        }))
    }

    /// Whether a process still works on a job of the tenant, as far as anybody knows: it may make vectors.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_worked_on(&self, of: &Leaving) -> Result<bool> {
        let mut tx = self.open(of.tenant_id, Whose::SERVICE, Need::Begun).await?;
        let sql =
            "select exists (select from jobs where state = 'running' and lease_until > now())";
        Ok(sqlx::query_scalar(sql).fetch_one(tx.conn()).await?)
    }

    /// Deletes what may be much, in small steps. The tenant's own row is still there after it, or the user's.
    ///
    /// # Errors
    /// The database could not do it; what was done is done.
    pub async fn delete_in_steps(&self, of: &Leaving) -> Result<()> {
        match of.kind {
            LeavingKind::Tenant => self.steps(of, &OF_TENANT, None).await,
            LeavingKind::User | LeavingKind::Visitor => {
                self.steps(of, &[CHATS], Some(of.subject)).await
            }
        }
    }

    /// Deletes what the tenant's own row has left behind.
    ///
    /// # Errors
    /// As [`Db::delete_in_steps`].
    pub async fn delete_after(&self, of: &Leaving) -> Result<()> {
        self.steps(of, &AFTER_TENANT, None).await
    }

    async fn steps(
        &self,
        of: &Leaving,
        statements: &[&'static str],
        user: Option<Uuid>,
    ) -> Result<()> {
        for statement in statements {
            loop {
                let mut tx = self.open(of.tenant_id, Whose::SERVICE, Need::Begun).await?;
                let gone = sqlx::query(*statement)
                    .bind(user)
                    .execute(tx.conn())
                    .await?
                    .rows_affected();
                tx.commit().await?;
                if gone == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Deletes a user or visitor, and says so in the tenant's audit log.
    ///
    /// # Errors
    /// The database could not do it.
    pub async fn delete_person(&self, of: &Leaving, asked: &Asked) -> Result<()> {
        let mut tx = self.open(of.tenant_id, Whose::SERVICE, Need::Begun).await?;
        tx.forget_user(of.subject).await?;
        let deed = Deed::done("user.delete", of.subject).detail("erased by the operator");
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await
    }
}

#[derive(sqlx::FromRow)]
struct LeavingRow {
    #[sqlx(flatten)]
    account: AccountRow,
}
