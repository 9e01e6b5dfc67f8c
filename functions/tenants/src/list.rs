//! `GET /tenants`: which tenants there are.

use crate::output::TenantOutput;
use axum::extract::State;
use db::Superuser;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{App, Json, Listing, PageQuery, Query, Result, check_search};

/// Which tenants, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTenants {
    /// A part of the slug or the name, in whatever case, at most 100 characters.
    #[param(max_length = 100)]
    search: Option<String>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, of the same search.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// All tenants, newest first; or those of them whose slug or name holds what is searched.
#[utoipa::path(get, path = "/tenants", operation_id = "listTenants", tag = "tenants", params(ListTenants), responses(
    (status = 200, body = Listing<TenantOutput>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    superuser: Superuser,
    Query(asked): Query<ListTenants>,
) -> Result<Json<Listing<TenantOutput>>> {
    let search = asked.search.as_deref();
    check_search(search, 100)?;
    let list = match search {
        Some(search) => format!("tenants {search:?}"),
        None => "tenants".to_owned(),
    };
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, Uuid::nil(), &list)?;
    let mut tx = app.db.platform(&superuser).await?;
    let rows = tx.tenants(search, page.of).await?;
    let listing = page.listing(rows, |tenant| tenant.id);
    Ok(Json(Listing {
        items: (listing.items.into_iter())
            .map(|tenant| TenantOutput::of(&app, tenant))
            .collect(),
        next_cursor: listing.next_cursor,
    }))
}
