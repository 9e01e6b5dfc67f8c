//! What the service does, whoever asks: a request, a schedule, or the command line. Knows nothing of HTTP.

mod answers;
mod api_keys;
mod beginning;
mod budgets;
mod challenges;
mod clock;
mod config;
mod conversations;
mod denials;
mod email;
mod embedding;
mod error;
mod faults;
mod groups;
mod identities;
mod invitations;
mod legs;
mod limit_words;
mod models;
mod name;
mod origin;
mod origins;
mod passages;
mod passwords;
mod pinecone;
mod providers;
mod ranking;
mod rate_limits;
mod reranking;
mod retrieval;
mod rewriting;
mod secrets;
mod seldom;
mod service;
mod sites_to_read;
mod telemetry;
mod tokens;
mod vector_sets;
mod vectors;
mod visitors;
mod wishes;
mod words;

pub use answers::{
    AnswerEnded, AnswerOf, AnswerReader, Answers, Draft, Follower, RunningAnswer, UsageParts,
};
pub use beginning::beginning;
pub use budgets::{count, limit_faults, question_fault};
pub use challenges::{Challenge, Comes, Proof};
pub use clock::Clock;
pub use config::{
    Config, ConfigError, ConnectionTimes, DefaultLimits, OperatorConfig, Secrets, Via, environment,
};
pub use email::{email, email_as_before};
pub use error::{Error, FieldError, Result, told};
pub use faults::Faults;
pub use groups::group_faults;
pub use limit_words::near_limits;
pub use models::{Chosen, Warning, WarningCode};
pub use name::{check_full_name, is_visible, shows};
pub use origin::Origin;
pub use passages::{Part, Passages};
pub use providers::Answering;
pub use ranking::Scores;
pub use rate_limits::network;
pub use retrieval::{Found, Leg, Retrieved, Wanted, source};
pub use seldom::Seldom;
pub use service::Service;
pub use sites_to_read::SiteToRead;
pub use telemetry::{check_logging, start_logging};
pub use tokens::{AssumedToken, CurrentTenant, CurrentUser, TokenPair};
pub use vectors::ToEmbed;
pub use visitors::limited;
pub use wishes::Wishes;
pub use words::{counted, language_of, words};
