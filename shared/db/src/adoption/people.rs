//! Users that come from the service before this one.

use super::rows::remember_keys;
use crate::{Adoption, Result, Role, TenantTx, Whose};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use uuid::Uuid;

/// A user as it is to be here.
#[derive(Clone, Debug)]
pub struct LegacyUser {
    /// Its id here.
    pub id: Uuid,
    /// Its id there.
    pub legacy_id: String,
    /// Its address as it was registered there, which tokens name; none if it is too long for one.
    pub registered: Option<String>,
    /// Its address here: unique in the tenant.
    pub email: String,
    /// At most 200 characters.
    pub full_name: String,
    /// A hash that can be checked; none of a user who needs an invitation.
    pub password_hash: Option<SecretString>,
    /// What it may do.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// Whether it may manage tenants.
    pub is_superuser: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What else was known of it, as JSON.
    pub legacy: String,
    /// Of all that: SHA-256.
    pub fingerprint: Vec<u8>,
    /// Whether it is here already.
    pub is_known: bool,
    /// Whether it is a superuser there and was none when it was copied, or the other way round. The role here changes with that
    /// alone.
    pub has_new_role: bool,
    /// The same of whether it is active.
    pub has_new_state: bool,
    /// Whether it could manage tenants there when it was copied.
    pub was_superuser: bool,
    /// What its conversations refer to it by there, where that is not its id.
    pub key: Option<String>,
}

/// A user as it is here.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the fields are those of LegacyUser")]
pub struct UserHere {
    pub id: Uuid,
    pub legacy_id: String,
    pub email: String,
    pub full_name: String,
    pub password_hash: Option<String>,
    pub role: Role,
    pub is_active: bool,
    pub is_superuser: bool,
    pub created_at: DateTime<Utc>,
    pub legacy: Option<String>,
}

/// The columns of some users, each as an array.
struct Columns<'a> {
    ids: Vec<Uuid>,
    emails: Vec<&'a str>,
    names: Vec<&'a str>,
    hashes: Vec<Option<&'a str>>,
    roles: Vec<Role>,
    active: Vec<bool>,
    created: Vec<DateTime<Utc>>,
    legacy: Vec<&'a str>,
    new_roles: Vec<bool>,
    new_states: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of(users: &[&'a LegacyUser]) -> Self {
        let all = || users.iter().copied();
        Self {
            ids: all().map(|u| u.id).collect(),
            emails: all().map(|u| &*u.email).collect(),
            names: all().map(|u| &*u.full_name).collect(),
            hashes: all()
                .map(|u| u.password_hash.as_ref().map(|hash| hash.expose_secret()))
                .collect(),
            roles: all().map(|u| u.role).collect(),
            active: all().map(|u| u.is_active).collect(),
            created: all().map(|u| u.created_at).collect(),
            legacy: all().map(|u| &*u.legacy).collect(),
            new_roles: all().map(|u| u.has_new_role).collect(),
            new_states: all().map(|u| u.has_new_state).collect(),
        }
    }

    async fn run(&self, tx: &mut TenantTx, sql: &'static str) -> Result<()> {
        let roles: Vec<String> = self.roles.iter().map(ToString::to_string).collect();
        sqlx::query(sql)
            .bind(&self.ids)
            .bind(&self.emails)
            .bind(&self.names)
            .bind(&self.hashes)
            .bind(&roles)
            .bind(&self.active)
            .bind(&self.created)
            .bind(&self.legacy)
            .bind(&self.new_roles)
            .bind(&self.new_states)
            .execute(tx.conn())
            .await?;
        Ok(())
    }
}

const INSERT: &str = "
    insert into users (id, email, full_name, password_hash, role, is_active, created_at, legacy)
    select id, email, full_name, password_hash, role, is_active, created_at, legacy::json
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[], $8::text[],
                $9::boolean[], $10::boolean[])
      as n(id, email, full_name, password_hash, role, is_active, created_at, legacy, new_role, new_state)";

/// Whoever has come in here already has a password of this service. What somebody may do follows what changes of that there:
/// a role that was given here stays, and so does a user who was shut out here.
const UPDATE: &str = "
    update users u set email = n.email, full_name = n.full_name,
      role = case when n.new_role then n.role else u.role end,
      is_active = case when n.new_state then n.is_active else u.is_active end,
      created_at = n.created_at, legacy = n.legacy::json, updated_at = now(),
      password_hash = case when u.last_login_at is null and u.password_changed_at is null then n.password_hash
                           else u.password_hash end
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[], $8::text[],
                $9::boolean[], $10::boolean[])
      as n(id, email, full_name, password_hash, role, is_active, created_at, legacy, new_role, new_state)
    where u.id = n.id";

impl Adoption {
    /// Makes users of a tenant, or makes them equal to what they are there now. The ids there of those whose address was
    /// another one's of there before.
    ///
    /// # Errors
    /// The constraint `users_email_key` refuses an address that the tenant has.
    pub async fn put_users(&self, tenant: Uuid, users: &[LegacyUser]) -> Result<Vec<String>> {
        for user in users
            .iter()
            .filter(|user| user.was_superuser && !user.is_superuser)
        {
            self.set_superuser(tenant, user.id, false).await?;
        }
        let mut tx = self.open(tenant).await?;
        let freed = free_addresses(&mut tx, users).await?;
        let (known, new): (Vec<_>, Vec<_>) = users.iter().partition(|user| user.is_known);
        if !known.is_empty() {
            Columns::of(&known).run(&mut tx, UPDATE).await?;
        }
        if !new.is_empty() {
            Columns::of(&new).run(&mut tx, INSERT).await?;
        }
        remember(&mut tx, users).await?;
        tx.commit().await?;
        for user in users.iter().filter(|user| is_half_done(user)) {
            self.make_superuser(tenant, user).await?;
        }
        Ok(freed)
    }

    async fn set_superuser(&self, tenant: Uuid, id: Uuid, is_one: bool) -> Result<()> {
        let mut platform = self.db.outside_as_platform(Whose::SERVICE).await?;
        sqlx::query("select set_superuser($1, $2, $3)")
            .bind(tenant)
            .bind(id)
            .bind(is_one)
            .execute(platform.conn())
            .await?;
        platform.commit().await
    }

    /// A superuser is one only when that is committed, by another role; until then it is not whole.
    async fn make_superuser(&self, tenant: Uuid, user: &LegacyUser) -> Result<()> {
        self.set_superuser(tenant, user.id, true).await?;
        let mut tx = self.open(tenant).await?;
        sqlx::query(
            "update legacy_rows set fingerprint = $2 where kind = 'user' and legacy_id = $1",
        )
        .bind(&user.legacy_id)
        .bind(&user.fingerprint)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Which of these addresses a tenant's users have that do not come from there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn emails_taken(&self, tenant: Uuid) -> Result<Vec<String>> {
        let mut tx = self.open(tenant).await?;
        let sql = "select email from users u where legacy is null and not is_service and role <> 'visitor'
                     and not exists (select from legacy_rows r where r.kind = 'user' and r.id = u.id)
                   order by email limit 100000";
        Ok(sqlx::query_scalar(sql).fetch_all(tx.conn()).await?)
    }

    /// Users as they are here, by their ids there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn users_here(
        &self,
        tenant: Uuid,
        ids: &[&str],
    ) -> Result<HashMap<String, UserHere>> {
        let mut tx = self.open(tenant).await?;
        let rows: Vec<UserHere> = sqlx::query_as(
            "select u.id, r.legacy_id, u.email, u.full_name, u.password_hash, u.role, u.is_active, u.is_superuser,
                    u.created_at, u.legacy::text as legacy
             from unnest($1::text[]) as n(legacy_id)
             cross join lateral (select * from legacy_rows r where r.kind = 'user' and r.legacy_id = n.legacy_id limit 1) r
             cross join lateral (select * from users u where u.id = r.id limit 1) u",
        )
        .bind(ids)
        .fetch_all(tx.conn())
        .await?;
        let by_id = |user: UserHere| (user.legacy_id.clone(), user);
        Ok(rows.into_iter().map(by_id).collect())
    }
}

/// Whether it is still to be made a superuser when its row is written.
fn is_half_done(user: &LegacyUser) -> bool {
    user.is_superuser && user.has_new_role
}

/// Takes the addresses of some users away from whoever had them when they were copied: those are somebody else there now, or
/// nobody, and get another one when they are copied again. Not what somebody was given here.
async fn free_addresses(tx: &mut TenantTx, users: &[LegacyUser]) -> Result<Vec<String>> {
    let all = || users.iter();
    let freed = sqlx::query_scalar(
        "update users u set email = u.id || '@adopted.invalid', updated_at = now()
         from unnest($1::text[], $2::uuid[], $3::text[]) as n(email, id, legacy_id)
         where u.email = n.email and u.id <> n.id and u.legacy is not null
           and exists (select from legacy_rows r
                       where r.kind = 'email' and r.id = u.id and lower(btrim(r.legacy_id)) = lower(u.email))
         returning n.legacy_id",
    )
    .bind(all().map(|u| &*u.email).collect::<Vec<&str>>())
    .bind(all().map(|u| u.id).collect::<Vec<_>>())
    .bind(all().map(|u| &*u.legacy_id).collect::<Vec<&str>>())
    .fetch_all(tx.conn())
    .await?;
    Ok(freed)
}

/// Remembers where they come from.
async fn remember(tx: &mut TenantTx, users: &[LegacyUser]) -> Result<()> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.id).collect();
    let legacy_ids: Vec<&str> = users.iter().map(|user| &*user.legacy_id).collect();
    let prints = users.iter();
    let prints: Vec<Option<&[u8]>> = prints
        .map(|user| (!is_half_done(user)).then_some(&*user.fingerprint))
        .collect();
    let emails: Vec<Option<&str>> = users
        .iter()
        .map(|user| user.registered.as_deref())
        .collect();
    sqlx::query(
        "delete from legacy_rows where kind in ('email', 'user_key') and id = any ($1)
           or kind = 'email' and legacy_id = any ($2)",
    )
    .bind(&ids)
    .bind(&emails)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into legacy_rows (kind, legacy_id, id, fingerprint)
         select 'user', legacy_id, id, fingerprint from unnest($1::text[], $2::uuid[], $3::bytea[])
           as n(legacy_id, id, fingerprint)
         on conflict (tenant_id, kind, legacy_id) do update set fingerprint = excluded.fingerprint",
    )
    .bind(&legacy_ids)
    .bind(&ids)
    .bind(&prints)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into legacy_rows (kind, legacy_id, id)
         select 'email', email, id from unnest($1::text[], $2::uuid[]) as n(email, id) where email is not null",
    )
    .bind(&emails)
    .bind(&ids)
    .execute(tx.conn())
    .await?;
    let keys = users
        .iter()
        .filter_map(|user| Some((user.id, user.key.as_deref()?)));
    remember_keys(tx, "user_key", keys.collect()).await
}
