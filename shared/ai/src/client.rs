//! The HTTP clients, built once and shared by all tenants because they hold no credentials.

use std::sync::Arc;

use fetch::{PrivateOnly, PublicOnly, tls};
use reqwest::{
    ClientBuilder,
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
};

use crate::{
    BaseUrl, Endpoints, Model, Models, Timeouts, Times, breaker::Breakers, params::Refusals,
};

/// Calls providers. Cloning shares the connections, and what is known of the providers.
#[derive(Debug, Clone)]
pub struct Client {
    /// For addresses that the deployment chose.
    pub(crate) http: reqwest::Client,
    /// Likewise, for answers that are streamed: a connection's buffers grow with the largest answer that it has carried, and
    /// a stream holds its connection for long.
    pub(crate) streams: reqwest::Client,
    /// Likewise, where they are plain http.
    pub(crate) private: reqwest::Client,
    /// For hosts that a tenant chose.
    pub(crate) public: reqwest::Client,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) models: Arc<Models>,
    pub(crate) timeouts: Timeouts,
    pub(crate) breakers: Breakers,
    pub(crate) refusals: Refusals,
    pub(crate) times: Times,
}

impl Client {
    /// Builds a client that trusts Mozilla's certificate authorities, follows no redirect, uses no
    /// proxy and never repeats a request by itself. Hosts that a tenant chose are reached at public
    /// addresses only.
    ///
    /// A redirect is not followed because it would carry a tenant's key or prompt to an address the
    /// deployment did not choose.
    ///
    /// # Errors
    /// [`SetupError`] if TLS cannot be set up; not expected of a correct build.
    pub fn new(
        endpoints: Endpoints,
        models: Models,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let or_loopback = endpoints.pinecone.is_loopback();
        let public = builder(&timeouts)?.dns_resolver(PublicOnly {
            or_loopback,
            own: [].into(),
        });
        Ok(Client {
            http: builder(&timeouts)?.build()?,
            streams: builder(&timeouts)?.build()?,
            private: builder(&timeouts)?.dns_resolver(PrivateOnly).build()?,
            public: public.build()?,
            endpoints: Arc::new(endpoints),
            models: Arc::new(models),
            timeouts,
            breakers: Breakers::new(),
            refusals: Refusals::none(),
            times: Times::none(),
        })
    }

    /// The client for calls to `base`.
    pub(crate) fn toward_base(&self, base: &BaseUrl, stream: bool) -> &reqwest::Client {
        match (base.as_url().scheme(), stream) {
            ("http", _) => &self.private,
            (_, true) => &self.streams,
            (_, false) => &self.http,
        }
    }

    /// The models this client knows.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The model by whose prices a call to `provider` is counted, whatever the [`Provider`](crate::Provider) is; see
    /// [`Models::priced`].
    pub fn priced(&self, provider: &str, asked: &str, named: Option<&str>) -> Option<&Model> {
        let table = match self.endpoints.get(provider) {
            Some(endpoint) => &endpoint.table,
            // The local one, or one that is gone.
            None => provider,
        };
        self.models.priced(table, asked, named)
    }

    /// How long calls took.
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// The addresses this client calls.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}

fn builder(timeouts: &Timeouts) -> Result<ClientBuilder, SetupError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(timeouts.connect)
        // Without this header, an answer may come in any encoding (RFC 9110, 12.5.3).
        .default_headers(HeaderMap::from_iter([(
            ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        )]))
        .user_agent(concat!("parlance/", env!("CARGO_PKG_VERSION")));
    Ok(builder)
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS configuration was refused.
    #[error("TLS for calls to providers could not be set up.")]
    Tls(#[from] rustls::Error),
    /// The HTTP client refused its configuration.
    #[error("The HTTP client for calls to providers could not be set up.")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_without_a_process_wide_crypto_provider() {
        Client::new(
            Endpoints::default(),
            Models::new(None).unwrap(),
            Timeouts::default(),
        )
        .unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }

    #[tokio::test] // R60
    async fn what_a_tenant_chose_does_not_reach_this_machine() {
        let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://localhost:{port}/");
        let client = Client::new(
            Endpoints::default(),
            Models::new(None).unwrap(),
            Timeouts::default(),
        )
        .unwrap();
        let refused = client.public.get(&url).send().await.unwrap_err();
        assert!(refused.is_connect(), "{refused:?}");
        // The other one gets as far as the listener.
        let called = tokio::spawn(client.http.get(&url).send());
        listener.accept().await.unwrap();
        called.abort();
    }
}
