//! `/tenants/{tenant_id}/rehearsals`: changes of settings, tried on questions that were asked, before they count.

mod asked;
pub(crate) mod ending;
pub(crate) mod questions;

use asked::NewRehearsal;
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, Rehearsal, Tenant};
use std::time::Duration;
use uuid::Uuid;
use web::{App, Error, Json, Listing, PageQuery, Path, Query, Repeatable, Result, TenantAt};

/// How long one statement may take: a busy tenant has many answers.
const TIME: Duration = Duration::from_secs(3);
/// What refuses a second one at a time.
const RUNNING: &str = "rehearsals_running";

/// Begins to ask questions that the tenant's users have asked, each once with its settings as they are and once with the changed
/// ones. They are asked one after the other, whoever stays or leaves, until all are asked, the budget is reached, or somebody
/// cancels it; `GET` tells how far it came. One at a time; a tenant's last 50 are kept.
///
/// Only questions are taken that the tenant shares with its administrators, from when on it does: any with `share_conversations`, those
/// that got no good answer with `share_unanswered`; and of those only such as begin a conversation, since another cannot be understood
/// without what was said before.
#[utoipa::path(post, path = "/tenants/{tenant_id}/rehearsals", operation_id = "createRehearsal", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), web::IdempotencyKey),
    request_body = NewRehearsal,
    responses((status = 201, body = Rehearsal),
        (status = 403, description = "`not_shared`: the tenant does not share its users' questions with its administrators."),
        (status = 409, description = "`rehearsal_running`: there is one already. `model_unpriced`: nobody knows what a model costs, so \
            that no budget can be kept."),
        (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` made the rehearsal, which is gone."),
        (status = 503, description = "`search_timeout`: ask for fewer days. `provider_key_unavailable`: a key cannot be read."))
)]
pub(crate) async fn create(
    State(app): State<App>,
    at: TenantAt,
    Repeatable { key, asked }: Repeatable<NewRehearsal>,
) -> Result<(StatusCode, Json<Rehearsal>)> {
    let caller = at.caller()?;
    if let Some((mut tx, made)) = key.made_before(&app, at.admin()?).await? {
        let made = tx.rehearsal(made).await?.ok_or(Error::ResultGone)?;
        return Ok((StatusCode::CREATED, Json(made)));
    }
    check_shared(&caller.account().tenant)?;
    let checked = asked.check(&app, caller).await?;
    let mut tx = app.db.admin_within(at.admin()?, TIME).await?;
    let id = Uuid::now_v7();
    let id = match key.claim(&mut tx, id).await? {
        Some(made) => made,
        None => begin(&mut tx, id, &checked).await?,
    };
    let made = tx.rehearsal(id).await?.ok_or(Error::ResultGone)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn begin(tx: &mut AdminTx, id: Uuid, checked: &asked::Checked) -> Result<Uuid> {
    let new = db::NewRehearsal {
        id,
        now: &checked.now,
        changed: &checked.changed,
        judge: checked.judge.as_ref(),
        sample: checked.sample,
        period: checked.period,
        questions: checked.questions,
        budget: checked.budget,
    };
    let begun = tx.create_rehearsal(&new).await;
    let begun = begun.map_err(|e| match e.is_constraint(RUNNING) {
        true => running(
            "A rehearsal is running. Wait until it is done, or cancel it, before you begin another.",
        ),
        false => e.into(),
    });
    match begun? {
        None => Err(service::Error::SearchTooSlow.into()),
        Some(0) => Err(Error::field(
            "sample",
            "has no question of those days that the tenant shares: take other days, or other questions",
        )),
        Some(_) => Ok(id),
    }
}

/// The tenant's rehearsals, newest first.
#[utoipa::path(get, path = "/tenants/{tenant_id}/rehearsals", operation_id = "listRehearsals", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), PageQuery),
    responses((status = 200, body = Listing<Rehearsal>), (status = 403))
)]
pub(crate) async fn list(
    State(app): State<App>,
    at: TenantAt,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<Rehearsal>>> {
    let page = page.of(&app, at.tenant_id, "rehearsals")?;
    let rows = app.db.admin(at.admin()?).await?.rehearsals(page.of).await?;
    Ok(Json(page.listing(rows, |row| row.id)))
}

/// One of the tenant's rehearsals: how far it came, what it cost, and what was found.
#[utoipa::path(get, path = "/tenants/{tenant_id}/rehearsals/{id}", operation_id = "getRehearsal", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path)),
    responses((status = 200, body = Rehearsal), (status = 403))
)]
pub(crate) async fn show(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Json<Rehearsal>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    Ok(Json(found(&mut tx, id).await?))
}

async fn found(tx: &mut AdminTx, id: Uuid) -> Result<Rehearsal> {
    tx.rehearsal(id).await?.ok_or(Error::NotFound)
}

fn running(sentence: &str) -> Error {
    Error::Conflict("rehearsal_running", sentence.into())
}

/// What users asked is for administrators only where the tenant says so, and its users are told.
fn check_shared(tenant: &Tenant) -> Result<()> {
    match tenant.share_unanswered || tenant.share_conversations {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "not_shared",
            "This tenant does not share its users' questions with its administrators. PATCH /tenants/current with \
             {\"share_unanswered\": true} shares those that get no good answer from then on, {\"share_conversations\": true} all of \
             conversations that begin from then on; its users are told.",
        )),
    }
}
