//! One way to speak to either engine.

use std::pin::Pin;

use anyhow::{Context, Result};
use rusqlite::params_from_iter;

use super::columns::{Row, Value};
use super::users::UserTable;
use super::{postgres, sqlite};

/// A connection to the database, for a while: a look, or a transaction.
pub(super) enum Session<'a> {
    Sqlite(&'a sqlite::Connection),
    Postgres(&'a postgres::Session),
}

impl Session<'_> {
    /// The text for this engine, where the two have no common one.
    pub(super) fn dialect<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Does what a statement says, and answers how many rows it touched.
    pub(super) async fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        match self {
            Self::Sqlite(connection) => {
                let connection = connection.lock();
                let mut statement = connection.prepare_cached(sql)?;
                debug_assert!(has_places_in_order(&statement), "{sql}");
                Ok(statement.execute(params_from_iter(values))?)
            }
            Self::Postgres(session) => session.execute(sql, values).await,
        }
    }

    /// Refuses a statement that could not be executed.
    pub(super) async fn prepare(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.lock().prepare(sql).map(drop)?,
            Self::Postgres(session) => session.check(sql).await?,
        }
        Ok(())
    }

    /// Does what several statements in one text say.
    pub(super) async fn batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.lock().execute_batch(sql)?),
            Self::Postgres(session) => session.batch(sql).await,
        }
    }

    /// All rows of a query, each as `read` reads it.
    pub(super) async fn all<T: Send>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T> + Send,
    ) -> Result<Vec<T>> {
        self.some(sql, values, read, usize::MAX).await
    }

    /// The first row of a query.
    pub(super) async fn first<T: Send>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        let mut first = self.some(sql, values, read, 1).await?;
        Ok(first.pop())
    }

    /// The only row of a query that always has one.
    pub(super) async fn one<T: Send>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T> + Send,
    ) -> Result<T> {
        let row = self.first(sql, values, read).await?;
        row.context("a query that always has a row had none")
    }

    async fn some<T: Send>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(Row<'_>) -> Result<T> + Send,
        most: usize,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(connection) => {
                let connection = connection.lock();
                let mut statement = connection.prepare_cached(sql)?;
                debug_assert!(has_places_in_order(&statement), "{sql}");
                let mut rows = statement.query(params_from_iter(values))?;
                let mut answers = Vec::new();
                while answers.len() < most
                    && let Some(row) = rows.next()?
                {
                    answers.push(read(Row::Sqlite(row))?);
                }
                Ok(answers)
            }
            Self::Postgres(session) => {
                let rows = session.query(sql, values).await?;
                let rows = rows.iter().take(most);
                rows.map(|row| read(Row::Postgres(row))).collect()
            }
        }
    }
}

/// For SQLite `$2` is a name: values go to the places in the order they are first named in.
fn has_places_in_order(statement: &rusqlite::Statement<'_>) -> bool {
    let is_in_order = |place: usize| {
        let name = statement.parameter_name(place);
        name == Some(format!("${place}").as_str())
    };
    (1..=statement.parameter_count()).all(is_in_order)
}

/// What a caller wants done, and with what.
pub(super) type Task<A, T> = for<'a> fn(&'a Session<'a>, &'a UserTable, &'a A) -> Work<'a, T>;

/// What is done in a session. On SQLite nothing of it ever waits.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;
