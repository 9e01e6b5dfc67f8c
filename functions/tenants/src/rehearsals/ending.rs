//! The end of a rehearsal: it is cancelled, and what it tried is published or dropped.

use super::{found, running};
use crate::{input::refused, output::TenantOutput, tried::check_together};
use axum::extract::State;
use db::{Decision, Rehearsal, RehearsalStatus, Trial};
use uuid::Uuid;
use web::{App, Error, IfMatch, Json, Path, Result, Tagged, TenantAt};

/// Ends a rehearsal: no question more is asked, and what was answered stays. One that has ended stays as it is.
#[utoipa::path(post, path = "/tenants/{tenant_id}/rehearsals/{id}/cancel", operation_id = "cancelRehearsal", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path)),
    responses((status = 200, body = Rehearsal), (status = 403))
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Json<Rehearsal>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    tx.cancel_rehearsal(id).await?.ok_or(Error::NotFound)?;
    let ended = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(ended))
}

/// Makes the settings that a rehearsal tried the tenant's own: those that it changed, and no other. With `If-Match`, the `ETag` of
/// `GET /tenants/{tenant_id}`, nothing is done where somebody has changed the settings meanwhile.
#[utoipa::path(post, path = "/tenants/{tenant_id}/rehearsals/{id}/publish", operation_id = "publishRehearsal", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path), IfMatch),
    responses((status = 200, body = TenantOutput), (status = 403),
        (status = 409, description = "`rehearsal_running`: it is, so cancel it first. `rehearsal_decided`: somebody has published or dropped it."))
)]
pub(crate) async fn publish(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
    seen: IfMatch,
) -> Result<Tagged<TenantOutput>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    // Of two at once the second sees what the first has done.
    let mut tenant = tx.tenant_for_update().await?;
    let of = found(&mut tx, id).await?;
    check_open(&of)?;
    seen.check(&TenantOutput::of(&app, tenant.clone()))?;
    let before = tenant.clone();
    let current = Trial::of(&before);
    let settings = of.changed_settings.onto(&of.now_settings, current);
    check_together(&app, &before, &settings)?;
    settings.apply(&mut tenant);
    tx.save_tenant(&before, &mut tenant, false)
        .await
        .map_err(refused)?;
    tx.decide_rehearsal(&of, Decision::Published).await?;
    tx.commit().await?;
    Ok(Tagged(TenantOutput::of(&app, tenant)))
}

/// Leaves the tenant's settings as they are: what a rehearsal tried is not to be. What was answered, and what people found, stays.
#[utoipa::path(post, path = "/tenants/{tenant_id}/rehearsals/{id}/drop", operation_id = "dropRehearsal", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path)),
    responses((status = 200, body = Rehearsal), (status = 403),
        (status = 409, description = "`rehearsal_running`: it is, so cancel it first. `rehearsal_decided`: somebody has published or dropped it."))
)]
pub(crate) async fn drop(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Json<Rehearsal>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    tx.tenant_for_update().await?;
    let of = found(&mut tx, id).await?;
    check_open(&of)?;
    tx.decide_rehearsal(&of, Decision::Dropped).await?;
    let dropped = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(dropped))
}

/// Confirms that somebody may decide on it.
fn check_open(of: &Rehearsal) -> Result<()> {
    match (of.status, of.decision) {
        (RehearsalStatus::Running, _) => Err(running(
            "This rehearsal is running. Wait until it is done, or cancel it first.",
        )),
        (_, None) => Ok(()),
        (_, Some(Decision::Published)) => {
            Err(decided("The settings of this rehearsal were published."))
        }
        (_, Some(Decision::Dropped)) => {
            Err(decided("The settings of this rehearsal were dropped."))
        }
    }
}

fn decided(sentence: &str) -> Error {
    Error::Conflict("rehearsal_decided", sentence.into())
}
