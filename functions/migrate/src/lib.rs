//! The schema, brought up to date with the powerful login of `DATABASE_URL`, which nothing else holds.

use db::Operator;
use service::OperatorConfig;

/// Creates the database roles and runs the migrations. Safe to run again, and several at once wait. Says what it did, in
/// one sentence.
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
    Ok(format!(
        "The database {} is up to date: {} migrations, {} of them applied now.",
        operator.place(),
        migrated.all,
        migrated.now
    ))
}
