//! A transaction whose every wait ends, and that is never left open on a connection that somebody else gets.
//!
//! sqlx's own begins with a message that may be cancelled before it knows of the transaction (transact-rs/sqlx#4393), and
//! waits for a server without end. This one is there before its first message is sent: dropped at any moment, it
//! rolls back, and what cannot be rolled back is closed.

mod standing;

pub(crate) use standing::DEADLINE;

use crate::{
    Need, Result, Slot, Whose,
    running::{logins::Connecting, pool::Pool},
};
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture, stream, stream::BoxStream};
use sqlx::{
    Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use standing::{Standing, State, answered};
use std::sync::{Arc, atomic::AtomicBool};
use tokio::time::timeout;

/// A connection of a pool, in a transaction or for one statement that is a transaction by itself.
pub(crate) struct Transaction {
    /// None once it was given back.
    connection: Option<PoolConnection<Postgres>>,
    /// Until then; none of what waits for nobody's turn.
    slot: Option<Slot>,
    standing: Standing,
}

impl Transaction {
    /// Begins one with `begin`, a message of one or more statements. Where the connection turns out to be dead, once more on
    /// another.
    pub(crate) async fn begin(
        pool: &Pool,
        whose: Whose,
        need: Need,
        begin: SqlStr,
    ) -> Result<Self> {
        let mut tx = Self::on(pool, whose, need, State::Open).await?;
        match tx.conn().execute(begin.clone()).await {
            Ok(_) => return Ok(tx),
            Err(e) if tx.standing.state != State::Broken => return Err(e.into()),
            Err(e) => tracing::debug!(error = %e, "a database connection had died"),
        }
        drop(tx);
        let mut tx = Self::on(pool, whose, Need::Begun, State::Open).await?;
        tx.conn().execute(begin).await?;
        Ok(tx)
    }

    /// A connection for one statement, which is a transaction by itself.
    pub(crate) async fn single(pool: &Pool, whose: Whose, need: Need) -> Result<Self> {
        Self::on(pool, whose, need, State::Ended).await
    }

    /// The same for a look at the database itself, which comes before everybody's turn.
    pub(crate) async fn at_once(pool: &Connecting) -> Result<Self> {
        Ok(Self {
            connection: Some(pool.acquire().await?),
            slot: None,
            standing: State::Ended.into(),
        })
    }

    /// A connection on which a transaction is begun by its first statement. The second tells from then on whether a statement
    /// failed.
    pub(crate) async fn watched(
        pool: &Pool,
        whose: Whose,
        need: Need,
    ) -> Result<(Self, Arc<AtomicBool>)> {
        let mut tx = Self::on(pool, whose, need, State::Open).await?;
        let failed = Arc::default();
        tx.standing.failed = Some(Arc::clone(&failed));
        Ok((tx, failed))
    }

    async fn on(pool: &Pool, whose: Whose, need: Need, state: State) -> Result<Self> {
        let (connection, slot) = pool.acquire(whose, need).await?;
        Ok(Self {
            connection: Some(connection),
            slot: Some(slot),
            standing: state.into(),
        })
    }

    /// What statements are run on.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn {
            connection: self.connection.as_mut().expect("only drop takes it"),
            standing: &mut self.standing,
        }
    }

    /// Makes the writes permanent, in one message.
    ///
    /// # Errors
    /// Also when an earlier statement failed and its error was overlooked: Postgres answers COMMIT of an aborted transaction
    /// like any other, so the transaction is asked for a sign of life first, and skips the rest if it gives none.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.conn().execute("select 1; commit").await?;
        self.standing.state = State::Ended;
        Ok(())
    }
}

impl Drop for Transaction {
    /// Gives the connection back, in a task of its own: out of its transaction, or not at all.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let (mut standing, slot) = (Standing::from(self.standing.state), self.slot.take());
        tokio::spawn(async move {
            // Whoever is next finds the connection in the pool.
            let _slot = slot;
            if standing.state == State::Open {
                let rollback = connection.execute("rollback");
                if let Err(e) = answered(&mut standing, rollback).await {
                    tracing::debug!(error = %e, "closing a connection whose transaction cannot be ended");
                    standing.state = State::Broken;
                }
            }
            if standing.state == State::Broken {
                return connection.close_on_drop();
            }
            // What returns it to the pool asks the server, too.
            if timeout(DEADLINE, connection.return_to_pool())
                .await
                .is_err()
            {
                tracing::warn!("closed a database connection that does not answer");
            }
        });
    }
}

/// The connection of a [`Transaction`]. Each statement has to be answered within [`DEADLINE`]; a connection that does not
/// answer, or whose server cannot do what it is there for, is not used again.
#[derive(Debug)]
pub(crate) struct Conn<'c> {
    connection: &'c mut PgConnection,
    standing: &'c mut Standing,
}

impl Conn<'_> {
    /// The same, for one of several statements.
    pub(crate) fn by_ref(&mut self) -> Conn<'_> {
        Conn {
            connection: self.connection,
            standing: self.standing,
        }
    }

    /// Runs several statements in one message: the rows of those that were done, and why the next one was refused, if one
    /// was.
    ///
    /// # Errors
    /// No answer came at all.
    pub(crate) async fn until_refused(
        self,
        statements: &'static str,
    ) -> Result<(Vec<PgRow>, Option<sqlx::Error>), sqlx::Error> {
        let Self {
            connection,
            standing,
        } = self;
        let mut steps = connection.fetch_many(statements);
        let all = async {
            let mut rows = Vec::new();
            while let Some(step) = steps.next().await {
                match step {
                    Ok(Either::Right(row)) => rows.push(row),
                    Ok(Either::Left(_)) => {}
                    Err(e @ sqlx::Error::Database(_)) => return Ok((rows, Some(e))),
                    Err(e) => return Err(e),
                }
            }
            Ok((rows, None))
        };
        answered(standing, all).await
    }
}

/// What a statement gives: rows, and how many it touched.
type Step = Either<PgQueryResult, PgRow>;

impl<'c> Executor<'c> for Conn<'c> {
    type Database = Postgres;

    /// All of the answer at once: it is a page of a list, or less.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let Self {
            connection,
            standing,
        } = self;
        let steps = connection.fetch_many(query).try_collect::<Vec<Step>>();
        let steps = async move { answered(standing, steps).await };
        stream::once(steps)
            .map_ok(|steps| stream::iter(steps.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let Self {
            connection,
            standing,
        } = self;
        Box::pin(answered(standing, connection.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        let Self {
            connection,
            standing,
        } = self;
        Box::pin(answered(standing, connection.prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        let Self {
            connection,
            standing,
        } = self;
        Box::pin(answered(standing, connection.describe(sql)))
    }
}
