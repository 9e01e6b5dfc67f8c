//! The database of the service before this one: read in one snapshot, and never written.

pub(crate) mod catalogue;
pub(crate) mod fields;
pub(crate) mod rows;
pub(crate) mod shape;
pub(crate) mod sql;

use crate::{AdoptError, Mapping};
use catalogue::Catalogue;
use secrecy::SecretString;
use shape::Shape;
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// Nothing is asked outside of a transaction, and none can write.
const BEGIN: &str = "begin isolation level repeatable read read only";

/// A connection that sees the snapshot, and can write nothing.
pub(crate) type Snapshot = PgConnection;

/// A snapshot, and two connections that see it: conversations and messages are read side by side.
pub struct Source {
    pub(crate) first: Snapshot,
    pub(crate) second: Snapshot,
    /// Which database on which server.
    pub place: String,
    /// What it looks like.
    pub(crate) shape: Shape,
}

/// How the source is read.
#[derive(Default)]
pub struct Reading {
    /// What `--map` says.
    pub mapping: Mapping,
    /// The time zone of times without one; UTC without it.
    pub time_zone: Option<String>,
}

/// How to connect to it.
///
/// # Errors
/// The URL cannot be used.
pub fn options(url: &SecretString) -> Result<PgConnectOptions, AdoptError> {
    let options =
        db::connect_options(url).map_err(|e| AdoptError::Refused(vec![format!("--from {e}")]))?;
    // Nothing else: a pooler in front of it may refuse what it does not know.
    Ok(options.application_name("parlance adopt"))
}

impl Source {
    /// Takes a snapshot and looks at what there is.
    ///
    /// # Errors
    /// It cannot be reached, or is not shaped as anything known: then with everything that differs.
    pub async fn open(options: &PgConnectOptions, reading: &Reading) -> Result<Self, AdoptError> {
        let mut first = connect(options).await?;
        first.execute(BEGIN).await?;
        let catalogue = Catalogue::read(&mut first, reading).await?;
        let shape = Shape::of(&catalogue, reading).map_err(AdoptError::Refused)?;
        let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()")
            .fetch_one(&mut first)
            .await?;
        let mut second = connect(options).await?;
        second.execute(BEGIN).await?;
        sql::share_snapshot(&mut second, &snapshot).await?;
        Ok(Self {
            first,
            second,
            place: db::place(options),
            shape,
        })
    }

    /// Ends the snapshot.
    pub async fn close(self) {
        for connection in [self.first, self.second] {
            // What was read is read, however the connection ends.
            drop(connection.close().await);
        }
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, AdoptError> {
    let connecting = PgConnection::connect_with(options);
    match tokio::time::timeout(CONNECT, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(e)) => Err(AdoptError::Unreachable(db::Cause::from(e))),
        Err(_) => Err(AdoptError::Unreachable(db::Cause::from(
            sqlx::Error::PoolTimedOut,
        ))),
    }
}
