//! The schema, brought up to date with the powerful login of `DATABASE_URL`, which nothing else holds.

use db::Operator;
use service::OperatorConfig;

/// Creates the database roles and runs the migrations. Safe to run again, and several at once wait.
///
/// # Errors
/// The configuration or the database does not allow it; the sentence says what to do.
pub async fn run() -> anyhow::Result<()> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    Ok(operator.migrate(&root).await?)
}
