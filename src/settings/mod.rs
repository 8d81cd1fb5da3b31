//! What `config.toml` holds: one struct per table, its field docs the reference text.

mod blacklist;
mod compat;
mod database;
mod keys;
mod load;
mod log;
mod server;
mod users;

use serde::Deserialize;

pub use self::blacklist::{Blacklist, StoredToken};
pub use self::compat::Compat;
pub use self::database::{Database, DatabaseUrl};
pub use self::keys::Keys;
pub use self::load::{SettingsError, Source, load};
pub use self::log::{Log, LogLevel};
pub use self::server::{PathPrefix, Server};
pub use self::users::Users;

/// Every setting, by table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `[server]`: where the service listens.
    pub server: Server,
    /// `[database]`: where users and tokens are kept.
    pub database: Database,
    /// `[keys]`: where the keys are kept.
    pub keys: Keys,
    /// `[jwt]`: how tokens are issued and verified.
    pub jwt: tegata_jwt::Settings,
    /// `[blacklist]`: what is kept of issued tokens.
    pub blacklist: Blacklist,
    /// `[users]`: how passwords are kept.
    pub users: Users,
    /// `[log]`: what is logged.
    pub log: Log,
    /// `[compat]`: ways of the originals that are less safe.
    pub compat: Compat,
}
