//! Services that are not this test's own build: cargo-lambda's emulator, and whatever `PARITY_URL` names.

use super::{
    door::{Answered, Door},
    scenario::Asked,
};
use crate::kit::{
    Kit,
    database::{connect_to, seed},
    environment,
    lambda::functions::{FUNCTIONS, function_of, launch},
    wait::{wait_for, wait_until},
};
use axum::body::Body;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sqlx::Executor;
use std::{net::Ipv4Addr, process::Stdio};
use tokio::{
    net::{TcpListener, TcpStream},
    process::Child,
};

/// Starts of the names of headers that fronts add: AWS's, the emulator's, and proxies'. The service has none like it.
const OF_FRONTS: &[&str] = &["apigw-", "lambda-runtime-", "server", "via", "x-amz"];

/// A service at a URL.
pub(super) struct Service {
    /// One that sends paths as they are.
    client: Client<HttpsConnector<HttpConnector>, Body>,
    /// Scheme, host and perhaps the start of a path.
    base: String,
    host: String,
    emulator: Option<Emulator>,
}

impl Service {
    fn at(base: &str, emulator: Option<Emulator>) -> Self {
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().build();
        let uri: Uri = base.parse().expect("PARITY_URL is a URL");
        let authority = uri.authority().expect("PARITY_URL has a host");
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: base.trim_end_matches('/').to_owned(),
            host: authority.to_string(),
            emulator,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) async fn ask(&self, asked: Asked) -> Answered {
        let (start, lines) = match &self.emulator {
            Some(_) => {
                let function = function_of(&asked.path);
                (format!("/lambda-url/{function}"), joined(asked.headers))
            }
            None => (String::new(), asked.headers),
        };
        let url = format!("{}{start}{}", self.base, asked.path);
        let mut request = Request::builder().method(&*asked.method).uri(&url);
        for (name, value) in lines {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(asked.body.unwrap_or_default()));
        let request = request.expect("the request is well formed");
        let what = format!("the answer of {url}");
        let answer = wait_for(what, self.client.request(request)).await;
        let answer = answer.unwrap_or_else(|e| panic!("{url} does not answer: {e}"));
        let mut answered = Answered::read(answer).await;
        let is_fronts = |name: &str| OF_FRONTS.iter().any(|start| name.starts_with(start));
        answered.headers.retain(|(name, _)| !is_fronts(name));
        answered
    }
}

/// One line of each header. The emulator passes on only the first of several, where AWS's fronts join them.
fn joined(lines: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, value) in lines {
        match joined.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => *values += &format!(",{value}"),
            None => joined.push((name, value)),
        }
    }
    joined
}

/// cargo-lambda's front and Runtime API, with the functions before it; all end with this.
pub(super) struct Emulator {
    _programs: Vec<Child>,
    port: u16,
}

impl Emulator {
    /// Starts it on the database of `kit`.
    pub(super) async fn start(kit: &Kit, vars: &[(String, String)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let port = listener.and_then(|l| l.local_addr());
        let port = port.expect("a port is free").port();
        let mut command = tokio::process::Command::new("cargo");
        command
            .args(["lambda", "watch", "--only-lambda-apis", "--disable-cors"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port"])
            .arg(port.to_string())
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let emulator = command.spawn();
        let emulator = emulator.expect("the emulator needs cargo-lambda on PATH");
        wait_until(
            "cargo-lambda's emulator to accept connections",
            async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await,
        )
        .await;
        let functions = FUNCTIONS.iter().map(|name| {
            let vars = environment(&kit.database).into_iter().chain(vars.to_vec());
            launch(name, vars, &format!("http://127.0.0.1:{port}/.rt/{name}"))
        });
        Self {
            _programs: functions.chain([emulator]).collect(),
            port,
        }
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
