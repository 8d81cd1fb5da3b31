//! The database: Django's tables, in Django's forms. The only user of the database crates.
//!
//! Answers are values (`None`, `false`, a row); a failure is an [`anyhow::Error`] and means that
//! nothing was decided.

mod columns;
mod feed;
mod flush;
mod migrate;
mod outstanding;
mod rotation;
mod sqlite;
mod users;

use std::sync::Arc;

use anyhow::Result;

use self::sqlite::{LOCK_PATIENCE, Sqlite};
use self::users::UserTable;
use crate::settings::Settings;

pub use self::feed::BlacklistedToken;
pub use self::flush::Batch;
pub use self::migrate::Migration;
pub use self::outstanding::OutstandingToken;
pub use self::rotation::{Decided, Ended, Refresh};
pub use self::users::{Deleted, LAST_LOGIN_PRECISION, NewUser, Place, Unchanged, User, UserRecord};

/// The database, open. Clones share it.
#[derive(Clone)]
pub struct Store {
    sqlite: Arc<Sqlite>,
    users: Arc<UserTable>,
}

impl Store {
    /// Opens a database that has the tables it needs, as made by Django or by
    /// [`Store::migrate`].
    pub fn open(settings: &Settings) -> Result<Self> {
        let path = settings.database.url.path();
        let users = migrate::require_tables(settings)?;
        Ok(Self {
            sqlite: Arc::new(Sqlite::open(path, LOCK_PATIENCE)?),
            users: Arc::new(users),
        })
    }
}
