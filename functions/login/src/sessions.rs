//! `/login/sessions`: where the caller is logged in.

use axum::{extract::State, http::StatusCode};
use db::LoginSession;
use uuid::Uuid;
use web::{App, Error, Json, Listing, Own, PageQuery, Path, Query, Result};

/// The caller's logins that have not ended, newest first.
#[utoipa::path(get, path = "/login/sessions", operation_id = "listLoginSessions", tag = "login", params(PageQuery), responses(
    (status = 200, body = Listing<LoginSession>),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Own(caller): Own,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<LoginSession>>> {
    let page = page.of(&app, caller.tenant_id(), "logins")?;
    let mut tx = app.db.tenant(&caller).await?;
    let logins = tx
        .login_sessions(&caller, app.clock.now(), app.idle_since(), page.of)
        .await?;
    Ok(Json(page.listing(logins, |login| login.id)))
}

/// Ends one of the caller's logins, wherever that is: its refresh token at once, its access token within 5 seconds.
#[utoipa::path(delete, path = "/login/sessions/{id}", operation_id = "endLoginSession", tag = "login", params(("id" = Uuid, Path)), responses(
    (status = 204),
))]
pub(crate) async fn end(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = app.db.tenant(&caller).await?;
    if !tx.end_login_session(&caller, id, app.clock.now()).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
