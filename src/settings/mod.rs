//! What `config.toml` holds: one struct per table, its field docs the reference text.

mod blacklist;
mod compat;
mod contradictions;
mod database;
mod jwks;
mod keys;
mod limits;
mod list;
mod load;
mod log;
mod number;
mod password_hashers;
mod path;
pub mod reference;
mod server;
mod tables;
mod users;
pub mod work_factors;

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

pub use self::blacklist::{Blacklist, StoredToken};
pub use self::compat::Compat;
pub use self::database::{
    ClientCertificate, Database, DatabaseUrl, PostgresUrl, Roots, Tls, TlsMode,
};
pub use self::jwks::Jwks;
pub use self::keys::Keys;
pub use self::limits::{Limits, Rate};
pub use self::load::{Origins, SettingsError, Source, load, load_with_origins, reload};
pub use self::log::{Log, LogFormat, LogLevel};
pub use self::password_hashers::{PasswordHasher, PasswordHashers};
pub use self::server::{Network, PathPrefix, Server, ServerTls};
pub use self::tables::{Entry, Table, tables};
pub use self::users::Users;

/// Every setting, by table.
#[derive(Clone, Debug, Default, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the service listens, and to how many.
    pub server: Server,
    /// Where users and tokens are kept.
    pub database: Database,
    /// Where the keys are kept.
    pub keys: Keys,
    /// How tokens are issued and verified: the settings of Ninja JWT and Simple JWT, under their
    /// names. To share tokens with a Django project, give its `ALGORITHM` and its signing key.
    pub jwt: tegata_jwt::Settings,
    /// How the key sets of others are fetched and kept: those of `[jwt] JWK_URL` and of
    /// `[[jwt.issuers]]`.
    pub jwks: Jwks,
    /// What is kept of issued tokens.
    pub blacklist: Blacklist,
    /// Where users are, and how their passwords are kept.
    pub users: Users,
    /// How many passwords may be guessed.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
    /// Ways of the originals that are less safe, for the time of a migration.
    pub compat: Compat,
}
