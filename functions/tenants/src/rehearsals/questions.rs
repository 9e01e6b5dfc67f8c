//! The questions of a rehearsal, with both answers, and which of them is better.

use super::{check_shared, found};
use axum::extract::State;
use db::{RehearsedQuestion, Verdict};
use serde::{Deserialize, Serialize};
use service::Faults;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    App, Error, IfMatch, Json, Listing, PageQuery, Path, Query, Result, Tagged, TenantAt, Versioned,
};

/// Which answer somebody found better.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RehearsalVerdictRequest)]
pub(crate) struct VerdictInput {
    /// Which one; null for neither of the three any more.
    verdict: Option<Verdict>,
    /// Why, or what is to be done, 1 to 2000 characters; with a verdict only.
    #[schema(min_length = 1, max_length = 2000)]
    comment: Option<String>,
}

/// Which answer somebody found better, if anybody has.
#[derive(Serialize, ToSchema)]
#[schema(as = RehearsalVerdictKept)]
pub(crate) struct VerdictOutput {
    /// Which one.
    verdict: Option<Verdict>,
    /// Why, or what is to be done.
    comment: Option<String>,
}

impl Versioned for VerdictOutput {}

impl From<(Option<Verdict>, Option<String>)> for VerdictOutput {
    fn from((verdict, comment): (Option<Verdict>, Option<String>)) -> Self {
        Self { verdict, comment }
    }
}

/// The questions of a rehearsal, the newest first, each with both answers as far as there are any. Who asked is not told.
#[utoipa::path(get, path = "/tenants/{tenant_id}/rehearsals/{id}/questions", operation_id = "listRehearsalQuestions", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The rehearsal"), PageQuery),
    responses((status = 200, body = Listing<RehearsedQuestion>),
        (status = 403, description = "`not_shared`: the tenant does not share its users' questions with its administrators any more."))
)]
pub(crate) async fn list(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id)): Path<(String, Uuid)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<RehearsedQuestion>>> {
    let page = page.of(&app, at.tenant_id, &format!("rehearsal {id}"))?;
    let mut tx = app.db.admin(at.admin()?).await?;
    found(&mut tx, id).await?;
    check_shared(&tx.tenant().await?)?;
    let rows = tx.rehearsed_questions(id, page.of).await?;
    Ok(Json(page.listing(rows, |row| row.message_id)))
}

/// Which of the two answers to a question somebody found better, for its `ETag`.
#[utoipa::path(get, path = "/tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict", operation_id = "getRehearsalVerdict", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The rehearsal"), ("message_id" = Uuid, Path, description = "The question's message")),
    responses((status = 200, body = VerdictOutput),
        (status = 403, description = "`not_shared`: the tenant does not share its users' questions with its administrators any more."))
)]
pub(crate) async fn verdict(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id, message)): Path<(String, Uuid, Uuid)>,
) -> Result<Tagged<VerdictOutput>> {
    let mut tx = app.db.admin(at.admin()?).await?;
    let kept = tx.verdict((id, message)).await?.ok_or(Error::NotFound)?;
    // Whoever wrote why may have said what was asked.
    check_shared(&tx.tenant().await?)?;
    Ok(Tagged(kept.into()))
}

/// Keeps which of the two answers to a question is better. It counts for whoever decides, and changes nothing else.
#[utoipa::path(put, path = "/tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict", operation_id = "setRehearsalVerdict", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("id" = Uuid, Path, description = "The rehearsal"), ("message_id" = Uuid, Path, description = "The question's message"), IfMatch),
    request_body = VerdictInput,
    responses((status = 204), (status = 403))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    at: TenantAt,
    Path((_, id, message)): Path<(String, Uuid, Uuid)>,
    seen: IfMatch,
    Json(asked): Json<VerdictInput>,
) -> Result<axum::http::StatusCode> {
    let mut faults = Faults::default();
    let comment = asked.comment.as_ref();
    faults.text("comment", comment, 1, 2000);
    faults.refuse(
        "comment",
        comment.is_some() && asked.verdict.is_none(),
        "goes with a verdict",
    );
    faults.none()?;
    let mut tx = app.db.admin(at.admin()?).await?;
    let kept = tx.verdict_for_update((id, message)).await?;
    seen.check(&VerdictOutput::from(kept.ok_or(Error::NotFound)?))?;
    tx.set_verdict((id, message), asked.verdict, asked.comment.as_deref())
        .await?;
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
