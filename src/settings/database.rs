use std::path::{Path, PathBuf};

use documented::DocumentedFields;
use serde::{Deserialize, Serialize, Serializer};

/// `[database]`: where users and tokens are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The database: `sqlite:///absolute/path` or `sqlite://relative/path`, the latter from the
    /// folder the service is started in. May be the database of a Django project.
    pub url: DatabaseUrl,
    /// Whether `serve` creates the tables in an empty database, and beside Django's the few of its
    /// own, as `migrate` does. Tables that Django made are never altered.
    pub auto_migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::Sqlite("tegata.db".into()),
            auto_migrate: true,
        }
    }
}

/// Which engine, and where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// The SQLite file.
    #[must_use]
    pub fn path(&self) -> &Path {
        let Self::Sqlite(path) = self;
        path
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        // Neither the URL nor a part of it in the message: it may hold a password.
        match url.strip_prefix("sqlite://") {
            Some(path) if !path.is_empty() && !path.contains(['?', '#', ':']) => {
                Ok(Self::Sqlite(path.into()))
            }
            _ => Err("expected sqlite:///absolute/path or sqlite://relative/path".to_owned()),
        }
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sqlite://{}", self.path().display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<DatabaseUrl, String> {
        url.to_owned().try_into()
    }

    #[test]
    fn a_third_slash_makes_the_path_absolute() {
        assert_eq!(
            parse("sqlite:///srv/db"),
            Ok(DatabaseUrl::Sqlite("/srv/db".into()))
        );
        assert_eq!(parse("sqlite://db"), Ok(DatabaseUrl::Sqlite("db".into())));
    }

    #[test]
    fn another_engine_is_refused_without_repeating_its_password() {
        let message = parse("mysql://root:hunter2@db/app").unwrap_err();

        assert!(!message.contains("hunter2"), "{message}");
        assert!(parse("sqlite://").is_err());
        assert!(parse("sqlite://:memory:").is_err());
    }
}
