//! Paths whose clients show the body of a failure to people as it is, such as the AI SDK's `useChat`: theirs are sentences.

use axum::http::HeaderName;

/// The code, where the body has words only.
pub(crate) const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");

/// Where failures are plain text: the sentence of the problem, with its code in the header `x-error-code`; at a route or
/// elsewhere.
pub(crate) fn is_in_words(path: &str) -> bool {
    path == "/chat/ui" || path.starts_with("/chat/ui/")
}
