//! `/tenants/{tenant_id}/secrets`: a tenant's own provider keys. They go in and never come out.

use crate::secret_tests::KeyFailureOutput;
use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::{KeyFailure, Service, last4};
use utoipa::ToSchema;
use web::{App, Error, Json, Path, Result, TenantAt};

/// What may be told of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantSecret)]
pub(crate) struct SecretOutput {
    /// Whose key it is: `openai`, `deepseek` or `pinecone`.
    #[schema(example = "openai")]
    provider: String,
    /// Its last four characters; empty for a short one.
    #[schema(example = "x7Qm")]
    last4: String,
    /// When it was set.
    set_at: DateTime<Utc>,
    /// Which deployment secret sealed it.
    key_id: Option<String>,
    /// Whether it can still be opened; if not, set it again.
    readable: bool,
    /// When it was last tested, or refused; `null` since it was set.
    checked_at: Option<DateTime<Utc>>,
    /// Why it did not work then; `null` if it did.
    failure: Option<KeyFailureOutput>,
}

/// The keys that are set. Without one of its own, a tenant uses the deployment's.
#[utoipa::path(get, path = "/tenants/{tenant_id}/secrets", operation_id = "listTenantSecrets", tag = "tenants", params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current")), responses(
    (status = 200, body = Vec<SecretOutput>), (status = 403),
))]
pub(crate) async fn list(State(app): State<App>, at: TenantAt) -> Result<Json<Vec<SecretOutput>>> {
    let secrets = app.db.admin(at.admin()?).await?.secrets().await?;
    let shown = secrets.into_iter().map(|secret| SecretOutput {
        key_id: Service::key_id(&secret.sealed),
        readable: app
            .open_key(at.tenant_id, &secret.provider, secret.id, &secret.sealed)
            .is_ok(),
        checked_at: secret.checked_at,
        failure: (secret.failure)
            .and_then(|code| KeyFailure::noted(&secret.provider, &code))
            .map(KeyFailureOutput::from),
        provider: secret.provider,
        last4: secret.last4,
        set_at: secret.set_at,
    });
    Ok(Json(shown.collect()))
}

/// A provider key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetTenantSecretRequest)]
pub(crate) struct SetSecret {
    /// 8 to 512 printable ASCII characters without spaces.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 512, pattern = "^[!-~]+$", example = "sk-your-key")]
    api_key: SecretString,
}

/// Sets the tenant's key for a provider, replacing the one there was. Documents whose vectors could not be made are tried again.
#[utoipa::path(put, path = "/tenants/{tenant_id}/secrets/{provider}", operation_id = "setTenantSecret", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("provider" = String, Path, description = "Whose key it is: `openai`, `deepseek`, another server that the deployment names, or `pinecone`", example = "openai")), request_body = SetSecret,
    responses((status = 204), (status = 403))
)]
pub(crate) async fn set(
    State(app): State<App>,
    at: TenantAt,
    Path((_, provider)): Path<(String, String)>,
    Json(asked): Json<SetSecret>,
) -> Result<StatusCode> {
    check(&app, &provider)?;
    let key = asked.api_key.expose_secret();
    if !(8..=512).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::field(
            "api_key",
            "must be 8 to 512 printable ASCII characters without spaces",
        ));
    }
    let last4 = last4(&asked.api_key);
    let mut tx = app.db.admin(at.admin()?).await?;
    let row = tx.secret_row(&provider).await?;
    let sealed = app.seal_key(at.tenant_id, &provider, row, &asked.api_key);
    tx.set_secret(&provider, row, &sealed, &last4).await?;
    tx.retry_vectors().await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets the tenant's key for a provider.
#[utoipa::path(delete, path = "/tenants/{tenant_id}/secrets/{provider}", operation_id = "deleteTenantSecret", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("provider" = String, Path, description = "Whose key it is: `openai`, `deepseek`, another server that the deployment names, or `pinecone`", example = "openai")),
    responses((status = 204), (status = 403))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    at: TenantAt,
    Path((_, provider)): Path<(String, String)>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(at.admin()?).await?;
    if !tx.delete_secret(&provider).await? {
        check(&app, &provider)?;
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirms that there may be a key for `provider`.
pub(crate) fn check(app: &App, provider: &str) -> Result<()> {
    if app.keyed_providers().any(|one| one == provider) {
        return Ok(());
    }
    let names: Vec<&str> = app.keyed_providers().collect();
    let names = names.join("`, `");
    Err(Error::field(
        "provider",
        format!("must be one of `{names}`"),
    ))
}
