//! A function that cannot start says why: to its log, and to Lambda.

use lambda_runtime_api_client::{Client, body::Body};
use serde_json::json;
use service::told;

/// Tells why the function cannot start. Lambda shows the reason to whoever invokes it and counts it as an error.
pub(crate) async fn report(name: &str, error: &anyhow::Error) {
    let reason = told(error.as_ref());
    tracing::error!(program = name, error = reason, "the function cannot start");
    if let Err(e) = tell_lambda(&reason).await {
        tracing::warn!(error = %e, "Lambda could not be told why the function cannot start");
    }
}

async fn tell_lambda(reason: &str) -> Result<(), lambda_http::Error> {
    let failure =
        json!({ "errorType": "Runtime.InitError", "errorMessage": reason, "stackTrace": [] });
    let request = axum::http::Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", "Runtime.InitError")
        .header("content-type", "application/json")
        .body(Body::from(failure.to_string()))?;
    Client::builder().build()?.call(request).await?;
    Ok(())
}
