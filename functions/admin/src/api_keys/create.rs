//! `POST /admin/api-keys`: a new key, shown this once.

use axum::{extract::State, http::StatusCode};
use chrono::TimeDelta;
use db::{ApiKey, ApiKeyScope, KeyToStore, Limits, TenantAdmin};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use service::{Faults, Object};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Json, Result};

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most days that a key is good for: ten years.
const MAX_DAYS: i64 = 3650;

/// An API key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateApiKeyRequest)]
pub(crate) struct CreateApiKey {
    /// What people know it by, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, example = "The shop's server")]
    name: String,
    /// What it is good for; at least one, each once.
    #[schema(min_items = 1, max_items = 3, example = json!(["chat"]))]
    scopes: Vec<ApiKeyScope>,
    /// In how many days it ends, 1 to 3650; if absent, it does not end by itself.
    #[schema(minimum = 1, maximum = 3650, example = 365)]
    expires_in_days: Option<i64>,
    /// How much may be asked and spent with it; the limits of the tenant hold as well. What is absent is as the deployment
    /// says for keys.
    #[schema(value_type = Option<Limits>)]
    limits: Option<Object<Limits>>,
    /// The groups that it is in, up to 50 names of 1 to 64 characters each: in searches and answers it finds documents that are
    /// limited to them, and those for everybody.
    #[schema(max_items = 50, example = json!([]))]
    groups: Option<Vec<String>>,
}

/// A new API key.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
pub(crate) struct Created {
    /// The key itself, to be sent as `Authorization: Bearer <key>`. It is shown this once: keep it where secrets are kept.
    #[schema(example = "pk_live_AYr6acsAAAAAAAAAAAAAAAAAAAAR...")]
    key: String,
    /// What is known of it.
    api_key: ApiKey,
}

/// Makes an API key for a server of the caller's tenant, and shows it this once. With its scopes it is good wherever an access
/// token is, but never in a browser page; it manages no people, settings or keys. It acts as a user of its own, whose
/// conversations no person sees, and it outlives whoever made it.
///
/// No `Idempotency-Key` is heeded, since no key can be shown again: who lost the answer revokes that key and makes another.
#[utoipa::path(post, path = "/admin/api-keys", operation_id = "createApiKey", tag = "admin", request_body = CreateApiKey, responses(
    (status = 201, body = Created), (status = 403),
))]
pub(crate) async fn create(
    State(app): State<App>,
    by: TenantAdmin,
    Json(asked): Json<CreateApiKey>,
) -> Result<(StatusCode, Json<Created>)> {
    asked.check()?;
    let id = Uuid::now_v7();
    let made = app.make_api_key(&by, id);
    let days = asked.expires_in_days.map(TimeDelta::days);
    let new = KeyToStore {
        id,
        name: asked.name.trim().to_owned(),
        scopes: asked.scopes,
        limits: asked
            .limits
            .map_or_else(Limits::default, |Object(limits)| limits),
        groups: asked.groups.unwrap_or_default(),
        hash: made.hash,
        hint: made.hint,
        expires_at: days.map(|days| app.clock.now() + days),
    };
    let mut tx = app.db.admin(&by).await?;
    let api_key = tx.create_api_key(&new).await?;
    tx.commit().await?;
    let created = Created {
        key: made.key.expose_secret().to_owned(),
        api_key,
    };
    Ok((StatusCode::CREATED, Json(created)))
}

impl CreateApiKey {
    fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        let name = self.name.trim();
        let fits = (1..=MAX_NAME).contains(&name.chars().count()) && service::is_visible(name);
        faults.refuse(
            "name",
            !fits,
            "must be 1 to 100 characters that people can see",
        );
        let mut scopes = self.scopes.clone();
        scopes.sort();
        scopes.dedup();
        let is_set = !scopes.is_empty() && scopes.len() == self.scopes.len();
        faults.refuse(
            "scopes",
            !is_set,
            "must name at least one scope, and each once",
        );
        faults.number("expires_in_days", self.expires_in_days, 1, MAX_DAYS);
        let limits = self.limits.iter();
        faults.add(limits.flat_map(|Object(limits)| service::limit_faults("limits.", limits)));
        let groups = self.groups.as_deref().unwrap_or_default();
        faults.add(service::group_faults("groups", groups));
        Ok(faults.none()?)
    }
}
