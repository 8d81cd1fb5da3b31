use documented::DocumentedFields;
use serde::Serialize;
use serde_json::Value;

use super::{Server, Settings};

/// A table of `config.toml`, for its reader.
#[derive(Debug)]
pub struct Table {
    /// What stands between its brackets.
    pub name: &'static str,
    /// Whether it is one of a list.
    pub is_listed: bool,
    /// What its settings are about.
    pub doc: &'static str,
    /// Its settings.
    pub entries: Vec<Entry>,
}

/// A setting, for its reader.
#[derive(Debug)]
pub struct Entry {
    /// The name of its field.
    pub field: &'static str,
    /// Its name in `config.toml`: in capitals where it is Django's.
    pub key: String,
    /// Its variable in the environment.
    pub variable: String,
    /// What it means.
    pub doc: &'static str,
    /// Its value in TOML, `"[redacted]"` for a secret.
    pub value: String,
}

impl Table {
    /// Its name in its brackets.
    #[must_use]
    pub fn header(&self) -> String {
        if self.is_listed {
            return listed(self.name);
        }
        format!("[{}]", self.name)
    }
}

/// Every setting with the value it has in these, table by table.
#[must_use]
pub fn tables(settings: &Settings) -> Vec<Table> {
    // Taken apart, so that no table is forgotten.
    let Settings {
        server,
        database,
        keys,
        jwt,
        jwks,
        blacklist,
        users,
        limits,
        log,
        compat,
    } = settings;
    let issuers = jwt.issuers.iter().map(|issuer| Table {
        is_listed: true,
        ..table("jwt.issuers", issuer)
    });
    let before = vec![
        table("server", server),
        table("server.tls", &server.tls),
        table("database", database),
        table("keys", keys),
        table("jwt", jwt),
    ];
    let after = [
        table("jwks", jwks),
        table("blacklist", blacklist),
        table("users", users),
        table("limits", limits),
        table("log", log),
        table("compat", compat),
    ];
    before.into_iter().chain(issuers).chain(after).collect()
}

fn table<T: DocumentedFields + Serialize>(name: &'static str, settings: &T) -> Table {
    let values = serde_json::to_value(settings).expect("what is read from texts can be written");
    // A table within is one of its own, and so is each of a list.
    let is_setting =
        |(field, _): &(&&str, &&str)| !values[*field].is_object() && !is_list(name, field);
    let entry = |(field, doc): (&&'static str, &&'static str)| Entry {
        field,
        key: if name == "jwt" {
            field.to_uppercase()
        } else {
            (*field).to_owned()
        },
        variable: variable(name, field),
        doc,
        value: toml(&values[field]),
    };
    Table {
        name,
        is_listed: false,
        doc: doc(name),
        entries: T::FIELD_NAMES
            .iter()
            .zip(T::FIELD_DOCS)
            .filter(is_setting)
            .map(entry)
            .collect(),
    }
}

fn doc(table: &str) -> &'static str {
    if let Some((_, list)) = LISTS
        .iter()
        .find(|(outer, list)| joined(outer, list) == table)
    {
        let docs = tegata_jwt::Settings::get_field_docs(*list);
        return docs.expect("a list is a field of the table around it");
    }
    let docs = match WITHIN
        .iter()
        .find(|(outer, inner)| joined(outer, inner) == table)
    {
        Some((_, inner)) => Server::get_field_docs(*inner),
        None => Settings::get_field_docs(table),
    };
    docs.expect("a table is a field of the settings, or of the table around it")
}

/// The variable in the environment that sets a key.
pub(super) fn variable(table: &str, key: &str) -> String {
    format!("{PREFIX}{table}__{key}")
        .replace('.', "__")
        .to_uppercase()
}

/// Whether one table stands within another.
pub(super) fn is_within(outer: &str, inner: &str) -> bool {
    WITHIN.contains(&(outer, inner))
}

/// Whether a key is a list of tables.
pub(super) fn is_list(table: &str, key: &str) -> bool {
    LISTS.contains(&(table, key))
}

/// Whether a name is that of the tables of a list.
pub(super) fn is_listed(name: &str) -> bool {
    LISTS.iter().any(|(table, key)| joined(table, key) == name)
}

/// The header of a table of a list, as TOML writes it.
pub(super) fn listed(name: &str) -> String {
    format!("[[{name}]]")
}

/// The name of a table within another, as TOML writes it.
pub(super) fn joined(outer: &str, inner: &str) -> String {
    format!("{outer}.{inner}")
}

/// A value in TOML. Texts are written as in JSON, but for the one character JSON leaves bare.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string().replace('\u{7f}', "\\u007f"),
    }
}

pub(super) const PREFIX: &str = "TEGATA_";
/// The tables that stand within others: those, and their own names.
pub(super) const WITHIN: [(&str, &str); 1] = [("server", "tls")];
/// The keys that are lists of tables, with the tables they stand in.
const LISTS: [(&str, &str); 1] = [("jwt", "issuers")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_control_characters_is_toml() {
        assert_eq!(
            toml(&Value::from("a\"\\\n\u{1}\u{7f}é")),
            r#""a\"\\\n\u0001\u007fé""#
        );
    }

    #[test]
    fn the_names_of_the_tables_are_those_of_the_settings() {
        let names: Vec<_> = tables(&Settings::default())
            .iter()
            .map(|table| table.name)
            .filter(|name| !name.contains('.'))
            .collect();

        assert_eq!(names, Settings::FIELD_NAMES);
    }

    #[test]
    fn a_table_within_another_is_known_as_such() {
        let tables = tables(&Settings::default());
        let names = tables.iter().map(|table| table.name);
        let within: Vec<_> = names.filter_map(|name| name.split_once('.')).collect();

        assert_eq!(within, WITHIN);
    }
}
