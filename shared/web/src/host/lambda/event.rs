//! The events of Lambda's front doors, made alike before they become requests.

use lambda_http::{LambdaEvent, request::LambdaRequest};
use std::mem;

/// The event as if every front door sent the path and the headers that its client sent.
pub(super) fn normal(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    match &mut event.payload {
        LambdaRequest::ApiGatewayV1(rest) => {
            // The stage is not in `path`, and lambda_http would put it there.
            rest.request_context.stage = None;
            // `headers` holds the last value only of a header that came more than once, and lambda_http would let it win.
            for (name, value) in &mem::take(&mut rest.headers) {
                if !rest.multi_value_headers.contains_key(name) {
                    rest.multi_value_headers.append(name, value.clone());
                }
            }
        }
        LambdaRequest::ApiGatewayV2(http) => {
            // Here the stage is in `rawPath` already, unless it is the default one.
            let stage = http.request_context.stage.take().unwrap_or_default();
            let path = http.raw_path.as_deref().unwrap_or_default();
            let inner = path.strip_prefix('/').and_then(|p| p.strip_prefix(&stage));
            if let Some(inner) = inner.filter(|p| !stage.is_empty() && p.starts_with('/')) {
                http.raw_path = Some(inner.to_owned());
            }
        }
        // No other front door is compiled in.
        _ => {}
    }
    event
}
