//! `/tenants/{tenant_id}/prompts`: the system prompts that a tenant has had.

use crate::output::TenantOutput;
use axum::extract::State;
use chrono::{DateTime, Utc};
use db::Prompt;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    App, Error, IfMatch, Json, Listing, PageQuery, Path, Query, RequestKey, Result, Tagged,
    TenantAt,
};

/// A system prompt that the tenant has, or had.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptVersion)]
pub(crate) struct PromptOutput {
    /// Its number, from 1. That of the present one is the tenant's `prompt_version`.
    #[schema(example = 1)]
    version: i32,
    /// What the model was told before every conversation.
    #[schema(example = "You are the assistant of Acme's shop.")]
    system_prompt: String,
    /// When it was set.
    set_at: DateTime<Utc>,
    /// Who set it; null for the first one of a tenant that is older than versions.
    set_by: Option<PromptAuthor>,
}

/// Who set a system prompt.
#[derive(Serialize, ToSchema)]
struct PromptAuthor {
    /// The user's id.
    id: Uuid,
    /// Absent for users that are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<Prompt> for PromptOutput {
    fn from(prompt: Prompt) -> Self {
        let email = prompt.set_by_email;
        Self {
            version: prompt.version,
            system_prompt: prompt.system_prompt,
            set_at: prompt.set_at,
            set_by: prompt.set_by.map(|id| PromptAuthor { id, email }),
        }
    }
}

/// The system prompts that the tenant has had, newest first: each change has made one. A page ends with `limit`, or with
/// 1 MiB of them.
#[utoipa::path(get, path = "/tenants/{tenant_id}/prompts", operation_id = "listPrompts", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), PageQuery),
    responses((status = 200, body = Listing<PromptOutput>), (status = 403))
)]
pub(crate) async fn list(
    State(app): State<App>,
    at: TenantAt,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<PromptOutput>>> {
    let page = page.of(&app, at.tenant_id, "prompts")?;
    let (prompts, is_cut) = app.db.admin(at.admin()?).await?.prompts(page.of).await?;
    let listing = page.listing_cut(prompts, is_cut, Prompt::place);
    Ok(Json(Listing {
        items: listing.items.into_iter().map(PromptOutput::from).collect(),
        next_cursor: listing.next_cursor,
    }))
}

/// Sets a system prompt that the tenant has had before, as another version; nothing is done where it is the present one. With
/// `If-Match`, the `ETag` of `GET /tenants/{tenant_id}`, nor where somebody has changed the settings meanwhile.
#[utoipa::path(post, path = "/tenants/{tenant_id}/prompts/{version}/restore", operation_id = "restorePrompt", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("version" = i32, Path, description = "Its number", example = 1), web::IdempotencyKey, IfMatch),
    responses((status = 200, body = TenantOutput), (status = 403))
)]
pub(crate) async fn restore(
    State(app): State<App>,
    at: TenantAt,
    Path((_, version)): Path<(String, i32)>,
    key: RequestKey,
    seen: IfMatch,
) -> Result<Tagged<TenantOutput>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    let tenant = match key.claim(&mut tx, at.tenant_id).await? {
        Some(_) => Some(tx.tenant().await?),
        None => {
            let before = tx.tenant_for_update().await?;
            seen.check(&TenantOutput::of(&app, before.clone()))?;
            tx.restore_prompt(before, version).await?
        }
    };
    let tenant = tenant.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Tagged(TenantOutput::of(&app, tenant)))
}
