mod postgres;
mod read;
mod tls;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use documented::DocumentedFields;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use tegata_jwt::Lifetime;
use zeroize::Zeroizing;

use super::{number, path};

pub use self::postgres::PostgresUrl;
pub use self::tls::{ClientCertificate, Roots, Tls, TlsMode};

/// `[database]`: where users and tokens are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The database: `sqlite:///absolute/path` or `sqlite://relative/path`, the latter from the
    /// folder the service is started in, or `postgres://user:password@host:port/name` with the
    /// parameters of libpq after it, such as `?sslmode=verify-full`. May be the database of a Django
    /// project.
    pub url: DatabaseUrl,
    /// A file that holds the password of PostgreSQL's role, where the URL gives none.
    #[serde(deserialize_with = "path::or_none", serialize_with = "path::or_empty")]
    pub password_file: Option<PathBuf>,
    /// Whether `serve` creates the tables in an empty database, and beside Django's the few of its
    /// own, as `migrate` does. Tables that Django made are never altered.
    pub auto_migrate: bool,
    /// How many connections to PostgreSQL the service opens at most, besides the one that listens.
    /// What all nodes open together must stay below PostgreSQL's own `max_connections`.
    #[serde(deserialize_with = "number::at_least_one")]
    pub max_connections: u32,
    /// How long PostgreSQL may take to accept a connection. A `connect_timeout` of the URL wins.
    pub connect_timeout: Lifetime,
    /// How long PostgreSQL may work at a statement. What takes longer is answered 503.
    pub statement_timeout: Lifetime,
}

impl Database {
    /// The password of PostgreSQL's role, of the URL or of the file.
    pub fn password(&self) -> Result<Option<SecretString>> {
        match (&self.url, &self.password_file) {
            (DatabaseUrl::Postgres(_), Some(path)) => read_password(path).map(Some),
            (DatabaseUrl::Postgres(url), None) => Ok(url.password().cloned()),
            (DatabaseUrl::Sqlite(_), _) => Ok(None),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::Sqlite("tegata.db".into()),
            password_file: None,
            auto_migrate: true,
            max_connections: 16,
            connect_timeout: Lifetime::seconds(5),
            statement_timeout: Lifetime::seconds(5),
        }
    }
}

/// Which engine, and where. Shown without a password.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// The SQLite file, where that is the engine.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        // Neither the URL nor a part of it in the message: it may hold a password.
        let (scheme, rest) = url.split_once("://").ok_or(EXPECTED)?;
        match scheme {
            "sqlite" if !rest.is_empty() && !rest.contains(['?', '#', ':']) => {
                Ok(Self::Sqlite(rest.into()))
            }
            "postgres" | "postgresql" => Ok(Self::Postgres(Box::new(PostgresUrl::read(rest)?))),
            _ => Err(EXPECTED),
        }
    }
}

/// A password file's text without the line break an editor leaves at its end.
fn read_password(path: &Path) -> Result<SecretString> {
    let shown = path.display();
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read the password file {shown}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "the password file {shown} is empty");
    Ok(password.into())
}

const EXPECTED: &str = "expected sqlite:///absolute/path, sqlite://relative/path or \
                        postgres://user:password@host:port/name";

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parse(url: &str) -> Result<DatabaseUrl, &'static str> {
        url.to_owned().try_into()
    }

    #[test]
    fn a_third_slash_makes_the_path_absolute() {
        let path = |url| parse(url).unwrap().path().map(Path::to_owned);

        assert_eq!(path("sqlite:///srv/db"), Some("/srv/db".into()));
        assert_eq!(path("sqlite://db"), Some("db".into()));
    }

    #[test]
    fn another_engine_is_refused_without_repeating_its_password() {
        let message = parse("mysql://root:hunter2@db/app").unwrap_err();

        assert!(!message.contains("hunter2"), "{message}");
        assert!(parse("sqlite://").is_err());
        assert!(parse("sqlite://:memory:").is_err());
    }

    #[test]
    fn a_password_may_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " hunter2 \r\n").unwrap();
        let database = Database {
            url: parse("postgres://tegata@db/shop").unwrap(),
            password_file: Some(file.path().to_owned()),
            ..Database::default()
        };

        let password = database.password().unwrap().unwrap();

        assert_eq!(password.expose_secret(), " hunter2 ");
    }

    #[test]
    fn a_password_file_that_is_empty_is_no_password() {
        let file = tempfile::NamedTempFile::new().unwrap();

        let error = read_password(file.path()).unwrap_err().to_string();

        assert!(error.ends_with("is empty"), "{error}");
    }
}
