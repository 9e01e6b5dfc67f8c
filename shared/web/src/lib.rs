//! HTTP: what every route shares of it. Extractors, errors as answers, layers, pages, and the host it runs on.

mod app;
mod body;
mod body_limit;
mod client;
mod contract;
mod cors;
mod denied;
mod docs;
mod edge;
mod error;
mod extract;
mod form;
mod forms;
mod health;
mod host;
mod idempotency;
mod json;
mod keys;
mod limit;
mod metadata;
mod metrics;
mod misfit;
mod openai;
mod page;
mod parameters;
mod problem;
mod router;
mod stop;
mod usage;
mod visitors;
mod words;

pub use app::App;
pub use body_limit::BodyLimit;
pub use contract::openapi;
pub use cors::{is_everybodys, page_of_a_tenant};
pub use error::{Error, Result};
pub use extract::{Administrator, ClientIp, Overseer, Own, RequestId, TenantAt};
pub use form::{Form, JsonOrForm, is_form, to_oauth};
pub use host::{
    Listeners, bind, bind_loopback, program, serve, serve_beside, serve_on, serve_tcp, work,
};
pub use idempotency::{IdempotencyKey, Repeatable, RequestKey};
pub use json::{Json, JsonText, Object, guard};
pub use keys::{Manager, open_to_keys};
pub use limit::{LimitLeft, limit_warning};
pub use metadata::{Filter, check_flat_metadata, check_metadata};
pub use openai::{OpenAiFailure, is_retryable, openai_limits};
pub use page::{Listing, PageQuery};
pub use parameters::{Path, Query};
pub use problem::Problem;
pub use router::router;
pub use stop::Stop;
pub use usage::{UsageItem, UsageReport, UsageSums, UsageTokens, days};
pub use utoipa_axum::router::OpenApiRouter as Routes;
pub use visitors::open_to_visitors;
pub use words::failing_in_words;
