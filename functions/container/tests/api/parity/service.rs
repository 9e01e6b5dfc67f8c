//! Services that are not this test's own build: cargo-lambda's emulator, and whatever `PARITY_URL` names.

use super::{
    door::{Answered, Door},
    scenario::Asked,
};
use crate::kit::{
    Kit,
    database::{connect_to, seed},
    environment,
    lambda::functions::function_of,
};
use reqwest::{Client, Method, redirect::Policy};
use sqlx::Executor;
use std::{net::Ipv4Addr, process::Stdio, time::Duration};
use tokio::{net::TcpListener, process::Child};

/// A service at a URL.
pub(super) struct Service {
    client: Client,
    base: url::Url,
    host: String,
    emulator: Option<Emulator>,
}

impl Service {
    fn at(base: &str, emulator: Option<Emulator>) -> Self {
        // Another test of this process may have chosen first, and the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().redirect(Policy::none()).no_proxy();
        // The first request to a function of the emulator compiles it.
        let client = client.timeout(Duration::from_secs(900)).build();
        let base = url::Url::parse(base).expect("PARITY_URL is a URL");
        let host = base.host_str().expect("PARITY_URL has a host");
        let port = base.port().map(|port| format!(":{port}"));
        Self {
            client: client.expect("TLS can be set up"),
            host: format!("{host}{}", port.unwrap_or_default()),
            base,
            emulator,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) async fn ask(&self, asked: Asked) -> Answered {
        let base = self.base.as_str().trim_end_matches('/');
        let function = self.emulator.as_ref().map(|_| function_of(&asked.path));
        let function = function.map_or(String::new(), |name| format!("/lambda-url/{name}"));
        let url = format!("{base}{function}{}", asked.path);
        let method = Method::from_bytes(asked.method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, &url);
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        if let Some(body) = asked.body {
            request = request.body(body);
        }
        let answer = request.send().await;
        let answer = answer.unwrap_or_else(|e| panic!("{url} does not answer: {e}"));
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = value.to_str().expect("the header is text");
            (name.as_str().to_owned(), value.to_owned())
        });
        Answered {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.text().await.expect("the body arrives"),
        }
    }
}

/// `cargo lambda watch`, which ends with this.
pub(super) struct Emulator {
    _program: Child,
    port: u16,
}

impl Emulator {
    /// Starts it on the database of `kit`; each function is compiled when it is first asked.
    pub(super) async fn start(kit: &Kit, vars: &[(String, String)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let port = listener.and_then(|l| l.local_addr());
        let port = port.expect("a port is free").port();
        let mut command = tokio::process::Command::new("cargo");
        command
            .args([
                "lambda",
                "watch",
                "--features",
                "lambda",
                "--ignore-changes",
            ])
            .args([
                "--disable-cors",
                "--offline",
                "--invoke-address",
                "127.0.0.1",
            ])
            .args(["--invoke-port", &port.to_string()])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .envs(environment(&kit.database))
            .envs(vars.iter().cloned())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let program = command.spawn();
        let program = program.expect("the emulator needs cargo-lambda on PATH");
        let emulator = Self {
            _program: program,
            port,
        };
        crate::kit::http::eventually(async || {
            let address = (Ipv4Addr::LOCALHOST, port);
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
        emulator
    }

    pub(super) fn door(self) -> Door {
        let base = format!("http://127.0.0.1:{}", self.port);
        Door::Service(Service::at(&base, Some(self)))
    }
}

/// A service that is running, on a database that is for this test alone.
pub(super) struct Deployment {
    url: String,
    database: String,
}

impl Deployment {
    /// What the environment names.
    pub(super) fn named() -> Self {
        let url = std::env::var("PARITY_URL");
        let database = std::env::var("PARITY_DATABASE_URL");
        Self {
            url: url.expect("PARITY_URL is the URL of a service"),
            database: database.expect("PARITY_DATABASE_URL names the database of that service"),
        }
    }

    /// Somebody's data would be deleted.
    pub(super) async fn refuse_strangers(&self) {
        let mut connection = connect_to(&self.database).await;
        let tenants = sqlx::query_scalar("select count(*) from parlance.tenants");
        let tenants: i64 = tenants.fetch_one(&mut connection).await.expect("a count");
        assert_eq!(tenants, 0, "the database of PARITY_URL has tenants");
    }

    /// A way in that finds the people of the template and nothing else.
    pub(super) async fn door(&self) -> Door {
        self.clear().await;
        seed(&mut connect_to(&self.database).await).await;
        Door::Service(Service::at(&self.url, None))
    }

    /// Deletes everything.
    pub(super) async fn clear(&self) {
        let mut connection = connect_to(&self.database).await;
        let cleared = connection.execute("truncate parlance.tenants cascade");
        cleared.await.expect("the tenants can be deleted");
    }
}
