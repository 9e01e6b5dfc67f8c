//! AWS Lambda: the runtime hands over one request at a time and freezes the process after the last byte.

use crate::App;
use axum::Router;

/// Serves until Lambda ends the process.
pub(super) async fn host(service: Router, _: App) -> anyhow::Result<()> {
    let served = lambda_http::run_with_streaming_response(service).await;
    served.map_err(|e| anyhow::anyhow!("the Lambda runtime failed: {e}"))
}
