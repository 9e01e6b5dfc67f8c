//! The system prompts that a tenant has had. A trigger numbers and keeps each of them, see `migrations/0035_prompts.sql`.

use crate::{AdminTx, Deed, PageOf, Result, Tenant, audit::deeds::Actor, transaction::Conn};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How much the prompts of one page may have together, in bytes: each may have 128 KiB.
const PAGE_BYTES: i64 = 1024 * 1024;

/// A system prompt, and who set it.
#[derive(Debug, sqlx::FromRow)]
pub struct Prompt {
    /// Its number, from 1.
    pub version: i32,
    /// The prompt.
    pub system_prompt: String,
    /// When it was set.
    pub set_at: DateTime<Utc>,
    /// Who set it; none of the first one of tenants that are older than versions.
    pub set_by: Option<Uuid>,
    /// That user's address: of a superuser, or of a user of this tenant that is still there.
    pub set_by_email: Option<String>,
}

impl Prompt {
    /// Its place in the list.
    pub fn place(&self) -> Uuid {
        Uuid::from_u128(self.version.unsigned_abs().into())
    }
}

/// Says whose the prompt is that is set next in this transaction.
pub(crate) async fn author(conn: Conn<'_>, actor: &Actor) -> Result<()> {
    let email = actor.email().unwrap_or_default();
    sqlx::query(
        "select set_config('app.actor_id', $1, true), set_config('app.actor_email', $2, true)",
    )
    .bind(actor.user_id.to_string())
    .bind(email)
    .execute(conn)
    .await?;
    Ok(())
}

impl AdminTx {
    /// The prompts of the managed tenant, newest first: so many as the page asks for, or fewer of large ones, but always one
    /// if there is any. The second tells whether some were left out for that.
    pub async fn prompts(&mut self, page: PageOf) -> Result<(Vec<Prompt>, bool)> {
        let after = page.after.map(|place| place.as_u128());
        let after = after.and_then(|place| i32::try_from(place).ok());
        let found: Vec<PromptRow> = sqlx::query_as(
            "select measured.version, system_prompt, set_at, set_by, coalesce(u.email, set_by_email) as set_by_email, found
             from (
               select page.*, count(*) over () as found, row_number() over (order by version desc) as nth,
                      sum(octet_length(system_prompt)) over (order by version desc) as bytes
               from (
                 select p.* from prompt_versions p
                 where $1::integer is null or p.version < $1
                 order by p.version desc
                 limit $2) page) measured
             left join users u on u.tenant_id = measured.tenant_id and u.id = measured.set_by
             where bytes <= $3 or nth = 1
             order by measured.version desc",
        )
        .bind(after)
        .bind(page.limit)
        .bind(PAGE_BYTES)
        .fetch_all(self.conn())
        .await?;
        let all = found.first().map_or(0, |row| row.found);
        let cut = i64::try_from(found.len()).is_ok_and(|some| some < all);
        Ok((found.into_iter().map(|row| row.prompt).collect(), cut))
    }

    /// Sets a prompt that the managed tenant, which is locked as `tenant`, has had, as another version; nothing is done where it is the
    /// present one. None if there is no such version.
    pub async fn restore_prompt(&mut self, tenant: Tenant, version: i32) -> Result<Option<Tenant>> {
        let prompt: Option<String> =
            sqlx::query_scalar("select system_prompt from prompt_versions where version = $1")
                .bind(version)
                .fetch_optional(self.conn())
                .await?;
        let Some(prompt) = prompt else {
            return Ok(None);
        };
        if prompt == tenant.system_prompt {
            return Ok(Some(tenant));
        }
        let actor = self.actor.clone();
        author(self.conn(), &actor).await?;
        sqlx::query("update tenants set system_prompt = $1, updated_at = now()")
            .bind(prompt)
            .execute(self.conn())
            .await?;
        let restored = Deed::done("prompt.restore", tenant.id).detail(format!("version {version}"));
        self.audit(restored).await?;
        self.tenant().await.map(Some)
    }
}

#[derive(sqlx::FromRow)]
struct PromptRow {
    #[sqlx(flatten)]
    prompt: Prompt,
    /// How many the page would have without a bound for its size.
    found: i64,
}
