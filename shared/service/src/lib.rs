//! What the service does, whoever asks: a request, a schedule, or the command line. Knows nothing of HTTP.

mod answers;
mod beginning;
mod clock;
mod config;
mod conversations;
mod denials;
mod email;
mod error;
mod invitations;
mod limits;
mod name;
mod origin;
mod origins;
mod passwords;
mod providers;
mod retrieval;
mod secrets;
mod seldom;
mod service;
mod telemetry;
mod tokens;

pub use answers::{AnswerEnded, AnswerOf, AnswerReader, Answers, Draft, RunningAnswer};
pub use beginning::beginning;
pub use clock::Clock;
pub use config::{Config, ConfigError, ConnectionTimes, OperatorConfig, Secrets, Via, environment};
pub use email::{email, email_as_before};
pub use error::{Error, FieldError, Result, told};
pub use limits::network;
pub use name::{check_full_name, is_visible, shows};
pub use origin::Origin;
pub use providers::{Answering, VectorIndex};
pub use retrieval::{Retrieved, source};
pub use seldom::Seldom;
pub use service::Service;
pub use telemetry::{check_logging, start_logging};
pub use tokens::{AssumedToken, CurrentTenant, CurrentUser, TokenPair};
