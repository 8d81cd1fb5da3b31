//! Settings from the defaults, `config.toml` and the environment: the only user of figment.

mod fault;
mod source;

use documented::DocumentedFields;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

pub use self::fault::SettingsError;
pub use self::source::Source;
use super::Settings;
use super::contradictions::contradictions;
use super::tables::{PREFIX, WITHIN, is_list, is_listed, is_within, joined, listed, variable};

/// Reads the settings: defaults, then the file, then `TEGATA_<TABLE>__<KEY>`, the later ones
/// winning. Tables and keys may be written in either case, and as in Ninja JWT a text that says a
/// number, `yes` or `no` counts as one.
pub fn load(source: &Source) -> Result<Settings, SettingsError> {
    load_with_origins(source).map(|(settings, _)| settings)
}

/// Reads the settings as [`load`] does, and tells where each comes from.
pub fn load_with_origins(source: &Source) -> Result<(Settings, Origins), SettingsError> {
    let file = source.file();
    let mut figment = Figment::new();
    if let Some(path) = file {
        figment = figment.merge(Lowercase(Toml::file_exact(path)));
    }
    figment = figment.merge(Lowercase(Environment));

    let origins = Origins {
        figment,
        file: file.map(|path| path.display().to_string()),
    };
    let read = origins.figment.extract_lossy();
    let settings = read.map_err(|error| SettingsError::unreadable(error, &origins))?;
    let found = contradictions(&settings);
    if found.is_empty() {
        return Ok((settings, origins));
    }
    Err(SettingsError::contradictory(&found, &origins))
}

/// Reads the settings once more, for a process that must outlive whatever has become of their file.
pub fn reload(source: &Source) -> Result<Settings, SettingsError> {
    source.require_file()?;
    load(source)
}

/// Where the settings in effect come from.
pub struct Origins {
    figment: Figment,
    file: Option<String>,
}

impl Origins {
    /// The file or the variable that sets a key; `None` where it has its default.
    #[must_use]
    pub fn of(&self, table: &str, key: &str) -> Option<String> {
        let metadata = self.metadata(table, key)?;
        if is_environment(metadata) {
            return Some(variable(table, key));
        }
        self.file.clone()
    }

    fn is_environment(&self, table: &str, key: &str) -> bool {
        self.metadata(table, key).is_some_and(is_environment)
    }

    fn metadata(&self, table: &str, key: &str) -> Option<&Metadata> {
        if is_listed(table) {
            return self.figment.find_metadata(table);
        }
        self.figment.find_metadata(&format!("{table}.{key}"))
    }
}

/// A provider whose tables and keys are read in lower case.
struct Lowercase<P>(P);

impl<P: Provider> Provider for Lowercase<P> {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let lower = |(profile, tables)| Ok((profile, lowercase_tables(tables)?));
        self.0.data()?.into_iter().map(lower).collect()
    }
}

/// The environment's `TEGATA_<TABLE>__<KEY>`, each value as its bare text, `[a, b]` as a list where
/// a setting takes one. A variable of no known table is somebody else's: orchestrators set
/// `TEGATA_PORT` and the like.
struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named(ENVIRONMENT)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut tables = Dict::new();
        for (name, value) in std::env::vars_os() {
            let Some((table, key)) = name.to_str().and_then(setting) else {
                continue;
            };
            let Some(text) = value.to_str() else {
                return Err(Error::from("not UTF-8".to_owned())
                    .with_path(&table)
                    .with_path(key));
            };
            if is_list(&table, &key.to_lowercase()) {
                let refused =
                    "a list of tables is not set by the environment: write it in the file";
                return Err(Error::from(refused.to_owned())
                    .with_path(&table)
                    .with_path(key));
            }
            let entry = tables
                .entry(table.clone())
                .or_insert_with(|| Dict::new().into());
            let Value::Dict(_, keys) = entry else {
                continue;
            };
            let is_list = LISTS.contains(&key.to_lowercase().as_str()) && text.starts_with('[');
            let value = if is_list {
                text.parse().unwrap_or_else(|never| match never {})
            } else {
                Value::from(text)
            };
            if keys.insert(key.to_owned(), value).is_some() {
                return Err(given_twice(&table, key));
            }
        }
        Ok(Profile::Default.collect(put_within(tables)))
    }
}

/// The table and the key a variable sets, where it sets one.
fn setting(variable: &str) -> Option<(String, &str)> {
    let (table, key) = variable.strip_prefix(PREFIX)?.split_once("__")?;
    let table = table_name(table);
    if let Some((inner, key)) = key.split_once("__") {
        let inner = inner.to_lowercase();
        if is_within(&table, &inner) {
            return Some((joined(&table, &inner), key));
        }
    }
    is_table(&table).then_some((table, key))
}

/// Moves the tables that stand within others to their places.
fn put_within(mut tables: Dict) -> Dict {
    for (outer, inner) in WITHIN {
        let Some(table) = tables.remove(&joined(outer, inner)) else {
            continue;
        };
        let around = tables.entry(outer.to_owned());
        if let Value::Dict(_, keys) = around.or_insert_with(|| Dict::new().into()) {
            keys.insert(inner.to_owned(), table);
        }
    }
    tables
}

fn lowercase_tables(tables: Dict) -> Result<Dict, Error> {
    let mut lower = Dict::new();
    for (table, value) in tables {
        let table = table_name(&table);
        let value = match value {
            Value::Dict(tag, keys) => Value::Dict(tag, lowercase(keys, &table)?),
            _ if is_table(&table) => {
                return Err(Error::from("expected a table".to_owned()).with_path(&table));
            }
            other => other,
        };
        if lower.insert(table.clone(), value).is_some() {
            return Err(given_twice("", &table));
        }
    }
    Ok(lower)
}

/// A table's name in lower case, and ours for Django's.
fn table_name(name: &str) -> String {
    let name = name.to_lowercase();
    if JWT_ALIASES.contains(&name.as_str()) {
        "jwt".to_owned()
    } else {
        name
    }
}

fn lowercase(keys: Dict, table: &str) -> Result<Dict, Error> {
    let mut lower = Dict::new();
    for (key, value) in keys {
        let key = key.to_lowercase();
        let value = match value {
            Value::Dict(tag, keys) if is_within(table, &key) => {
                Value::Dict(tag, lowercase(keys, &joined(table, &key))?)
            }
            _ if is_within(table, &key) => {
                let error = Error::from("expected a table".to_owned());
                return Err(error.with_path(&joined(table, &key)));
            }
            Value::Array(tag, items) if is_list(table, &key) => {
                Value::Array(tag, lowercase_list(items, &joined(table, &key))?)
            }
            _ if is_list(table, &key) => {
                let header = listed(&joined(table, &key));
                let error = Error::from(format!("expected tables, each below a line {header}"));
                return Err(error.with_path(table).with_path(&key));
            }
            other => other,
        };
        if lower.insert(key.clone(), value).is_some() {
            return Err(given_twice(table, &key));
        }
    }
    Ok(lower)
}

/// The tables of a list. What is none of them is refused when it is read.
fn lowercase_list(items: Vec<Value>, list: &str) -> Result<Vec<Value>, Error> {
    let lower = |(index, item): (usize, Value)| match item {
        Value::Dict(tag, keys) => match lowercase(keys, list) {
            Ok(keys) => Ok(Value::Dict(tag, keys)),
            Err(mut error) => {
                // Behind the table and the list.
                error.path.insert(2, index.to_string());
                Err(error)
            }
        },
        other => Ok(other),
    };
    items.into_iter().enumerate().map(lower).collect()
}

fn given_twice(table: &str, key: &str) -> Error {
    let twice = Error::from("given twice, in two spellings".to_owned());
    twice.with_path(table).with_path(&key.to_lowercase())
}

fn is_environment(metadata: &Metadata) -> bool {
    metadata.name == ENVIRONMENT
}

fn is_table(name: &str) -> bool {
    Settings::FIELD_NAMES.contains(&name)
}

const ENVIRONMENT: &str = "environment";
/// The settings that may be lists.
const LISTS: [&str; 5] = [
    "audience",
    "auth_header_types",
    "auth_token_classes",
    "trusted_proxies",
    "password_hashers",
];
/// What `[jwt]` may be called as well, as Django's settings call it.
const JWT_ALIASES: [&str; 2] = ["ninja_jwt", "simple_jwt"];

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(toml: &str) -> Result<Settings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();

        let result = load(&Source::File(file.path().to_owned()));
        let name = file.path().display().to_string();
        result.map_err(|error| error.to_string().replace(&name, "config.toml"))
    }

    fn refusal(toml: &str) -> String {
        load_text(toml).unwrap_err()
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let settings = load_text("").unwrap();

        assert_eq!(settings.jwt.access_token_lifetime.span().num_minutes(), 5);
        assert_eq!(settings.jwt.refresh_token_lifetime.span().num_days(), 1);
        assert_eq!(settings.server.bind.port(), 8000);
    }

    #[test]
    fn tables_and_keys_may_be_written_in_either_case() {
        let settings = load_text("[JWT]\nACCESS_TOKEN_LIFETIME = \"10m\"\nleeway = 3").unwrap();

        assert_eq!(settings.jwt.access_token_lifetime.span().num_minutes(), 10);
        assert_eq!(settings.jwt.leeway.span().num_seconds(), 3);
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_key_and_nearest_name() {
        assert_eq!(
            refusal("[jwt]\nACESS_TOKEN_LIFETIME = 5"),
            "config.toml: [jwt] acess_token_lifetime: unknown key, \
             did you mean `access_token_lifetime`?"
        );
        assert_eq!(
            refusal("[sever]\nbind = \"127.0.0.1:1\""),
            "config.toml: [sever]: unknown key, did you mean `server`?"
        );
        assert_eq!(
            refusal("[keys]\nfolder = \"x\""),
            "config.toml: [keys] folder: unknown key, expected one of dir"
        );
    }

    #[test]
    fn djangos_names_for_the_jwt_table_are_understood() {
        let settings = load_text("[NINJA_JWT]\nLEEWAY = 3").unwrap();

        assert_eq!(settings.jwt.leeway.span().num_seconds(), 3);
        assert_eq!(
            refusal("[SIMPLE_JWT]\nLEEWAY = 3\n[jwt]\nLEEWAY = 3"),
            "config.toml: [jwt]: given twice, in two spellings"
        );
    }

    #[test]
    fn a_text_that_says_a_number_or_a_truth_is_one() {
        let settings =
            load_text("[users]\npbkdf2_iterations = \"7\"\n[blacklist]\nenabled = \"no\"").unwrap();

        assert_eq!(settings.users.pbkdf2_iterations, 7);
        assert!(!settings.blacklist.enabled);
    }

    #[test]
    fn an_empty_text_is_pythons_none() {
        let settings = load_text("[jwt]\nsigning_key = \"\"\nsigning_key_file = \"\"").unwrap();

        assert!(settings.jwt.signing_key.is_none() && settings.jwt.signing_key_file.is_none());
    }

    #[test]
    fn a_key_in_two_spellings_is_refused() {
        assert_eq!(
            refusal("[jwt]\nLEEWAY = 1\nleeway = 1"),
            "config.toml: [jwt] leeway: given twice, in two spellings"
        );
    }

    #[test]
    fn a_number_where_a_word_is_expected_is_told_the_words() {
        assert_eq!(
            refusal("[log]\nlevel = 1"),
            "config.toml: [log] level: wrong type, expected \"error\", \"warn\", \"info\", \"debug\" or \
             \"trace\""
        );
    }

    #[test]
    fn a_secret_in_a_broken_file_stays_out_of_the_message() {
        let unclosed = refusal("[jwt]\nsigning_key = \"hunter2hunter2");
        let no_text = refusal("[jwt]\nsigning_key = 7734773477347734");

        assert!(!unclosed.contains("hunter2"), "{unclosed}");
        assert!(!no_text.contains("7734"), "{no_text}");
        assert!(unclosed.contains("line 2"), "{unclosed}");
    }

    #[test]
    fn a_table_within_another_is_read_and_refused_as_any_other() {
        let tls = load_text("[SERVER.TLS]\nCertificate_File = \"a\"\nkey_file = \"b\"").unwrap();

        assert_eq!(tls.server.tls.certificate_file, Some("a".into()));
        assert_eq!(
            refusal("[server.tls]\ncertificat_file = \"a\""),
            "config.toml: [server.tls] certificat_file: unknown key, did you mean \
             `certificate_file`?"
        );
        assert_eq!(
            refusal("[server.tls]\nkey_file = \"a\"\nKEY_FILE = \"a\""),
            "config.toml: [server.tls] key_file: given twice, in two spellings"
        );
        assert_eq!(
            refusal("[server]\ntls = true"),
            "config.toml: [server.tls]: expected a table"
        );
    }

    #[test]
    fn a_file_that_is_named_and_missing_is_refused() {
        let error = load(&Source::File("/nowhere/config.toml".into()))
            .unwrap_err()
            .to_string();

        assert!(error.contains("/nowhere/config.toml"), "{error}");
    }
}
