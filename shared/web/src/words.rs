//! Routes whose clients show the body of a failure to people as it is, such as the AI SDK's `useChat`: theirs are sentences.

use crate::{App, Routes, contract::operations};
use axum::{extract::Request, http::HeaderName, middleware::Next, response::Response};
use utoipa::openapi::extensions::ExtensionsBuilder;

/// The code, where the body has words only.
pub(crate) const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");

/// Marks an operation of the contract until what follows from it is known.
pub(crate) const MARK: &str = "x-failing-in-words";

/// Marks an answer whose failure is told in words.
#[derive(Clone, Copy)]
pub(crate) struct InWords;

/// `routes`, whose failures are plain text: the sentence of the problem, with its code in the header `x-error-code`.
pub fn failing_in_words(mut routes: Routes<App>) -> Routes<App> {
    for item in routes.get_openapi_mut().paths.paths.values_mut() {
        for operation in operations(item) {
            let mark = ExtensionsBuilder::new().add(MARK, true).build();
            operation.extensions.get_or_insert_default().merge(mark);
        }
    }
    routes.layer(axum::middleware::from_fn(mark))
}

async fn mark(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    answer.extensions_mut().insert(InWords);
    answer
}
