//! Sending a request, judging its status, and reading a body without trusting its length.

use std::time::Duration;

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use tokio_util::bytes::Bytes;
use url::Url;

use crate::{
    Error,
    failure::Failure,
    frames::{MAX_JSON, MAX_STREAM},
    reported::refuses_content,
    why,
};

/// The most bytes of a refusal that are read.
const MAX_REFUSAL: usize = 64 * 1024;

/// `prefix` and `key` as a header value that is left out of debug output.
///
/// # Errors
/// [`Error::Auth`] if the key has characters that a header cannot carry.
pub(crate) fn secret_header(prefix: &str, key: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.expose_secret()))
        .map_err(|_| Error::Auth)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Sends `request` and gives the answer, whatever its status, its body unread.
///
/// Headers are limited by hyper, to 100 of them and about 400 KiB together.
///
/// # Errors
/// [`Error::Unreachable`], or [`Error::Interrupted`] if the connection ended before an answer.
pub(crate) async fn answered(service: &str, request: RequestBuilder) -> Result<Response, Error> {
    let (client, request) = request.build_split();
    let mut request = request.map_err(|error| not_answered(&error))?;
    traces::carry(request.headers_mut());
    let waiting = Waiting::begin(service, request.url());
    let answer = client.execute(request).await;
    let host = waiting.end();
    answer.map_err(|error| {
        let (cause, error) = (why::not_answered(&error), not_answered(&error));
        let code = error.code();
        tracing::warn!(service, host, code, cause, "a provider did not answer");
        error
    })
}

/// A request that has no answer yet. Dropped so, its time was over: what gives up on it does not know whom it asked.
struct Waiting<'a> {
    service: &'a str,
    host: Option<String>,
}

impl<'a> Waiting<'a> {
    fn begin(service: &'a str, url: &Url) -> Self {
        let host = Some(host(url));
        Self { service, host }
    }

    fn end(mut self) -> String {
        self.host.take().unwrap_or_default()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(host) = &self.host {
            let service = self.service;
            tracing::warn!(service, host, "a provider was not waited for any longer");
        }
    }
}

/// Host and port of an address: all of it that a log may tell.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Sends `request` and passes on a successful answer, its body unread.
///
/// The body of any other is dropped unread: it may repeat the key or the prompt. Of one that is about the account, the
/// beginning is kept to learn what is wrong with it.
///
/// # Errors
/// Those of [`answered`], and what the status means.
pub(crate) async fn send(service: &str, request: RequestBuilder) -> Result<Response, Failure> {
    let response = answered(service, request).await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let mut failure = refused(service, &response);
    let is_about_account = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    if is_about_account.contains(&response.status()) {
        failure.body = beginning(response).await;
    }
    Err(failure)
}

fn refused(service: &str, response: &Response) -> Failure {
    let failure = Failure::of(response);
    let (status, code) = (response.status().as_u16(), failure.error.code());
    let host = host(response.url());
    tracing::warn!(service, host, status, code, "a provider refused a request");
    failure
}

/// Sends `request` and passes on a successful answer of which a [`Reply`](crate::reply::Reply) may be read. Of one that
/// says that the request is wrong, the beginning is read to learn what is.
///
/// # Errors
/// Those of [`send`]; [`Error::Invalid`] if it says that it is longer than one may be.
pub(crate) async fn open(service: &str, request: RequestBuilder) -> Result<Response, Failure> {
    let response = answered(service, request).await?;
    if !response.status().is_success() {
        let mut failure = refused(service, &response);
        match response.status() {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                failure.body = beginning(response).await;
            }
            // The key may be good, and the question not.
            StatusCode::FORBIDDEN if refuses_content(&beginning(response).await) => {
                failure.error = Error::Content;
            }
            StatusCode::PAYMENT_REQUIRED | StatusCode::NOT_FOUND => {
                failure.error = Error::Misconfigured;
            }
            _ => {}
        }
        return Err(failure);
    }
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let most = match kind.starts_with("text/event-stream") {
        true => MAX_STREAM,
        false => MAX_JSON,
    };
    match announced(&response) > most as u64 {
        true => Err(Error::Invalid.into()),
        false => Ok(response),
    }
}

/// The beginning of a body, as far as it comes.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = chunk(&mut response).await {
        let room = MAX_REFUSAL - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_REFUSAL {
            break;
        }
    }
    body
}

/// The next part of the body; `None` at its end.
///
/// # Errors
/// [`Error::Interrupted`]
pub(crate) async fn chunk(response: &mut Response) -> Result<Option<Bytes>, Error> {
    response.chunk().await.map_err(|_| Error::Interrupted)
}

/// Notes that an answer that had begun came to a bad end.
pub(crate) fn note_broken(service: &str, response: &Response, error: &Error) {
    let (host, code) = (host(response.url()), error.code());
    tracing::warn!(service, host, code, "an answer broke off or made no sense");
}

/// Waits for `work`, but not longer than `limit`.
///
/// # Errors
/// [`Error::Timeout`], or the error of `work`.
pub(crate) async fn within<T, E: From<Error>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let done = tokio::time::timeout(limit, work).await;
    done.unwrap_or_else(|_| Err(Error::Timeout.into()))
}

/// Sends `request` and parses the JSON of its answer.
///
/// # Errors
/// Those of [`send`]; [`Error::Interrupted`] if the body breaks off; [`Error::Invalid`] if it is longer than 4 MiB or
/// is not what `T` expects.
pub(crate) async fn json<T: DeserializeOwned>(
    service: &str,
    request: RequestBuilder,
) -> Result<T, Failure> {
    let body = read(send(service, request).await?).await?;
    serde_json::from_slice(&body).map_err(|_| {
        let code = Error::Invalid.code();
        tracing::warn!(
            service,
            code,
            "a provider's answer is not what was asked for"
        );
        Error::Invalid.into()
    })
}

/// Reads at most [`MAX_JSON`] bytes.
async fn read(mut response: Response) -> Result<Vec<u8>, Error> {
    if announced(&response) > MAX_JSON as u64 {
        return Err(Error::Invalid);
    }
    let mut body = Vec::new();
    while let Some(chunk) = chunk(&mut response).await? {
        if body.len() + chunk.len() > MAX_JSON {
            return Err(Error::Invalid);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How long the body is, as far as its header says.
fn announced(response: &Response) -> u64 {
    response.content_length().unwrap_or(0)
}

fn not_answered(error: &reqwest::Error) -> Error {
    if error.is_connect() || error.is_builder() {
        Error::Unreachable
    } else if error.is_timeout() {
        Error::Timeout
    } else {
        Error::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // R51
    fn a_key_is_hidden_and_a_broken_one_is_refused() {
        let value = secret_header("Bearer ", &"canary".into()).unwrap();
        assert!(!format!("{value:?}").contains("canary"));
        assert_eq!(
            secret_header("Bearer ", &"a\nb".into()).unwrap_err(),
            Error::Auth
        );
    }
}
