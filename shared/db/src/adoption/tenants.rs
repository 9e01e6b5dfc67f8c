//! Tenants that come from the service before this one.

use crate::{
    Adoption, Asked, Deed, Result, SealedSecret, TenantStatus, TenantTx, Whose,
    audit::deeds::{NOBODY, write},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A tenant here, as far as an adoption must know it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TenantHere {
    /// Its id.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its id in the service before this one, if it comes from there.
    pub legacy_id: Option<String>,
}

/// A tenant to be made, or to be made equal to what it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyTenant {
    /// Its id here.
    pub id: Uuid,
    /// Its slug here.
    pub slug: String,
    /// Its id there; none of one that is made for those who have no tenant there.
    pub legacy_id: Option<String>,
    /// 1 to 200 characters.
    pub name: String,
    /// Whether its users may come in.
    pub status: TenantStatus,
    /// Empty for none.
    pub system_prompt: String,
    /// The Pinecone index.
    pub pinecone_index: Option<String>,
    /// The Pinecone environment.
    pub pinecone_environment: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What else was known of it, as JSON.
    pub legacy: String,
}

/// A provider key of a tenant, sealed.
#[derive(Clone, Debug)]
pub struct LegacySecret {
    /// The row that the seal is bound to.
    pub id: Uuid,
    /// Whose key it is.
    pub provider: &'static str,
    /// The ciphertext.
    pub sealed: Vec<u8>,
    /// Its last four characters, if it is long enough to show them.
    pub last4: String,
}

/// The name of a setting that was copied, and the fingerprint of what it was: SHA-256; of a key, of the sealed one.
pub type CopiedSetting = (&'static str, Vec<u8>);

/// What a tenant is set to here.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of LegacyTenant")]
pub struct TenantSettings {
    pub name: String,
    pub status: TenantStatus,
    pub system_prompt: String,
    pub pinecone_index: Option<String>,
    pub pinecone_environment: Option<String>,
}

impl Adoption {
    /// A tenant as it is here, with its keys.
    ///
    /// # Errors
    /// There is none, or the database does not answer.
    pub async fn tenant_here(&self, id: Uuid) -> Result<(TenantSettings, Vec<SealedSecret>)> {
        let mut tx = self.open(id).await?;
        let settings = sqlx::query_as(
            "select name, status, system_prompt, pinecone_index, pinecone_environment from tenants where id = $1",
        )
        .bind(id)
        .fetch_one(tx.conn())
        .await?;
        Ok((settings, tx.sealed_secrets().await?))
    }

    /// How many users and conversations of a tenant come from there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn legacy_counts(&self, id: Uuid) -> Result<(i64, i64)> {
        let mut tx = self.open(id).await?;
        let counts = sqlx::query_as(
            "select count(*) filter (where kind = 'user'), count(*) filter (where kind = 'session') from legacy_rows",
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(counts)
    }

    /// Every tenant there is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tenants(&self) -> Result<Vec<TenantHere>> {
        let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
        let sql = "select id, slug, legacy_id from tenants order by id";
        Ok(sqlx::query_as(sql).fetch_all(tx.conn()).await?)
    }

    /// Makes a tenant with its keys.
    ///
    /// # Errors
    /// The constraint `tenants_slug_key` refuses a slug that there is.
    pub async fn make_tenant(
        &self,
        new: &LegacyTenant,
        secrets: &[LegacySecret],
        settings: &[CopiedSetting],
        asked: &Asked,
    ) -> Result<()> {
        let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
        sqlx::query(
            "insert into tenants (id, slug, legacy_id, name, status, system_prompt, pinecone_index, pinecone_environment,
                                  created_at, legacy)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::json)",
        )
        .bind(new.id)
        .bind(&new.slug)
        .bind(&new.legacy_id)
        .bind(&new.name)
        .bind(new.status)
        .bind(&new.system_prompt)
        .bind(&new.pinecone_index)
        .bind(&new.pinecone_environment)
        .bind(new.created_at)
        .bind(&new.legacy)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        self.furnish_tenant(new, secrets, settings, asked).await
    }

    /// Stores the keys of a tenant that was made, and remembers its settings as they were copied, unless that was done: a process
    /// may have ended between the two.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn furnish_tenant(
        &self,
        new: &LegacyTenant,
        secrets: &[LegacySecret],
        settings: &[CopiedSetting],
        asked: &Asked,
    ) -> Result<()> {
        let mut tx = self.open(new.id).await?;
        let is_done: bool = sqlx::query_scalar(
            "select exists (select from audit_log where action = 'tenant.adopt')",
        )
        .fetch_one(tx.conn())
        .await?;
        if is_done {
            return Ok(());
        }
        put_secrets(&mut tx, secrets).await?;
        remember_settings(&mut tx, new.id, settings).await?;
        let from = match &new.legacy_id {
            Some(id) => format!("by the operator, from the tenant {id} of the service before"),
            None => "by the operator, for users who had no tenant".to_owned(),
        };
        let deed = Deed::done("tenant.adopt", new.id).detail(from);
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await
    }

    /// Changes some settings of a tenant that was copied before to what they are there now: those of `settings`, of which `secrets`
    /// are the keys.
    ///
    /// # Errors
    /// The database does not answer. Whoever does it again does what is missing.
    pub async fn renew_tenant(
        &self,
        new: &LegacyTenant,
        secrets: &[LegacySecret],
        settings: &[CopiedSetting],
        asked: &Asked,
    ) -> Result<()> {
        let names: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
        if names.contains(&"status") {
            let mut tx = self.db.outside_as_platform(Whose::SERVICE).await?;
            sqlx::query(
                "update tenants set status = $2, updated_at = now() where id = $1 and status <> $2",
            )
            .bind(new.id)
            .bind(new.status)
            .execute(tx.conn())
            .await?;
            tx.commit().await?;
        }
        let mut tx = self.open(new.id).await?;
        sqlx::query(
            "update tenants set updated_at = now(),
               name = case when 'name' = any ($1) then $2 else name end,
               system_prompt = case when 'system_prompt' = any ($1) then $3 else system_prompt end,
               pinecone_index = case when 'pinecone_index' = any ($1) then $4 else pinecone_index end,
               pinecone_environment = case when 'pinecone_environment' = any ($1) then $5 else pinecone_environment end",
        )
        .bind(&names)
        .bind(&new.name)
        .bind(&new.system_prompt)
        .bind(&new.pinecone_index)
        .bind(&new.pinecone_environment)
        .execute(tx.conn())
        .await?;
        put_secrets(&mut tx, secrets).await?;
        remember_settings(&mut tx, new.id, settings).await?;
        let detail = format!(
            "by the operator, as in the service before: {}",
            names.join(", ")
        );
        let deed = Deed::done("tenant.adopt", new.id).detail(detail);
        write(tx.conn(), &NOBODY, asked, &deed).await?;
        tx.commit().await
    }

    /// Remembers settings of a tenant that are here what they are there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn settings_copied(&self, tenant: Uuid, settings: &[CopiedSetting]) -> Result<()> {
        let mut tx = self.open(tenant).await?;
        remember_settings(&mut tx, tenant, settings).await?;
        tx.commit().await
    }
}

/// Stores keys, in the place of those that were copied before; not of those that were set here.
async fn put_secrets(tx: &mut TenantTx, secrets: &[LegacySecret]) -> Result<()> {
    for secret in secrets {
        sqlx::query(
            "insert into tenant_secrets (id, provider, sealed, last4) select $1, $2, $3, $4
             where not exists (select from tenant_secrets where provider = $2 and id <> $1)
             on conflict (tenant_id, id) do update
             set sealed = excluded.sealed, last4 = excluded.last4, set_at = now()",
        )
        .bind(secret.id)
        .bind(secret.provider)
        .bind(&secret.sealed)
        .bind(&secret.last4)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

async fn remember_settings(
    tx: &mut TenantTx,
    tenant: Uuid,
    settings: &[CopiedSetting],
) -> Result<()> {
    let (names, prints): (Vec<&str>, Vec<&[u8]>) = settings
        .iter()
        .map(|(name, print)| (*name, &**print))
        .unzip();
    sqlx::query(
        "insert into legacy_rows (kind, legacy_id, id, fingerprint)
         select 'setting', name, $1, print from unnest($2::text[], $3::bytea[]) as n(name, print)
         on conflict (tenant_id, kind, legacy_id) do update set fingerprint = excluded.fingerprint",
    )
    .bind(tenant)
    .bind(names)
    .bind(prints)
    .execute(tx.conn())
    .await?;
    Ok(())
}
