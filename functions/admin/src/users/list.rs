//! `GET /admin/users`: who there is.

use axum::extract::State;
use db::{Role, TenantAdmin, User, UserFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{App, Error, Json, Listing, PageQuery, Path, Query, Result, Tagged, check_search};

/// Which users, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsers {
    /// A part of the email or the name, in whatever case, at most 254 characters.
    #[param(max_length = 254)]
    search: Option<String>,
    /// What they may do.
    role: Option<Role>,
    /// Whether they may log in.
    is_active: Option<bool>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, of the same search.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// The users of the caller's tenant that fit all that is asked for, newest first.
#[utoipa::path(get, path = "/admin/users", operation_id = "listUsers", tag = "admin", params(ListUsers), responses(
    (status = 200, body = Listing<User>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    admin: TenantAdmin,
    Query(asked): Query<ListUsers>,
) -> Result<Json<Listing<User>>> {
    let filter = UserFilter {
        search: asked.search,
        role: asked.role,
        is_active: asked.is_active,
    };
    check_search(filter.search.as_deref(), 254)?;
    let list = format!("users {filter:?}");
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, admin.tenant_id(), &list)?;
    let users = app
        .db
        .read_as_admin(&admin, async |mut tx| tx.users(&filter, page.of).await)
        .await?;
    Ok(Json(page.listing(users, |user| user.id)))
}

/// One user of the caller's tenant.
#[utoipa::path(get, path = "/admin/users/{id}", operation_id = "getUser", tag = "admin", params(("id" = Uuid, Path)), responses(
    (status = 200, body = User), (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    admin: TenantAdmin,
    Path(id): Path<Uuid>,
) -> Result<Tagged<User>> {
    let user = app.db.admin(&admin).await?.user(id).await?;
    user.map(Tagged).ok_or(Error::NotFound)
}
