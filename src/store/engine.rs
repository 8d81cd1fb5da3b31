//! Which database it is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use anyhow::{Result, bail};

use super::Store;
use super::postgres::Postgres;
use super::session::{Session, Task, Work};
use super::sqlite::{self, LOCK_PATIENCE, Sqlite};
use super::users::UserTable;
use crate::settings::{Database, DatabaseUrl};

/// An open database.
#[derive(Clone)]
pub(super) enum Engine {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Engine {
    pub(super) async fn open(settings: &Database) -> Result<Self> {
        Ok(match &settings.url {
            DatabaseUrl::Sqlite(path) => Self::Sqlite(Arc::new(Sqlite::open(path, LOCK_PATIENCE)?)),
            DatabaseUrl::Postgres(url) => {
                Self::Postgres(Arc::new(Postgres::open(url, settings).await?))
            }
        })
    }
}

impl Store {
    /// A look at the database.
    pub(super) async fn read<A, T>(&self, asked: A, look: Task<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(self.on_sqlite(asked, look)).await,
            Engine::Postgres(postgres) => postgres.read(&self.users, asked, look).await,
        }
    }

    /// A look that may take its time.
    pub(super) async fn read_at_leisure<A, T>(&self, asked: A, look: Task<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => {
                let look = self.on_sqlite(asked, look);
                sqlite.read_at_leisure(look).await
            }
            Engine::Postgres(postgres) => postgres.read(&self.users, asked, look).await,
        }
    }

    /// A transaction, durable once this answers. A caller that goes away cancels nothing.
    pub(super) async fn write<A, T>(&self, asked: A, work: Task<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.submit(asked, work, Again::Never).await
    }

    /// A transaction that may as well happen twice: where a connection is lost just as it commits,
    /// nobody knows whether it did.
    pub(super) async fn write_idempotent<A, T>(&self, asked: A, work: Task<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.submit(asked, work, Again::Always).await
    }

    /// Begins a transaction. Its answer may be waited for.
    pub(super) fn submit<A, T>(&self, asked: A, work: Task<A, T>, again: Again) -> Answer<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => Box::pin(sqlite.submit(self.on_sqlite(asked, work))),
            Engine::Postgres(postgres) => {
                Box::pin(postgres.submit(&self.users, asked, work, again))
            }
        }
    }

    /// Waits until all is done that was begun and nobody waited for.
    pub async fn settle(&self) {
        match &self.engine {
            // It writes in the order of asking.
            Engine::Sqlite(sqlite) => drop(sqlite.write(|_| Ok(())).await),
            Engine::Postgres(postgres) => postgres.settle().await,
        }
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        let look: Task<(), i64> = |db, _, ()| {
            Box::pin(async move {
                db.one("SELECT CAST(1 AS BIGINT)", &[], |row| row.get(0))
                    .await
            })
        };
        self.read((), look).await.is_ok()
    }

    fn on_sqlite<A, T>(
        &self,
        asked: A,
        work: Task<A, T>,
    ) -> impl Fn(&sqlite::Connection) -> Result<T> + Send + use<A, T>
    where
        A: Send + Sync,
    {
        let users: Arc<UserTable> = Arc::clone(&self.users);
        move |connection| finish(work(&Session::Sqlite(connection), &users, &asked))
    }
}

/// The answer of work that never waits.
fn finish<T>(mut work: Work<'_, T>) -> Result<T> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => bail!("SQLite made work wait"),
    }
}

/// What somebody may wait for.
pub(super) type Answer<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// When a transaction may be repeated whose end nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Always,
    Never,
}
