//! PostgreSQL: a pool of connections, and transactions that are tried once more where that is safe.

mod announcements;
mod connect;
mod failure;
mod session;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use deadpool_postgres::{Manager, Pool, Runtime};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use self::announcements::Announcer;
use self::failure::Failure;
use super::engine::Again;
use super::session::{self as either, Task};
use super::users::UserTable;
use crate::settings::{Database, PostgresUrl};

pub(super) use self::announcements::Announcements;
pub(super) use self::connect::Connector;
pub(super) use self::session::Session;

/// A PostgreSQL database.
pub(super) struct Postgres {
    pool: Pool,
    /// What a transaction begins with.
    begin: Arc<str>,
    /// How long anything may take, and how long a connection that is free is waited for.
    patience: Duration,
    /// What was begun and is not to be cut off.
    underway: TaskTracker,
    connector: Connector,
    announcer: Announcer,
}

impl Postgres {
    pub(super) async fn open(url: &PostgresUrl, settings: &Database) -> Result<Self> {
        let connector = Connector::new(url, settings)?;
        let statement_timeout = settings.statement_timeout.span().to_std()?;
        let begin = session::begin(&connector.session().await?, statement_timeout).await?;

        let (config, tls) = (connector.config.clone(), connector.tls.clone());
        let patience = statement_timeout + MARGIN;
        let pool = Pool::builder(Manager::new(config, tls))
            .max_size(usize::try_from(settings.max_connections)?)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience))
            .create_timeout(Some(connector.patience()));
        Ok(Self {
            pool: pool.build()?,
            begin: begin.into(),
            patience,
            underway: TaskTracker::new(),
            connector,
            announcer: Announcer::default(),
        })
    }

    /// Looks at the database, once more where a connection was lost meanwhile. A caller who goes away
    /// leaves a connection to whoever comes next, and not in the middle of something.
    pub(super) async fn read<A, T>(
        self: &Arc<Self>,
        users: &Arc<UserTable>,
        asked: A,
        look: Task<A, T>,
    ) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (this, users) = (Arc::clone(self), Arc::clone(users));
        let seen = self.underway.spawn(async move {
            let seen = match this.look(&users, &asked, look).await {
                Err(failure) if this.may_try_again(&failure, Again::Always) => {
                    this.look(&users, &asked, look).await
                }
                seen => seen,
            };
            seen.map_err(Failure::into_error)
        });
        seen.await?
    }

    /// Begins a transaction, which goes on whether or not its answer is waited for.
    pub(super) fn submit<A, T>(
        self: &Arc<Self>,
        users: &Arc<UserTable>,
        asked: A,
        work: Task<A, T>,
        again: Again,
    ) -> impl Future<Output = Result<T>> + Send + use<A, T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (this, users) = (Arc::clone(self), Arc::clone(users));
        let done = self.underway.spawn(async move {
            let done = match this.transact(&users, &asked, work).await {
                Err(failure) if this.may_try_again(&failure, again) => {
                    this.transact(&users, &asked, work).await
                }
                done => done,
            };
            done.map_err(Failure::into_error)
        });
        async move { done.await? }
    }

    /// Waits until all is done that was begun.
    pub(super) async fn settle(&self) {
        self.underway.close();
        self.underway.wait().await;
        self.underway.reopen();
    }

    async fn look<A, T>(
        &self,
        users: &UserTable,
        asked: &A,
        look: Task<A, T>,
    ) -> Result<T, Failure> {
        let session = self.session(None).await?;
        let either = either::Session::Postgres(&session);
        let seen = timeout(self.patience, look(&either, users, asked)).await;
        let seen = seen.unwrap_or_else(|_| {
            session.give_up(&self.connector.tls);
            Err(anyhow!(LATE))
        });
        seen.map_err(Failure::Undone)
    }

    async fn transact<A, T>(
        &self,
        users: &UserTable,
        asked: &A,
        work: Task<A, T>,
    ) -> Result<T, Failure> {
        let session = self.session(Some(Arc::clone(&self.begin))).await?;
        let either = either::Session::Postgres(&session);
        let Ok(done) = timeout(self.patience, work(&either, users, asked)).await else {
            session.give_up(&self.connector.tls);
            return Err(Failure::Undone(anyhow!(LATE)));
        };
        match done {
            Ok(answer) => {
                let committed = timeout(self.patience, session.commit()).await;
                let late = |_| Err(Failure::Unknown(anyhow!("the commit takes too long")));
                committed.unwrap_or_else(late).map(|()| answer)
            }
            Err(error) => {
                // Where that fails, too, the connection is closed, which comes to the same.
                let _ = timeout(self.patience, session.roll_back()).await;
                Err(Failure::Undone(error))
            }
        }
    }

    async fn session(&self, begin: Option<Arc<str>>) -> Result<Session, Failure> {
        let client = self.pool.get().await.map_err(failure::unreachable);
        let client = client.map_err(Failure::Unreachable)?;
        Ok(Session::pooled(client, begin))
    }

    /// Whether another try is safe, and may go better.
    fn may_try_again(&self, failure: &Failure, again: Again) -> bool {
        if failure.is_about_statements() {
            // Somebody altered a table, or a pooler took the connection for another's.
            self.pool.manager().statement_caches.clear();
        }
        failure.is_passing(again)
    }
}

const LATE: &str = "the database did not answer in time";
/// For how much longer than the server is asked to take at most its answer is waited for.
const MARGIN: Duration = Duration::from_secs(2);
