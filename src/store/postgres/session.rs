use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use deadpool_postgres::Object;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::{Failure, Refusal};
use crate::store::columns::Value;

/// A connection, for a look or a transaction. The transaction begins with its first statement, in one
/// round trip.
pub(in crate::store) struct Session {
    link: Link,
    /// What a transaction begins with; `None` for a look.
    begin: Option<Arc<str>>,
    has_begun: AtomicBool,
    has_failed: AtomicBool,
    /// Whether the connection is of no more use.
    is_spoilt: AtomicBool,
}

enum Link {
    /// Of the pool; there until the session is dropped.
    Pooled(Option<Object>),
    /// One's own.
    Alone(Client),
}

impl Session {
    pub(super) fn pooled(client: Object, begin: Option<Arc<str>>) -> Self {
        Self::new(Link::Pooled(Some(client)), begin)
    }

    /// For looks, and for whoever minds transactions without help.
    pub(super) fn alone(client: Client) -> Self {
        Self::new(Link::Alone(client), None)
    }

    fn new(link: Link, begin: Option<Arc<str>>) -> Self {
        Self {
            link,
            begin,
            has_begun: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            is_spoilt: AtomicBool::new(false),
        }
    }

    pub(in crate::store) async fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        let statement = self.prepare(sql).await?;
        let values = as_parameters(values);
        let rows = self.run(self.client().execute(&statement, &values)).await?;
        Ok(usize::try_from(rows)?)
    }

    /// A whole transaction of one statement, in one round trip. Another may come after it.
    pub(in crate::store) async fn execute_alone(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<usize> {
        let statement = self.prepare(sql).await?;
        let values = as_parameters(values);
        let execute = self.run(self.client().execute(&statement, &values));
        // Of a statement that fails this is a rollback.
        let (rows, ()) = tokio::try_join!(biased; execute, self.end("COMMIT"))?;
        Ok(usize::try_from(rows)?)
    }

    pub(in crate::store) async fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        let values = as_parameters(values);
        Ok(self.run(self.client().query(&statement, &values)).await?)
    }

    /// Several statements in one text.
    pub(in crate::store) async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.run(self.client().batch_execute(sql)).await?)
    }

    /// The connection of whoever is alone.
    pub(in crate::store) fn client_mut(&mut self) -> Option<&mut Client> {
        match &mut self.link {
            Link::Alone(client) => Some(client),
            Link::Pooled(_) => None,
        }
    }

    /// Refuses a statement that could not be executed.
    pub(in crate::store) async fn check(&self, sql: &str) -> Result<()> {
        self.prepare(sql).await.map(drop)
    }

    pub(super) async fn commit(&self) -> Result<(), Failure> {
        if self.has_failed.load(Ordering::Acquire) {
            // The server would roll back and call it a success.
            let error = anyhow::anyhow!("a statement failed, and with it the transaction");
            return Err(Failure::Undone(error));
        }
        self.end("COMMIT").await.map_err(Failure::of_commit)
    }

    pub(super) async fn roll_back(&self) -> Result<()> {
        Ok(self.end("ROLLBACK").await?)
    }

    /// Has the connection closed: nobody knows what state it is in.
    fn spoil(&self) {
        self.is_spoilt.store(true, Ordering::Release);
    }

    /// Has the server stop. Outside of a transaction nothing bounds a statement there, and it does not
    /// notice that a connection was closed: its backend would stay, maybe behind a lock that is held
    /// for hours.
    pub(super) fn give_up(&self, tls: &MakeRustlsConnect) {
        self.spoil();
        let (running, tls) = (self.client().cancel_token(), tls.clone());
        tokio::spawn(async move {
            // A server that does not take it is one that does nothing else either.
            let _ = timeout(CANCEL_PATIENCE, running.cancel_query(tls)).await;
        });
    }

    async fn end(&self, sql: &str) -> Result<(), Refusal> {
        if !self.has_begun.load(Ordering::Acquire) {
            return Ok(());
        }
        let ended = self.client().batch_execute(sql).await;
        let ended = ended.map_err(Refusal::from);
        // A server that says no to a commit has rolled back.
        if ended.as_ref().err().is_none_or(Refusal::is_about_rows) {
            self.has_begun.store(false, Ordering::Release);
        }
        ended
    }

    async fn prepare(&self, sql: &str) -> Result<Statement> {
        let prepared = match &self.link {
            Link::Pooled(Some(client)) => client.prepare_cached(sql).await,
            Link::Pooled(None) | Link::Alone(_) => self.client().prepare(sql).await,
        };
        Ok(prepared.map_err(|error| self.fail(error))?)
    }

    async fn run<T>(
        &self,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Refusal> {
        let begin = self.begin.as_deref();
        let begin = begin.filter(|_| !self.has_begun.swap(true, Ordering::AcqRel));
        let done = match begin {
            Some(begin) => {
                let begin = self.client().batch_execute(begin);
                let both = tokio::try_join!(biased; begin, statement);
                both.map(|((), done)| done)
            }
            None => statement.await,
        };
        done.map_err(|error| self.fail(error))
    }

    fn fail(&self, error: Error) -> Refusal {
        let refusal = Refusal::from(error);
        self.has_failed.store(true, Ordering::Release);
        if !refusal.is_about_rows() {
            self.spoil();
        }
        refusal
    }

    fn client(&self) -> &Client {
        match &self.link {
            Link::Pooled(Some(client)) => client,
            Link::Pooled(None) => unreachable!("it is there until the session is dropped"),
            Link::Alone(client) => client,
        }
    }

    /// Keeps out of the pool what others would be wrong to go on with.
    fn is_done_for(&self) -> bool {
        let is_open = self.begin.is_some() && self.has_begun.load(Ordering::Acquire);
        is_open || self.is_spoilt.load(Ordering::Acquire)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_done_for()
            && let Link::Pooled(client) = &mut self.link
            && let Some(client) = client.take()
        {
            drop(Object::take(client));
        }
    }
}

/// How long a server may take to hear that nobody waits any more.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

fn as_parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

/// What a transaction begins with. Nothing of it outlives the transaction, for a pooler hands the
/// connection on.
pub(super) async fn begin(session: &Session, statement_timeout: Duration) -> Result<String> {
    let sql = "SELECT current_setting('synchronous_commit')";
    let found = session.query(sql, &[]).await?;
    let found: &str = found.first().map_or("", |row| row.get(0));
    // Durable before it is acknowledged, and at least as durable as the server has it.
    let synchronous_commit = if found == "remote_apply" { found } else { "on" };
    let statement_timeout = statement_timeout.as_millis();
    Ok(format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; \
         SET LOCAL synchronous_commit = {synchronous_commit}; \
         SET LOCAL statement_timeout = {statement_timeout}; \
         SET LOCAL idle_in_transaction_session_timeout = {statement_timeout}"
    ))
}
