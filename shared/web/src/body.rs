//! The body of a request: whole, in time, and within what its route takes.

use crate::{BodyLimit, Error};
use axum::{
    RequestExt,
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use std::time::Duration;

/// How long a body may take to arrive, of a route that takes little.
const BODY_TIME: Duration = Duration::from_secs(15);
/// Of a route that takes more, another second for each of so many bytes.
const BYTES_A_SECOND: usize = 256 * 1024;

/// The whole body, within the route's limit and in time.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::MediaType("it is, without `Content-Encoding`"));
    }
    let limit = BodyLimit::of(request.extensions());
    // One that says itself that it is too large is not asked for.
    let announced = request.body().size_hint().lower();
    let request = request.with_limited_body();
    let most = request.body().size_hint().upper();
    if most.is_some_and(|most| most < announced) {
        return Err(Error::TooLarge(limit));
    }
    let seconds = limit.map_or(0, BodyLimit::bytes) / BYTES_A_SECOND;
    let patience = BODY_TIME + Duration::from_secs(seconds.try_into().unwrap_or(0));
    let reading = tokio::time::timeout(patience, Bytes::from_request(request, state));
    let read = reading.await.map_err(|_| Error::Slow)?;
    read.map_err(|rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(limit),
        _ => Error::Malformed("The body cannot be read.".into()),
    })
}

/// What the body says that it is.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<mime::Mime> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.parse().ok()
}
