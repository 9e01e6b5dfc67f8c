//! The only crate that talks to model providers and to the vector index.
//!
//! Everything it sends to a tenant's provider carries that tenant's own key, set on the one request
//! it belongs to. Nothing a provider sends is trusted: lengths are capped, redirects are not
//! followed, error bodies go nowhere, and a failure reaches the caller as an [`Error`] that holds
//! neither the provider's words nor a key.

mod answer;
mod base_url;
mod breaker;
mod chat;
mod chunk;
mod client;
mod clock;
mod complete;
mod counts;
mod effort;
mod embed;
mod endpoint;
mod endpoints;
mod error;
mod event;
mod failure;
mod fit;
mod frames;
mod guarded;
mod hours;
mod http;
mod index;
mod index_host;
mod index_wire;
pub mod local;
mod markers;
mod meter;
mod models;
mod namespace;
mod options;
mod params;
mod parts;
mod prices;
mod prompt;
mod provider;
mod reply;
mod reported;
mod rerank;
mod sentences;
mod spent;
mod sse;
mod stream;
mod text;
mod think;
mod timeouts;
mod times;
pub mod tokens;
mod until;
mod wait;
mod why;

pub use answer::Answer;
pub use base_url::{BaseUrl, BaseUrlError, is_loopback};
pub use client::{Client, SetupError};
pub use effort::Effort;
pub use embed::{Embedded, Embedder};
pub use endpoint::{Auth, Endpoint, PRESETS, Preset};
pub use endpoints::Endpoints;
pub use error::Error;
pub use event::{Event, FinishReason};
pub use hours::{Hours, Window};
pub use index::{Match, Nearest, Vector};
pub use index_host::{HostError, Index, IndexHost, IndexName, IndexNameError, KeyOwner};
pub use markers::Markers;
pub use meter::Meter;
pub use models::{BadModels, Limit, Model, Models};
pub use namespace::Namespace;
pub use options::Options;
pub use parts::Part;
pub use prices::{LongContext, OffPeak, Price};
pub use prompt::{Message, Passage, Prompt, Role, passage_lines};
pub use provider::{LOCAL_MODEL, Provider};
pub use rerank::Reranked;
pub use spent::{Spent, Usage};
pub use timeouts::Timeouts;
pub use times::Times;
