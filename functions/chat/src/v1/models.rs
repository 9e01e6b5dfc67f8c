//! `GET /v1/models`: which models a client may name.

use axum::extract::State;
use db::Caller;
use serde::Serialize;
use service::Answering;
use utoipa::ToSchema;
use web::{App, Error, Json, Path, Result};

/// Whatever the tenant's own model is, for clients that want to name none.
const DEFAULT: &str = "default";

/// A model that a client may name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiModel {
    /// Its name.
    #[schema(example = "gpt-6-luna")]
    id: String,
    /// `model`.
    #[schema(example = "model")]
    object: &'static str,
    /// Since when the tenant is there, in seconds since 1970: clients want a time.
    #[schema(example = 1_764_150_000)]
    created: i64,
    /// Who answers.
    #[schema(example = "openai")]
    owned_by: String,
}

/// The models that a client may name: the tenant's own first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiModels {
    /// `list`.
    #[schema(example = "list")]
    object: &'static str,
    /// All of them.
    data: Vec<OpenAiModel>,
}

/// The models that a client may name: the tenant's own first, then those that the deployment allows with the tenant's
/// provider. `default` names the tenant's own, too.
#[utoipa::path(get, path = "/v1/models", operation_id = "listModels", tag = "openai", responses(
    (status = 200, body = OpenAiModels),
))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<OpenAiModels>> {
    let answering = app.answering(&caller).await?;
    let data = app.models_of(&answering);
    let data = data.iter().map(|id| model(&caller, &answering, id));
    Ok(Json(OpenAiModels {
        object: "list",
        data: data.collect(),
    }))
}

/// One of the models that a client may name.
#[utoipa::path(get, path = "/v1/models/{model}", operation_id = "retrieveModel", tag = "openai", params(("model" = String, Path, example = "default")), responses(
    (status = 200, body = OpenAiModel),
))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OpenAiModel>> {
    let answering = app.answering(&caller).await?;
    let id = named(&app, &answering, &id)?;
    Ok(Json(model(&caller, &answering, id)))
}

/// The model of that name.
///
/// # Errors
/// 404: there is none that this tenant's clients may name.
pub(super) fn named<'a>(app: &'a App, answering: &'a Answering, name: &str) -> Result<&'a str> {
    let own = &answering.options.model;
    let mut models = app.models_of(answering).into_iter();
    match name {
        DEFAULT => Ok(own),
        name => {
            let found = models.find(|model| *model == name);
            found.ok_or_else(|| Error::NoModel(own.clone()))
        }
    }
}

fn model(caller: &Caller, answering: &Answering, id: &str) -> OpenAiModel {
    OpenAiModel {
        id: id.to_owned(),
        object: "model",
        created: caller.account().tenant.created_at.timestamp(),
        owned_by: answering.provider.name().to_owned(),
    }
}
