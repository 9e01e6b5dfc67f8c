//! The audit log as a CSV file (RFC 4180), made while it is read.

use crate::table;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use db::{AuditFilter, AuditRow, PageOf};
use futures_util::{StreamExt, stream};
use service::told;
use uuid::Uuid;
use web::{Administrator, App, Error, Result};

/// So many rows are read at once; no transaction stays open while the client takes them.
const ROWS: usize = 1000;

const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "action",
    "target",
    "outcome",
    "detail",
    "actor_id",
    "actor_tenant_id",
    "actor_email",
    "client_ip",
    "request_id",
    "actor_api_key",
    "target_name",
];

/// All that one file is made from.
struct Export {
    app: App,
    at: Administrator,
    filter: AuditFilter,
}

/// All rows that `filter` lets through, newest first. What fails at once is an answer of its own; later, the body ends with
/// an error, which cuts the connection: half a file must not look like a whole one.
pub(crate) async fn answer(app: App, at: Administrator, filter: AuditFilter) -> Result<Response> {
    let export = Export { app, at, filter };
    let rows = export.rows(None).await?;
    let mut first = table::text([COLUMNS.map(str::to_owned)]);
    first.extend(table::text(rows.iter().map(cells)));
    let next = after(&rows);
    let rest = stream::try_unfold((export, next), async |(export, next)| {
        let Some(next) = next else {
            return Ok(None);
        };
        let rows = export.more(next).await.inspect_err(|e| {
            tracing::error!(error = told(e), "an export of the audit log broke off");
        })?;
        Ok(Some((
            table::text(rows.iter().map(cells)),
            (export, after(&rows)),
        )))
    });
    let whole = stream::once(async { Ok::<_, Error>(first) }).chain(rest);
    Ok((table::headers("audit"), Body::from_stream(whole)).into_response())
}

impl Export {
    async fn rows(&self, after: Option<Uuid>) -> Result<Vec<AuditRow>> {
        let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
        let page = PageOf { after, limit };
        let read = self.app.db.read_as_admin(&self.at.admin, async |mut tx| {
            tx.audit_rows(&self.filter, page).await
        });
        Ok(read.await?)
    }

    /// The rows that follow, if the client may still have them: it can take its time.
    async fn more(&self, after: Uuid) -> Result<Vec<AuditRow>> {
        let (app, caller) = (&self.app, &self.at.caller);
        let caller = app.db.reread(caller, app.clock.now()).await?;
        match caller.and_then(|caller| caller.admin()) {
            Some(_) => self.rows(Some(after)).await,
            None => Err(Error::forbidden()),
        }
    }
}

/// Where the rows after these begin; none after the last.
fn after(rows: &[AuditRow]) -> Option<Uuid> {
    rows.last().filter(|_| rows.len() == ROWS).map(|row| row.id)
}

fn cells(row: &AuditRow) -> [String; COLUMNS.len()] {
    let id = |id: Option<Uuid>| id.map_or_else(String::new, |id| id.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.id.to_string(),
        row.at.to_rfc3339(),
        row.action.clone(),
        row.target.clone(),
        row.outcome.as_str().to_owned(),
        text(&row.detail),
        id(row.actor_id),
        id(row.actor_tenant_id),
        text(&row.actor_email),
        text(&row.client_ip),
        text(&row.request_id),
        text(&row.actor_api_key),
        text(&row.target_name),
    ]
}
