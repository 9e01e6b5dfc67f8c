//! The databases of what is measured: one server, a database for each.

use crate::cpu;
use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use url::Url;

/// The server that all of them share.
pub struct DatabaseServer {
    connection: PgConnection,
    url: Url,
}

/// A database of its own, with roles of its own.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its name, and how the names of its roles begin.
    pub name: &'static str,
    create: &'static str,
}

/// Of the build that is measured.
pub const FIRST: Place = Place {
    name: "bench_a",
    create: "create database bench_a",
};
/// Of the build that it is compared with.
pub const SECOND: Place = Place {
    name: "bench_b",
    create: "create database bench_b",
};
/// Of the bare handler.
pub const THIRD: Place = Place {
    name: "bench_bare",
    create: "create database bench_bare",
};

impl DatabaseServer {
    /// The server at `url`, which is a superuser's.
    pub async fn connect(url: &SecretString) -> Result<Self> {
        let connection = PgConnection::connect(url.expose_secret()).await?;
        let url = Url::parse(url.expose_secret())?;
        Ok(Self { connection, url })
    }

    /// Makes the database; its URL.
    pub async fn create(&mut self, place: Place) -> Result<SecretString> {
        sqlx::raw_sql(place.create)
            .execute(&mut self.connection)
            .await?;
        let mut url = self.url.clone();
        url.set_path(place.name);
        Ok(String::from(url).into())
    }

    /// The process whose children serve its connections.
    pub async fn process(&mut self) -> Result<u32> {
        let own: i32 = sqlx::query_scalar("select pg_backend_pid()")
            .fetch_one(&mut self.connection)
            .await?;
        cpu::parent(u32::try_from(own)?).context("PostgreSQL's processes cannot be seen")
    }
}
