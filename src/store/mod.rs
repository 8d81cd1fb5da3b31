//! The database: Django's tables, in Django's forms. The only user of the database crates.
//!
//! Answers are values (`None`, `false`, a row); a failure is an [`anyhow::Error`] and means that
//! nothing was decided.

mod catalog;
mod columns;
mod engine;
mod feed;
mod flush;
mod grants;
mod migrate;
mod outstanding;
mod postgres;
mod rotation;
mod session;
mod sqlite;
mod users;

use std::sync::Arc;

use anyhow::Result;

use self::engine::Engine;
use self::users::UserTable;
use crate::settings::Settings;

pub use self::feed::{Announcements, BlacklistedToken};
pub use self::flush::Batch;
pub use self::migrate::Migration;
pub use self::outstanding::OutstandingToken;
pub use self::rotation::{Decided, Ended, Refresh};
pub use self::users::{Deleted, LAST_LOGIN_PRECISION, NewUser, Place, Unchanged, User, UserRecord};

/// The database, open. Clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    users: Arc<UserTable>,
}

impl Store {
    /// Opens a database that has the tables it needs, as made by Django or by
    /// [`Store::migrate`].
    pub async fn open(settings: &Settings) -> Result<Self> {
        let users = migrate::require_tables(settings).await?;
        Ok(Self {
            engine: Engine::open(&settings.database).await?,
            users: Arc::new(users),
        })
    }
}
