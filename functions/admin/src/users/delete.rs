//! `DELETE /admin/users/{id}`: the end of an account.

use super::{lock, own_account};
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;
use web::{Administrator, App, Path, Result};

/// Deletes a user of the caller's tenant, and with it its conversations and logins. What it added to the documents stays.
/// Nobody can delete themselves; only superusers can delete a superuser.
#[utoipa::path(delete, path = "/admin/users/{id}", operation_id = "deleteUser", tag = "admin", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 403), (status = 409, description = "`own_account`: another administrator can delete it."),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    by: Administrator,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    if id == by.caller.user_id() {
        return Err(own_account("Another administrator can delete it."));
    }
    let mut tx = app.db.admin(&by.admin).await?;
    lock(&mut tx, &by, id).await?;
    tx.delete_user(id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
