//! `parlance dev`: everything on this machine, with demo data, on one command.

use crate::{
    cluster::{Cluster, Keep, private_file},
    demo::{self, Demo},
    shop::Shop,
};
use anyhow::{Context, Result, anyhow};
use axum::Router;
use db::Operator;
use secrecy::{ExposeSecret, SecretString};
use service::{Clock, Config, OperatorConfig, Service};
use std::{
    collections::HashMap,
    fs,
    future::pending,
    io::{ErrorKind, Write},
    path::Path,
    time::Instant,
};
use tenant_auth::generate_password;
use web::{App, Listeners};

/// Where the state is kept, in the current folder.
const STATE: &str = ".parlance";

/// Runs until Ctrl-C.
///
/// # Errors
/// The sentence says what to do.
pub async fn run() -> Result<()> {
    let started = Instant::now();
    let state = Path::new(STATE);
    fs::create_dir_all(state).context("the folder .parlance cannot be made here")?;
    let mut vars: HashMap<String, String> = service::environment().collect();
    add_secrets(&mut vars, state)?;
    // Whatever is wrong with the configuration or the port is said before anything is made.
    let listeners = web::bind_loopback(checked(&vars)?.port).await?;
    // It may be one that the system chose.
    if let Some(port) = listeners.port() {
        vars.insert("PORT".to_owned(), port.to_string());
    }
    let Config { port, widget, .. } = checked(&vars)?;
    let shop = match widget {
        true => Some(Shop::bind(port).await?),
        // Its page would be one like any other.
        false => None,
    };
    let cluster = add_database(&mut vars, state)?;
    let prepared = tokio::select! {
        prepared = prepare(vars, state, shop) => prepared,
        Ok(()) = tokio::signal::ctrl_c() => Err(anyhow!("stopped before it was ready")),
    };
    let served = match prepared {
        Ok(prepared) => prepared.serve(listeners, started).await,
        Err(e) => Err(e),
    };
    if let Some(cluster) = cluster {
        step("stopping PostgreSQL")?;
        cluster.stop()?;
    }
    served
}

/// A configuration that is good as far as it goes.
fn checked(vars: &HashMap<String, String>) -> Result<Config> {
    let mut vars = vars.clone();
    let url = vars.entry("DATABASE_URL".into()).or_default();
    if url.is_empty() {
        *url = "postgresql://127.0.0.1/not-yet".into();
    }
    Ok(Config::from_vars(vars)?)
}

/// A service with its demo data, not yet listening.
struct Prepared {
    app: App,
    service: Router,
    demo: Demo,
    /// The page, with the key of its site.
    shop: Option<(Shop, String)>,
}

async fn prepare(
    vars: HashMap<String, String>,
    state: &Path,
    shop: Option<Shop>,
) -> Result<Prepared> {
    step("bringing the database up to date")?;
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_vars(vars.clone())?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    operator.migrate(&root).await?;

    let mut config = Config::from_vars(vars)?;
    config.local_origins = true;
    let app = App::new(Service::new(config, Clock::System)?);
    app.db.check().await?;
    let service = web::router(crate::routes(), app.clone());
    let page = shop.as_ref().map(|shop| shop.origin().to_owned());
    let demo = Demo::load_or_new(&state.join("demo.json"), app.config.port, page)?;
    step("preparing the demo tenants")?;
    let site_key = demo::seed(&demo, &mut operator, &service, &app.hasher).await?;
    Ok(Prepared {
        app,
        service,
        demo,
        shop: shop.zip(site_key),
    })
}

impl Prepared {
    async fn serve(self, listeners: Listeners, started: Instant) -> Result<()> {
        crate::say(&self.demo.welcome(started.elapsed()))?;
        service::start_logging()?;
        self.app.tasks.spawn(jobs::repeat(self.app.service()));
        tokio::select! {
            served = web::serve_tcp(listeners, self.service, self.app) => served,
            Err(e) = async {
                match self.shop {
                    Some((shop, site_key)) => shop.serve(&self.demo, site_key).await,
                    None => pending().await,
                }
            } => Err(e),
        }
    }
}

/// Secrets that the environment does not set are made once and kept.
fn add_secrets(vars: &mut HashMap<String, String>, state: &Path) -> Result<()> {
    let path = state.join("secrets.json");
    let mut kept: HashMap<String, String> = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .context(".parlance/secrets.json does not parse; restore or delete it")?,
        Err(e) if e.kind() == ErrorKind::NotFound => HashMap::new(),
        Err(e) => return Err(e).context(".parlance/secrets.json cannot be read"),
    };
    let known = kept.len();
    for name in ["SECRET_KEY", "JWT_SECRET_KEY"] {
        if vars.get(name).is_none_or(String::is_empty) {
            let secret = kept.entry(name.to_owned()).or_insert_with(long_secret);
            vars.insert(name.to_owned(), secret.clone());
        }
    }
    if kept.len() > known {
        serde_json::to_writer_pretty(private_file(&path)?, &kept)?;
    }
    Ok(())
}

/// 72 characters: enough for every algorithm.
fn long_secret() -> String {
    (0..3)
        .map(|_| generate_password().expose_secret().to_owned())
        .collect()
}

/// A database that the environment does not name is started here.
fn add_database(vars: &mut HashMap<String, String>, state: &Path) -> Result<Option<Cluster>> {
    if vars.get("DATABASE_URL").is_some_and(|url| !url.is_empty()) {
        return Ok(None);
    }
    step("starting a private PostgreSQL")?;
    let cluster = Cluster::start(&state.join("postgres"), Keep::Data)?;
    let url: SecretString = cluster.url()?;
    vars.insert("DATABASE_URL".into(), url.expose_secret().to_owned());
    Ok(Some(cluster))
}

fn step(what: &str) -> Result<()> {
    Ok(writeln!(std::io::stderr(), "parlance dev: {what}")?)
}
