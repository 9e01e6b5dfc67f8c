//! Variables that a deployment keeps in AWS Secrets Manager instead of in the environment.

use futures_util::FutureExt;
use std::collections::HashMap;

/// Names the secret.
const NAME: &str = "SECRETS_ARN";

/// The variables, and for those that are not set the members of the secret that `SECRETS_ARN` names.
///
/// # Errors
/// The secret cannot be read, is no JSON object of texts, or this program cannot read one.
pub(crate) async fn with_secret(
    vars: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<HashMap<String, String>> {
    let mut all: HashMap<String, String> = vars.filter(|(_, v)| !v.trim().is_empty()).collect();
    let Some(id) = all.get(NAME).cloned() else {
        return Ok(all);
    };
    // Boxed: the SDK's futures are too deep for the compiler to look through in every program.
    for (name, value) in fetch(&id).boxed().await? {
        all.entry(name).or_insert(value);
    }
    Ok(all)
}

#[cfg(not(feature = "aws-secrets"))]
async fn fetch(_: &str) -> anyhow::Result<HashMap<String, String>> {
    anyhow::bail!(
        "{NAME} is set, but this program was built without the feature aws-secrets. Build it with the feature, or set the variables themselves"
    )
}

#[cfg(feature = "aws-secrets")]
async fn fetch(id: &str) -> anyhow::Result<HashMap<String, String>> {
    use anyhow::Context;
    use aws_config::{BehaviorVersion, environment::EnvironmentVariableCredentialsProvider};
    use aws_smithy_http_client::{
        Builder,
        tls::{Provider, rustls_provider::CryptoMode},
    };

    // Lambda hands region and credentials over as variables. Nothing else is looked for: a file, or a metadata service
    // that is not there, would only cost time.
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(aws_config::environment::EnvironmentVariableRegionProvider::new())
        .load()
        .await;
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let found = secrets.get_secret_value().secret_id(id).send().await;
    let found = found.with_context(|| {
        format!("the secret of {NAME} cannot be read. Check that it exists in AWS_REGION and that the function's role may call secretsmanager:GetSecretValue on it")
    })?;
    // The parser's own message would repeat a part of the secret.
    found
        .secret_string()
        .and_then(|text| serde_json::from_str(text).ok())
        .with_context(|| {
            format!("the secret of {NAME} must be a JSON object whose members are texts")
        })
}
