use documented::DocumentedFields;
use serde::Serialize;
use serde_json::Value;

use super::Settings;

/// A table of `config.toml`, for its reader.
#[derive(Debug)]
pub struct Table {
    /// What stands between its brackets.
    pub name: &'static str,
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

/// Every setting with the value it has in these, table by table.
#[must_use]
pub fn tables(settings: &Settings) -> Vec<Table> {
    // Taken apart, so that no table is forgotten.
    let Settings {
        server,
        database,
        keys,
        jwt,
        blacklist,
        users,
        limits,
        log,
        compat,
    } = settings;
    vec![
        table("server", server),
        table("database", database),
        table("keys", keys),
        table("jwt", jwt),
        table("blacklist", blacklist),
        table("users", users),
        table("limits", limits),
        table("log", log),
        table("compat", compat),
    ]
}

fn table<T: DocumentedFields + Serialize>(name: &'static str, settings: &T) -> Table {
    let values = serde_json::to_value(settings).expect("what is read from texts can be written");
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
        doc: Settings::get_field_docs(name).expect("a table is a field of the settings"),
        entries: T::FIELD_NAMES
            .iter()
            .zip(T::FIELD_DOCS)
            .map(entry)
            .collect(),
    }
}

/// The variable in the environment that sets a key.
pub(super) fn variable(table: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", table.to_uppercase(), key.to_uppercase())
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
            .collect();

        assert_eq!(names, Settings::FIELD_NAMES);
    }
}
