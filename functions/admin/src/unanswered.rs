//! `GET /admin/unanswered`: which questions got no good answer.

use axum::extract::State;
use chrono::{DateTime, Utc};
use db::{Lack, LackCounts, Unanswered};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use web::{Administrator, App, Error, Json, Listing, PageQuery, Query, Result};

/// How long one statement may take: a busy tenant has many answers.
const TIME: Duration = Duration::from_secs(3);

/// Which answers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnansweredQuery {
    /// Not before this moment (RFC 3339); 30 days before `to` if absent.
    from: Option<DateTime<Utc>>,
    /// Before this moment; now if absent. At most 92 days after `from`.
    to: Option<DateTime<Utc>>,
    /// Only questions whose answer lacks this.
    lack: Option<Lack>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before; with the same filters.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// How many answers lacked something, and a page of their questions.
#[derive(Serialize, ToSchema)]
#[schema(as = UnansweredQuestionList)]
pub(crate) struct Report {
    /// Not before.
    from: DateTime<Utc>,
    /// Before.
    to: DateTime<Utc>,
    /// How many answers lacked something.
    counts: LackCounts,
    /// Whether the tenant shares its users' questions; if not, there are no items.
    share_unanswered: bool,
    /// The questions, newest first.
    items: Vec<Unanswered>,
    /// Where the next page starts: send it as `cursor`. Null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Answers of the caller's tenant that were made without any document, that whoever asked found of no use, or that the
/// provider refused: how many, and, where the tenant's `share_unanswered` says so, the questions. Who asked is not told, and
/// what was asked before that was set is not shown.
#[utoipa::path(get, path = "/admin/unanswered", operation_id = "listUnanswered", tag = "admin", params(UnansweredQuery), responses(
    (status = 200, body = Report), (status = 403),
    (status = 503, description = "`search_timeout`: ask for fewer days."),
))]
pub(crate) async fn list(
    State(app): State<App>,
    at: Administrator,
    Query(asked): Query<UnansweredQuery>,
) -> Result<Json<Report>> {
    let period = service::period(app.clock.now(), asked.from, asked.to)?;
    let list = format!(
        "unanswered {:?} {:?} {:?}",
        asked.from, asked.to, asked.lack
    );
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, at.admin.tenant_id(), &list)?;
    let share_unanswered = at.caller.account().tenant.share_unanswered;
    let mut tx = app.db.admin_within(&at.admin, TIME).await?;
    let slow = || Error::from(service::Error::SearchTooSlow);
    let counts = tx.unanswered_counts(period).await?.ok_or_else(slow)?;
    let rows = match share_unanswered {
        true => tx
            .unanswered(period, asked.lack, page.of)
            .await?
            .ok_or_else(slow)?,
        false => Vec::new(),
    };
    let Listing { items, next_cursor } = page.listing(rows, |row| row.message_id);
    Ok(Json(Report {
        from: period.from,
        to: period.to,
        counts,
        share_unanswered,
        items,
        next_cursor,
    }))
}
