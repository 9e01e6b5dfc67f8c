//! What every route shares: state, configuration, errors, extractors, layers and the host it runs on.

mod app;
mod client;
mod clock;
mod config;
mod cors;
mod denied;
mod docs;
mod edge;
mod email;
mod error;
mod extract;
mod health;
mod host;
mod invitations;
mod json;
mod limits;
mod metrics;
mod name;
mod origin;
mod page;
mod passwords;
mod providers;
mod retrieval;
mod router;
mod secrets;
mod stop;
mod telemetry;
mod tokens;

pub use app::App;
pub use clock::Clock;
pub use config::{Config, ConfigError, OperatorConfig, Secrets, environment};
pub use email::email;
pub use error::{Error, FieldError, Problem, Result, told};
pub use extract::{Administrator, ClientIp, Own, Path, Query, RequestId, TenantAt};
pub use host::{
    bind, bind_loopback, program, serve, serve_beside, serve_on, serve_tcp, start, work,
};
pub use json::{Json, JsonOrForm, Object};
pub use name::check_full_name;
pub use origin::Origin;
pub use page::{Listing, PageQuery};
pub use providers::{Answering, VectorIndex};
pub use retrieval::source;
pub use router::{openapi, router};
pub use stop::Stop;
pub use telemetry::start_logging;
pub use tokens::{AssumedToken, TokenPair};
pub use utoipa_axum::router::OpenApiRouter as Routes;
