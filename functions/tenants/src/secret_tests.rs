//! `/tenants/{tenant_id}/secrets/{provider}/test`: whether a provider key is any good.

use crate::secrets::check;
use axum::extract::State;
use serde::Serialize;
use service::KeyFailure;
use utoipa::ToSchema;
use web::{App, Error, Json, Path, Result, TenantAt};

/// Why a key does not work.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyFailure)]
pub(crate) struct KeyFailureOutput {
    /// The code of it, as questions are answered with it.
    #[schema(example = "provider_auth_failed")]
    code: &'static str,
    /// A sentence that says what to do.
    #[schema(example = "The provider refused the API key. An administrator should check the key.")]
    detail: String,
}

impl From<KeyFailure> for KeyFailureOutput {
    fn from(failure: KeyFailure) -> Self {
        Self {
            code: failure.code,
            detail: failure.detail,
        }
    }
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyTest)]
pub(crate) struct KeyTestOutput {
    /// Whether the provider answered.
    works: bool,
    /// Whose key was tried: the tenant's own, or the deployment's.
    is_own: bool,
    /// The model that was asked; `null` where it was an index.
    #[schema(example = "gpt-6-luna")]
    model: Option<String>,
    /// Why it does not work; `null` if it does.
    failure: Option<KeyFailureOutput>,
}

/// Asks the provider a question of a few tokens, with the key and the model that the tenant's questions have; of `pinecone` it asks
/// for the index. It costs what that costs, and is counted. What came of it is told of the tenant's own key from then on.
#[utoipa::path(post, path = "/tenants/{tenant_id}/secrets/{provider}/test", operation_id = "testTenantSecret", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current"), ("provider" = String, Path, description = "Whose key it is: `openai`, `deepseek`, another server that the deployment names, or `pinecone`", example = "openai")),
    responses((status = 200, body = KeyTestOutput), (status = 403))
)]
pub(crate) async fn test(
    State(app): State<App>,
    at: TenantAt,
    Path((_, provider)): Path<(String, String)>,
) -> Result<Json<KeyTestOutput>> {
    let caller = at.caller()?.clone();
    check(&app, &provider)?;
    let by = app.clone();
    let tested = async move { by.test_key(&caller, &provider).await };
    let tested = app.to_its_end(tested).await??;
    let tested = tested.ok_or(Error::NotFound)?;
    Ok(Json(KeyTestOutput {
        works: tested.failure.is_none(),
        is_own: tested.is_own,
        model: tested.model,
        failure: tested.failure.map(KeyFailureOutput::from),
    }))
}
