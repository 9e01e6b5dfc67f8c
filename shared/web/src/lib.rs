//! HTTP: what every route shares of it. Extractors, errors as answers, layers, pages, and the host it runs on.

mod app;
mod body_limit;
mod client;
mod contract;
mod cors;
mod denied;
mod docs;
mod edge;
mod error;
mod extract;
mod health;
mod host;
mod json;
mod metrics;
mod page;
mod router;
mod stop;
mod wording;

pub use app::App;
pub use body_limit::BodyLimit;
pub use contract::openapi;
pub use cors::{is_everybodys, page_of_a_tenant};
pub use error::{Error, Problem, Result};
pub use extract::{Administrator, ClientIp, Own, Path, Query, RequestId, TenantAt};
pub use host::{
    Listeners, bind, bind_loopback, program, serve, serve_beside, serve_on, serve_tcp, work,
};
pub use json::{Json, JsonOrForm, Object};
pub use page::{Listing, PageQuery};
pub use router::router;
pub use stop::Stop;
pub use utoipa_axum::router::OpenApiRouter as Routes;
