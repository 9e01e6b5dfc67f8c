//! `/documents/connectors`: web sites, buckets and Git repositories that the tenant's documents follow.

mod asked;
mod bucket;
mod repository;
mod secret;
mod told;

use asked::{ConnectorInput, Place};
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, Caller, ConnectorRun};
use serde::{Deserialize, Serialize};
use told::ConnectorOutput;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{App, Error, IfMatch, Json, Manager, Path, Query, Repeatable, Result, Tagged};

/// The tenant's connectors.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectorList)]
pub(crate) struct Connectors {
    /// All of them, newest first.
    items: Vec<ConnectorOutput>,
}

/// The runs of a connector.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectorRunList)]
pub(crate) struct Runs {
    /// The last 50, newest first.
    items: Vec<ConnectorRun>,
}

/// What becomes of its documents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Deletion {
    /// Whether its documents stay, and are like others from then on, rather than being deleted with it.
    #[serde(default)]
    keep_documents: bool,
}

/// The tenant's connectors, newest first, each with its last run.
#[utoipa::path(get, path = "/documents/connectors", operation_id = "listConnectors", tag = "documents", responses(
    (status = 200, body = Connectors), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
) -> Result<Json<Connectors>> {
    let mut tx = app.db.admin(&admin).await?;
    let connectors = tx.connectors().await?;
    let mut last = tx.last_runs().await?;
    let items = connectors.into_iter().map(|connector| {
        let run = last.remove(&connector.id);
        ConnectorOutput::of(&app, caller.tenant_id(), connector, run)
    });
    Ok(Json(Connectors {
        items: items.collect::<Result<_>>()?,
    }))
}

/// Makes a connector, and has it read at once: its pages become documents, and as often as it is read again, what is new is added,
/// what has changed is replaced, and what is gone is deleted. A tenant may have 50.
#[utoipa::path(post, path = "/documents/connectors", operation_id = "createConnector", tag = "documents", params(web::IdempotencyKey), request_body = ConnectorInput, responses(
    (status = 201, body = ConnectorOutput), (status = 403),
    (status = 409, description = "`too_many_connectors`: the tenant has 50."),
    (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` made the connector, which was deleted."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
    Repeatable { key, asked }: Repeatable<ConnectorInput>,
) -> Result<(StatusCode, Json<ConnectorOutput>)> {
    let place = Place {
        tenant: caller.tenant_id(),
        id: Uuid::now_v7(),
        before: None,
    };
    let new = asked.check(&app, &place)?;
    let mut tx = app.db.admin(&admin).await?;
    let id = match key.claim(&mut tx, new.id).await? {
        Some(made) => made,
        None if tx.create_connector(&new).await? => new.id,
        None => {
            let sentence = "This tenant has 50 connectors, which is the most. Delete one first.";
            return Err(Error::Conflict("too_many_connectors", sentence.into()));
        }
    };
    let told = told(&app, &caller, &mut tx, id)
        .await?
        .ok_or(Error::ResultGone)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(told)))
}

/// One of the tenant's connectors.
#[utoipa::path(get, path = "/documents/connectors/{id}", operation_id = "getConnector", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConnectorOutput), (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Tagged<ConnectorOutput>> {
    let mut tx = app.db.admin(&admin).await?;
    let told = told(&app, &caller, &mut tx, id).await?;
    told.map(Tagged).ok_or(Error::NotFound)
}

/// Replaces what is set of a connector; what is left out is as if it were made so. The next run heeds it. One that is switched off
/// is not read any more, and its documents stay.
#[utoipa::path(put, path = "/documents/connectors/{id}", operation_id = "replaceConnector", tag = "documents", params(("id" = Uuid, Path), IfMatch), request_body = ConnectorInput, responses(
    (status = 200, body = ConnectorOutput), (status = 403),
))]
pub(crate) async fn replace(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(asked): Json<ConnectorInput>,
) -> Result<Tagged<ConnectorOutput>> {
    let mut tx = app.db.admin(&admin).await?;
    let before = tx.connector_for_update(id).await?;
    let before = before.ok_or(Error::NotFound)?;
    let now = ConnectorOutput::of(&app, caller.tenant_id(), before.clone(), None)?;
    seen.check(&now)?;
    let place = Place {
        tenant: caller.tenant_id(),
        id,
        before: Some(&before),
    };
    let changed = asked.check(&app, &place)?;
    tx.save_connector(&changed).await?;
    let told = told(&app, &caller, &mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Tagged(told))
}

/// Deletes a connector and its documents, as if each were deleted; with `keep_documents`, the connector alone.
#[utoipa::path(delete, path = "/documents/connectors/{id}", operation_id = "deleteConnector", tag = "documents", params(("id" = Uuid, Path), Deletion), responses(
    (status = 204), (status = 403),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
    Query(how): Query<Deletion>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(&admin).await?;
    if !tx.delete_connector(id, how.keep_documents).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a connector be read now. One that is being read goes on.
#[utoipa::path(post, path = "/documents/connectors/{id}/run", operation_id = "runConnector", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 202, body = ConnectorOutput), (status = 403),
    (status = 409, description = "`connector_off`: it is switched off."),
))]
pub(crate) async fn run(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<ConnectorOutput>)> {
    let mut tx = app.db.admin(&admin).await?;
    let connector = tx.connector(id).await?.ok_or(Error::NotFound)?;
    if !connector.is_on {
        let sentence = "This connector is switched off. Set `is_on` first.";
        return Err(Error::Conflict("connector_off", sentence.into()));
    }
    tx.run_connector(id).await?;
    let told = told(&app, &caller, &mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(told)))
}

/// Ends the run of a connector, if there is one: what was read stays, and the next one comes when it would have come.
#[utoipa::path(post, path = "/documents/connectors/{id}/cancel", operation_id = "cancelConnector", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ConnectorOutput), (status = 403),
))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Manager { admin, caller }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Json<ConnectorOutput>> {
    let mut tx = app.db.admin(&admin).await?;
    if !tx.cancel_connector(id).await? {
        return Err(Error::NotFound);
    }
    let told = told(&app, &caller, &mut tx, id)
        .await?
        .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Json(told))
}

/// The last runs of a connector, newest first: what was found, and what came to nothing.
#[utoipa::path(get, path = "/documents/connectors/{id}/runs", operation_id = "listConnectorRuns", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Runs), (status = 403),
))]
pub(crate) async fn runs(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Json<Runs>> {
    let mut tx = app.db.admin(&admin).await?;
    tx.connector(id).await?.ok_or(Error::NotFound)?;
    let items = tx.connector_runs(id).await?;
    Ok(Json(Runs { items }))
}

/// One of them, with its last run; none if there is no such.
async fn told(
    app: &App,
    caller: &Caller,
    tx: &mut AdminTx,
    id: Uuid,
) -> Result<Option<ConnectorOutput>> {
    let Some(connector) = tx.connector(id).await? else {
        return Ok(None);
    };
    let run = tx.last_runs().await?.remove(&id);
    ConnectorOutput::of(app, caller.tenant_id(), connector, run).map(Some)
}

/// Refuses to change what a connector would change back.
///
/// # Errors
/// 409 `document_of_connector`.
pub(crate) async fn check_not_of_connector(tx: &mut AdminTx, document: Uuid) -> Result<()> {
    match tx.is_of_connector(document).await? {
        false => Ok(()),
        true => Err(Error::Conflict(
            "document_of_connector",
            "This document follows a page of a connector, which would bring it back. Change the page, or exclude its path or set the groups in \
             the connector, or delete the connector with keep_documents=true."
                .into(),
        )),
    }
}
