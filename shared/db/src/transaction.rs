//! A transaction whose every wait ends, and that is never left open on a connection that somebody else gets.
//!
//! sqlx's own begins with a message that may be cancelled before it knows of the transaction (transact-rs/sqlx#4393), and
//! waits for a server without end. This one is there before its first message is sent: dropped at any moment, it
//! rolls back, and what cannot be rolled back is closed.

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
use std::{io::ErrorKind, time::Duration};
use tokio::time::timeout;

/// How long one message to the database may take: longer than the role's own `statement_timeout`, which is the server's
/// and says nothing about one that does not answer at all.
pub(crate) const DEADLINE: Duration = Duration::from_secs(7);

/// A connection of a pool, in a transaction or for one statement that is a transaction by itself.
pub(crate) struct Transaction {
    /// None once it was given back.
    connection: Option<PoolConnection<Postgres>>,
    /// Until then; none of what waits for nobody's turn.
    slot: Option<Slot>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There may be a transaction to roll back.
    Open,
    /// There is none.
    Ended,
    /// The connection must not be used again.
    Broken,
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
            Err(e) if tx.state != State::Broken => return Err(e.into()),
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
            state: State::Ended,
        })
    }

    async fn on(pool: &Pool, whose: Whose, need: Need, state: State) -> Result<Self> {
        let (connection, slot) = pool.acquire(whose, need).await?;
        Ok(Self {
            connection: Some(connection),
            slot: Some(slot),
            state,
        })
    }

    /// What statements are run on.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn {
            connection: self.connection.as_mut().expect("only drop takes it"),
            state: &mut self.state,
        }
    }

    /// Makes the writes permanent, in one message.
    ///
    /// # Errors
    /// Also when an earlier statement failed and its error was overlooked: Postgres answers COMMIT of an aborted transaction
    /// like any other, so the transaction is asked for a sign of life first, and skips the rest if it gives none.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.conn().execute("select 1; commit").await?;
        self.state = State::Ended;
        Ok(())
    }
}

impl Drop for Transaction {
    /// Gives the connection back, in a task of its own: out of its transaction, or not at all.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let (mut state, slot) = (self.state, self.slot.take());
        tokio::spawn(async move {
            // Whoever is next finds the connection in the pool.
            let _slot = slot;
            if state == State::Open {
                let rollback = connection.execute("rollback");
                if let Err(e) = answered(&mut state, rollback).await {
                    tracing::debug!(error = %e, "closing a connection whose transaction cannot be ended");
                    state = State::Broken;
                }
            }
            if state == State::Broken {
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
    state: &'c mut State,
}

impl Conn<'_> {
    /// The same, for one of several statements.
    pub(crate) fn by_ref(&mut self) -> Conn<'_> {
        Conn {
            connection: self.connection,
            state: self.state,
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
        let Self { connection, state } = self;
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
        answered(state, all).await
    }
}

async fn answered<T>(
    state: &mut State,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = timeout(DEADLINE, answer).await.unwrap_or_else(|_| {
        let silent = "the database did not answer in time";
        Err(std::io::Error::new(ErrorKind::TimedOut, silent).into())
    });
    if answer.as_ref().is_err_and(is_fatal) {
        *state = State::Broken;
    }
    answer
}

/// Whether an error says something about the connection rather than about the statement.
fn is_fatal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        // PostgreSQL, appendix A: connection exceptions, read_only_sql_transaction (the server has become a standby),
        // transaction timeouts, and whoever shuts down.
        sqlx::Error::Database(e) => e.code().is_some_and(|code| {
            code.starts_with("08")
                || [
                    "25006", "25P03", "25P04", "57P01", "57P02", "57P03", "57P05",
                ]
                .contains(&&*code)
        }),
        _ => false,
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
        let Self { connection, state } = self;
        let steps = connection.fetch_many(query).try_collect::<Vec<Step>>();
        let steps = async move { answered(state, steps).await };
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
        let Self { connection, state } = self;
        Box::pin(answered(state, connection.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        let Self { connection, state } = self;
        Box::pin(answered(state, connection.prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        let Self { connection, state } = self;
        Box::pin(answered(state, connection.describe(sql)))
    }
}
