//! The schema, brought up to date with the powerful login of `DATABASE_URL`, which nothing else holds.

mod plan;

use db::Operator;
pub use plan::plan;
use service::OperatorConfig;

/// Creates the database roles and runs the migrations. Safe to run again, and several at once wait. Says what it did, in
/// two sentences.
///
/// # Errors
/// The configuration or the database does not allow it; the sentence says what to do.
pub async fn run() -> anyhow::Result<String> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    let migrated = operator.migrate(&root).await?;
    let vectors = match migrated.has_vectors {
        true => "Vectors can be kept in it.",
        false => {
            "Vectors cannot be kept in it: it has no extension pgvector, version 0.7 or newer."
        }
    };
    Ok(format!(
        "The database {} is up to date: {} migrations, {} of them applied now. {vectors}",
        operator.place(),
        migrated.all,
        migrated.now
    ))
}
