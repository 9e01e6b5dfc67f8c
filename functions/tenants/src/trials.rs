//! `/tenants/{tenant_id}/trials`: one question, answered by settings that may never count.

use crate::tried::{SettingsInput, changed};
use axum::extract::State;
use db::{Caller, Source, Trial, Usd};
use serde::{Deserialize, Serialize};
use service::{Object, Tried, Trying};
use utoipa::ToSchema;
use web::{App, Error, Json, Path, Result, TenantAt};

/// A question that is to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TryQuestionRequest)]
pub(crate) struct TryQuestion {
    /// The question; not only blanks.
    #[schema(min_length = 1, example = "How long does a refund take?")]
    question: String,
    /// With which settings: what is changed of the tenant's. Absent, with those that it has.
    #[schema(value_type = Option<SettingsInput>)]
    settings: Option<Object<SettingsInput>>,
    /// Whether the model is asked; `false` tells what it would be sent.
    #[schema(default = true)]
    answer: Option<bool>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = TriedQuestion)]
pub(crate) struct TriedOutput {
    /// What the model is sent, part by part.
    prompt: Vec<PromptPart>,
    /// The passages in it, best first, as the answer cites them.
    sources: Vec<Source>,
    /// The answer; null without one.
    answer: Option<TriedAnswer>,
}

/// What a part of a prompt is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PromptPartKind {
    /// The tenant's system prompt, and that nothing was found, where nothing was.
    Instructions,
    /// What a model is told about passages.
    Rules,
    /// The passages, one a line.
    Passages,
    /// The question.
    Question,
}

/// A part of a prompt.
#[derive(Serialize, ToSchema)]
struct PromptPart {
    /// What it is.
    part: PromptPartKind,
    /// As the model reads it.
    text: String,
    /// About how many tokens that is.
    #[schema(example = 12)]
    tokens: u32,
}

/// An answer that was tried.
#[derive(Serialize, ToSchema)]
struct TriedAnswer {
    /// What was answered.
    #[schema(example = "A refund takes 14 days. [1]")]
    content: String,
    /// Who answered.
    #[schema(example = "openai")]
    provider: String,
    /// The model that wrote it.
    #[schema(example = "gpt-4o-mini")]
    model: String,
    /// Tokens in.
    #[schema(example = 231)]
    prompt_tokens: i32,
    /// Tokens out.
    #[schema(example = 9)]
    completion_tokens: i32,
    /// Whether the provider counted them; else they are estimates.
    exact: bool,
    /// What it cost, with all that was asked for it; null if nobody knows what the model costs.
    cost: Option<Usd>,
    /// How long it took, in milliseconds.
    #[schema(example = 1200)]
    millis: i32,
}

/// Answers one question by the tenant's settings, or by changed ones, and tells what the model was sent. It is of no conversation,
/// changes nothing, and nobody answers in the place of a provider that fails. It costs what an answer costs, within the limits of
/// whoever asks.
#[utoipa::path(post, path = "/tenants/{tenant_id}/trials", operation_id = "tryQuestion", tag = "tenants",
    params(("tenant_id" = String, Path, description = "Its id, or `current` for your own tenant", example = "current")),
    request_body = TryQuestion,
    responses((status = 200, body = TriedOutput), (status = 403),
        (status = 400, description = "`content_filter`, `context_length_exceeded`: the model's provider does not answer what was asked, \
            or it is longer than the model can read."),
        (status = 409, description = "`model_unpriced`: spending is limited, and the price of the model is not known."),
        (status = 429, description = "`limit_reached`: `limit` says which."),
        (status = 502, description = "`provider_unreachable` and the like: the model's provider failed."),
        (status = 503, description = "`provider_rate_limited`, `provider_key_unavailable`, `answer_interrupted` or `unavailable`."),
        (status = 504, description = "`provider_timeout`: the model's provider did not answer in time."))
)]
pub(crate) async fn ask(
    State(app): State<App>,
    at: TenantAt,
    Path(_): Path<String>,
    Json(asked): Json<TryQuestion>,
) -> Result<Json<TriedOutput>> {
    let caller = at.caller()?;
    if asked.question.trim().is_empty() {
        return Err(Error::field("question", "must not be empty"));
    }
    let settings = match asked.settings {
        Some(Object(settings)) => changed(&app, caller, settings)?,
        None => Trial::of(&caller.account().tenant),
    };
    let caller = caller.trying(&settings);
    let (question, is_answered) = (asked.question, asked.answer.unwrap_or(true));
    let by = app.clone();
    let tried = async move {
        match is_answered {
            true => answered(&by, &caller, &question).await,
            false => looked_at(&by, &caller, &question).await,
        }
    };
    Ok(Json(app.to_its_end(tried).await??))
}

async fn answered(app: &App, caller: &Caller, question: &str) -> Result<TriedOutput> {
    let trying = trying(app, caller, question).await?;
    let id = app.begin_question(caller, &trying).await?;
    let tried = app.try_answer(caller, &trying, question, id).await?;
    let is_priced = trying.is_priced();
    let (prompt_tokens, completion_tokens) = tried.tokens;
    Ok(TriedOutput {
        answer: Some(TriedAnswer {
            content: tried.answer?,
            provider: tried.provider,
            model: tried.model,
            prompt_tokens,
            completion_tokens,
            exact: tried.exact,
            cost: is_priced.then(|| Usd::from_nano(tried.cost)),
            millis: tried.millis,
        }),
        prompt: parts(tried.prompt),
        sources: tried.sources,
    })
}

async fn looked_at(app: &App, caller: &Caller, question: &str) -> Result<TriedOutput> {
    let trying = trying(app, caller, question).await?;
    let id = app.begin(caller, &trying).await?;
    let Tried {
        answer,
        prompt,
        sources,
        ..
    } = app.look_at(caller, &trying, question, id).await?;
    answer?;
    Ok(TriedOutput {
        prompt: parts(prompt),
        sources,
        answer: None,
    })
}

/// Who answers, and what that may take at most.
async fn trying(app: &App, caller: &Caller, question: &str) -> Result<Trying> {
    match app.trying(caller, question).await {
        // What is wrong with a chat's message is wrong with this question.
        Err(service::Error::Invalid(mut fields)) => {
            for field in &mut fields {
                "question".clone_into(&mut field.field);
            }
            Err(service::Error::Invalid(fields).into())
        }
        tried => Ok(tried?),
    }
}

fn parts(prompt: Vec<(ai::Part, String)>) -> Vec<PromptPart> {
    let part = |(part, text): (ai::Part, String)| PromptPart {
        part: match part {
            ai::Part::Instructions => PromptPartKind::Instructions,
            ai::Part::Rules => PromptPartKind::Rules,
            ai::Part::Passages => PromptPartKind::Passages,
            ai::Part::Question => PromptPartKind::Question,
        },
        tokens: ai::tokens::estimate(&text),
        text,
    };
    prompt.into_iter().map(part).collect()
}
