//! Connections as a role whose password may be another one soon, or be one still: while one secret takes the place of another.

use crate::{BadDatabaseUrl, running::connect};
use secrecy::SecretString;
use sqlx::{
    PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A lazy pool, and the logins by which it may connect.
#[derive(Clone)]
pub(crate) struct Connecting {
    pub(crate) pool: PgPool,
    logins: Arc<Logins>,
}

struct Logins {
    all: Vec<PgConnectOptions>,
    /// Which of them was good last.
    used: AtomicUsize,
}

impl Connecting {
    /// # Errors
    /// A URL cannot be used, or there is none.
    pub(crate) fn new(
        pool: PgPoolOptions,
        urls: &[SecretString],
        name: &str,
    ) -> Result<Self, BadDatabaseUrl> {
        let all = urls.iter().map(connect::options);
        let all = all.map(|options| Ok(options?.application_name(name)));
        let all = all.collect::<Result<Vec<_>, BadDatabaseUrl>>()?;
        let first = all.first().cloned().ok_or(BadDatabaseUrl::NotAUrl)?;
        let used = AtomicUsize::new(0);
        Ok(Self {
            pool: pool.connect_lazy_with(first),
            logins: Arc::new(Logins { all, used }),
        })
    }

    /// A connection. Where the server refuses a login, the next one is tried, and used from then on: the server's password
    /// changes while this runs, at a moment that nobody tells.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let Logins { all, used } = &*self.logins;
        let mut tried = 1;
        loop {
            let with = used.load(Ordering::Acquire);
            match self.pool.acquire().await {
                Err(e) if tried < all.len() && is_refused(&e) => self.use_next(with),
                other => return other,
            }
            tried += 1;
        }
    }

    /// Uses the login after that one; of many who say so at once, one does.
    fn use_next(&self, refused: usize) {
        let Logins { all, used } = &*self.logins;
        let next = (refused + 1) % all.len();
        let is_first = used.compare_exchange(refused, next, Ordering::AcqRel, Ordering::Acquire);
        if is_first.is_ok()
            && let Some(options) = all.get(next)
        {
            tracing::info!("a database login was refused; the next one is used");
            self.pool.set_connect_options(options.clone());
        }
    }
}

/// Whether a server, or a pooler before it, does not know the password.
pub(crate) fn is_refused(e: &sqlx::Error) -> bool {
    let Some(e) = e.as_database_error() else {
        return false;
    };
    match e.code().as_deref() {
        // PostgreSQL, appendix A: invalid_password.
        Some("28P01") => true,
        // PgBouncer calls that a violation of the protocol.
        Some("08P01") => e.message().contains("authentication failed"),
        _ => false,
    }
}
