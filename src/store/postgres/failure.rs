use std::error::Error as _;
use std::{fmt, io};

use anyhow::{Error, anyhow};
use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use crate::store::engine::Again;

/// What PostgreSQL said, without the rows that it quotes where it gives details: there are tokens
/// and password hashes in them.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Option<SqlState>,
    /// Whether the connection is lost.
    is_lost: bool,
    message: String,
}

impl Refusal {
    /// Whether the connection is as good as before: another transaction was in the way of this one.
    pub(super) fn is_about_rows(&self) -> bool {
        self.is_of_class(&[TRANSACTION_ROLLBACK, CONSTRAINT_VIOLATION])
    }

    fn is_of_class(&self, classes: &[&str]) -> bool {
        let class = self.code.as_ref().map(|code| &code.code()[..2]);
        class.is_some_and(|class| classes.contains(&class))
    }

    /// Whether the server or the way to it went away, or changed its part.
    fn is_about_connection(&self) -> bool {
        let gone = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ];
        self.is_lost
            || self.code.as_ref().is_some_and(|code| gone.contains(code))
            || self.is_of_class(&[CONNECTION_EXCEPTION])
    }

    fn is_about_statements(&self) -> bool {
        let unknown = [
            SqlState::FEATURE_NOT_SUPPORTED,
            SqlState::INVALID_SQL_STATEMENT_NAME,
        ];
        self.code
            .as_ref()
            .is_some_and(|code| unknown.contains(code))
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        let message = match (error.as_db_error(), error.source()) {
            (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
            (None, Some(cause)) => format!("{error}: {cause}"),
            (None, None) => error.to_string(),
        };
        let is_of_socket = |cause: &(dyn std::error::Error + 'static)| cause.is::<io::Error>();
        Self {
            code: error.code().cloned(),
            is_lost: error.is_closed() || error.source().is_some_and(is_of_socket),
            message,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// Why there is no connection.
pub(super) fn unreachable(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) => Refusal::from(error).into(),
        PoolError::Timeout(TimeoutType::Wait) => anyhow!("all connections are in use"),
        PoolError::Timeout(_) => anyhow!("it does not answer"),
        other => other.into(),
    }
}

/// Where an attempt failed.
pub(super) enum Failure {
    /// There was no connection.
    Unreachable(Error),
    /// Before it was committed.
    Undone(Error),
    /// As it was committed: nobody knows whether it was.
    Unknown(Error),
}

impl Failure {
    /// The failure of a commit: where the server says no, it is none.
    pub(super) fn of_commit(refusal: Refusal) -> Self {
        if refusal.is_about_connection() {
            Self::Unknown(refusal.into())
        } else {
            Self::Undone(refusal.into())
        }
    }

    /// Whether another attempt does no harm and may go better.
    pub(super) fn is_passing(&self, again: Again) -> bool {
        let error = match self {
            Self::Undone(error) => error,
            Self::Unknown(error) if again == Again::Always => error,
            Self::Unknown(_) | Self::Unreachable(_) => return false,
        };
        error.downcast_ref::<Refusal>().is_some_and(|refusal| {
            refusal.is_about_rows()
                || refusal.is_about_connection()
                || refusal.is_about_statements()
        })
    }

    pub(super) fn is_about_statements(&self) -> bool {
        let Self::Undone(error) = self else {
            return false;
        };
        let refusal = error.downcast_ref::<Refusal>();
        refusal.is_some_and(Refusal::is_about_statements)
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Unreachable(error) => error.context("cannot connect to the database"),
            Self::Undone(error) => error,
            Self::Unknown(error) => {
                error.context("whether the transaction is committed is unknown")
            }
        }
    }
}

// Classes of SQLSTATE, see appendix A of PostgreSQL's manual.
const CONNECTION_EXCEPTION: &str = "08";
/// Django deleted what a row refers to, or made a row of the same name.
const CONSTRAINT_VIOLATION: &str = "23";
/// Deadlocks and serialization failures.
const TRANSACTION_ROLLBACK: &str = "40";
