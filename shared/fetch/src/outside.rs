//! The client for addresses that tenants name.

use crate::{PublicOnly, Refusal, Wishes, public::may_be_called, tls, wait::retry_after};
use reqwest::{
    Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
        HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use url::{Host, Url};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How many questions are left, and when there are more again, as a Unix time.
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// What a site wants done with what it answers.
const WISHES: HeaderName = HeaderName::from_static("x-robots-tag");
/// What a site may say of a version, in bytes.
const MAX_MARK: usize = 1000;

/// Asks whatever host a tenant names, at public addresses only. It holds no credentials but those that a question is asked with, and
/// follows no redirect: where one leads is checked as any address.
#[derive(Clone, Debug)]
pub struct Outside {
    http: reqwest::Client,
    own: Arc<[String]>,
    /// How long a whole answer may take.
    total: Duration,
}

/// What is known of a page that was read before, for a site to say that it is still so.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What there is at an address.
#[derive(Debug)]
pub enum Answer {
    /// This.
    Page(Page),
    /// What was there before, with what its site wants done with it now.
    Unchanged(Wishes),
    /// What is there is at this address.
    Elsewhere(Url),
    /// Nothing, any more.
    Gone,
}

/// What is at an address.
#[derive(Debug)]
pub struct Page {
    /// What it is said to be, without parameters; empty if that is not said.
    pub media_type: String,
    /// All of it.
    pub content: Vec<u8>,
    /// What its site says of this version.
    pub known: Known,
    /// What it wants done with it.
    pub wishes: Wishes,
}

impl Outside {
    /// A client that may also reach this machine and private networks under the host names of `own`, and waits `total` for a whole answer.
    ///
    /// # Errors
    /// TLS cannot be set up; not expected of a correct build.
    pub fn new(own: &[String], total: Duration) -> Result<Self, SetupError> {
        let own: Arc<[String]> = own.into();
        let resolver = PublicOnly {
            or_loopback: false,
            own: own.clone(),
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(total)
            .dns_resolver(resolver)
            // Without this header, an answer may come in any encoding (RFC 9110, 12.5.3).
            .default_headers(HeaderMap::from_iter([
                (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
                (
                    ACCEPT,
                    HeaderValue::from_static("text/html, application/xhtml+xml, */*;q=0.5"),
                ),
            ]))
            .user_agent(concat!("parlance-connector/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, own, total })
    }

    /// Asks for what is at an address, of which at most `most` bytes are read.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn get(&self, url: &Url, known: &Known, most: usize) -> Result<Answer, Refusal> {
        self.get_as(url, known, most, None).await
    }

    /// The same with a token, for whoever asks for it.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn get_as(
        &self,
        url: &Url,
        known: &Known,
        most: usize,
        token: Option<&SecretString>,
    ) -> Result<Answer, Refusal> {
        self.check(url)?;
        let mut request = self.http.get(url.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        for (name, mark) in [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ] {
            if let Some(mark) = mark {
                request = request.header(name, mark);
            }
        }
        let answer = request.send().await.map_err(|e| self.refusal(&e))?;
        let status = answer.status();
        match status {
            StatusCode::NOT_MODIFIED => Ok(Answer::Unchanged(wishes(&answer))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Answer::Gone),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let wait =
                    retry_after(answer.headers(), SystemTime::now()).map(|wait| wait.as_secs());
                Err(Refusal::Busy(status.as_u16(), wait))
            }
            // GitHub says so that it was asked too often, and until when.
            StatusCode::FORBIDDEN if mark(&answer, RATE_REMAINING).as_deref() == Some("0") => {
                let reset = mark(&answer, RATE_RESET).and_then(|at| at.parse().ok());
                Err(Refusal::Busy(403, reset.map(seconds_until)))
            }
            _ if status.is_redirection() => {
                let to = mark(&answer, LOCATION).and_then(|to| crate::address(url, &to));
                to.map(Answer::Elsewhere).ok_or(Refusal::Astray)
            }
            StatusCode::OK => self.read(answer, most).await.map(Answer::Page),
            _ => Err(Refusal::Status(status.as_u16())),
        }
    }

    /// Whether the deployment says that an address is of its own network.
    pub fn is_own(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        self.own.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// A host that is written as an address is not looked up, so it is checked here.
    fn check(&self, url: &Url) -> Result<(), Refusal> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Refusal::NotPublic),
        };
        let host = url.host_str().unwrap_or_default();
        match may_be_called(ip, host, &self.own) {
            true => Ok(()),
            false => Err(Refusal::NotPublic),
        }
    }

    async fn read(&self, mut answer: Response, most: usize) -> Result<Page, Refusal> {
        let encoding = mark(&answer, CONTENT_ENCODING).unwrap_or_default();
        if !["", "identity"].contains(&&*encoding) {
            return Err(Refusal::Encoded);
        }
        let too_large = || Refusal::TooLarge(most >> 20);
        if answer.content_length().unwrap_or(0) > most as u64 {
            return Err(too_large());
        }
        let media_type = mark(&answer, CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let media_type = media_type.trim().to_ascii_lowercase();
        let known = Known {
            etag: mark(&answer, ETAG),
            last_modified: mark(&answer, LAST_MODIFIED),
        };
        let wishes = wishes(&answer);
        let mut content = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.refusal(&e))? {
            if content.len() + chunk.len() > most {
                return Err(too_large());
            }
            content.extend_from_slice(&chunk);
        }
        Ok(Page {
            media_type,
            content,
            known,
            wishes,
        })
    }

    fn refusal(&self, e: &reqwest::Error) -> Refusal {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(e);
        while let Some(e) = cause {
            if e.is::<crate::public::NotPublic>() {
                return Refusal::NotPublic;
            }
            cause = e.source();
        }
        match e.is_timeout() {
            true => Refusal::Slow(self.total.as_secs()),
            false => Refusal::Unreachable,
        }
    }
}

fn seconds_until(unix: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    unix.saturating_sub(now.unwrap_or_default().as_secs())
}

fn wishes(answer: &Response) -> Wishes {
    let values = answer.headers().get_all(WISHES).iter();
    Wishes::of(values.filter_map(|value| value.to_str().ok()))
}

fn mark(answer: &Response, name: HeaderName) -> Option<String> {
    let value = answer.headers().get(name)?.to_str().ok()?;
    (value.len() <= MAX_MARK).then(|| value.to_owned())
}

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS configuration was refused.
    #[error("TLS for reading web pages could not be set up.")]
    Tls(#[from] rustls::Error),
    /// The HTTP client refused its configuration.
    #[error("The HTTP client for reading web pages could not be set up.")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const TOTAL: Duration = Duration::from_secs(30);

    #[tokio::test] // R60
    async fn nothing_of_this_machine_is_asked_however_it_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let outside = Outside::new(&[], TOTAL).unwrap();
        for host in [
            "127.0.0.1",
            "localhost",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "10.0.0.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
        ] {
            let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
            let refused = outside.get(&url, &Known::default(), 10).await;
            assert!(
                matches!(refused, Err(Refusal::NotPublic)),
                "{host}: {refused:?}"
            );
        }
        // What the deployment says is its own is asked, but where clouds have their secrets.
        let own = ["127.0.0.1", "169.254.169.254"].map(String::from);
        let outside = Outside::new(&own, TOTAL).unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let asked = tokio::spawn(async move { outside.get(&url, &Known::default(), 10).await });
        listener.accept().await.unwrap();
        asked.abort();
        let outside = Outside::new(&own, TOTAL).unwrap();
        let url = Url::parse("http://169.254.169.254/").unwrap();
        let refused = outside.get(&url, &Known::default(), 10).await;
        assert!(matches!(refused, Err(Refusal::NotPublic)), "{refused:?}");
    }
}
