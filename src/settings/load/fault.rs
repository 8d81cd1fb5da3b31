use std::fmt;
use std::fmt::Write;
use std::path::Path;

use figment::Error;
use figment::error::Kind;
use figment::value::Value;

use super::{Origins, is_environment};
use crate::settings::contradictions::Contradiction;
use crate::settings::tables::{is_list, is_within, joined, listed, variable};

/// Why the settings were refused: a line for each fault, with its source, table and key.
#[derive(Debug)]
pub struct SettingsError {
    lines: Vec<String>,
}

impl SettingsError {
    pub(super) fn unreadable(error: Error, origins: &Origins) -> Self {
        let lines = error.into_iter().map(|error| unreadable(&error, origins));
        Self {
            lines: lines.map(in_one_line).collect(),
        }
    }

    /// A file that cannot be read at all.
    pub(super) fn of_file(path: &Path, reason: impl fmt::Display) -> Self {
        Self {
            lines: vec![format!("{}: {reason}", path.display())],
        }
    }

    pub(super) fn contradictory(found: &[Contradiction], origins: &Origins) -> Self {
        let lines = found.iter().map(|found| contradictory(found, origins));
        Self {
            lines: lines.map(in_one_line).collect(),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for SettingsError {}

/// A fault whose value has lines of its own has one in the end, too.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands at the end of a chain"
)]
fn in_one_line(fault: String) -> String {
    fault.replace('\r', "\\r").replace('\n', "\\n")
}

/// One fault as one line: where it stands, and what was expected there.
fn unreadable(error: &Error, origins: &Origins) -> String {
    let path = whole_tables(&error.path);
    let metadata = origins.figment.find_metadata(&path.join("."));
    let from_environment = metadata
        .or(error.metadata.as_ref())
        .is_some_and(is_environment);
    let place = match path.as_slice() {
        [table, key] if from_environment => variable(table, key),
        [table, key, rest @ ..] if is_list(table, key) => listed_place(&joined(table, key), rest),
        [] => String::new(),
        [table] => format!("[{table}]"),
        [table, keys @ ..] => format!("[{table}] {}", keys.join(".")),
    };

    let reason = match path.as_slice() {
        [table, key] if is_list(table, &plural(key)) && has_tables(&path, origins) => {
            let name = listed(&joined(table, &plural(key)));
            format!("no list of tables, did you mean {name}?")
        }
        _ => reason(&error.kind),
    };

    let file = origins.file.clone().filter(|_| !from_environment);
    let parts = file
        .into_iter()
        .chain((!place.is_empty()).then_some(place))
        .chain([reason]);
    parts.collect::<Vec<_>>().join(": ")
}

/// Whether a list of tables stands there.
fn has_tables(path: &[String], origins: &Origins) -> bool {
    let found = origins.figment.find_value(&path.join("."));
    let list = found.ok().and_then(Value::into_array);
    list.is_some_and(|list| list.iter().any(|one| one.as_dict().is_some()))
}

/// What a list of tables is called, each of which is one of these.
fn plural(key: &str) -> String {
    format!("{key}s")
}

/// Where something stands in a list of tables, which people count from one.
fn listed_place(name: &str, rest: &[String]) -> String {
    let mut place = listed(name);
    let mut rest = rest.iter();
    if let Some(index) = rest.next() {
        let number = index.parse::<usize>().unwrap_or_default() + 1;
        let _ = write!(place, " number {number}");
    }
    for key in rest {
        let _ = write!(place, ", {key}");
    }
    place
}

/// A path whose first part is the whole name of its table.
fn whole_tables(path: &[String]) -> Vec<String> {
    match path {
        [outer, inner, keys @ ..] if is_within(outer, inner) => {
            [&[joined(outer, inner)], keys].concat()
        }
        _ => path.to_vec(),
    }
}

/// One contradiction as one line: the file and its keys, then those of the environment.
fn contradictory(found: &Contradiction, origins: &Origins) -> String {
    let is_environment = |(table, key): &(&str, &str)| origins.is_environment(table, key);
    let (variables, keys): (Vec<_>, Vec<_>) = found.keys.iter().copied().partition(is_environment);

    if let [(table, key)] = found.keys.as_slice()
        && is_list(table, key)
    {
        // The reason says which of them.
        let file = origins.file.as_deref().unwrap_or_default();
        return format!("{file}: {} {}", listed(&joined(table, key)), found.reason);
    }

    let mut places = Vec::new();
    let mut last_table = "";
    for (table, key) in &keys {
        places.push(if *table == last_table {
            (*key).to_owned()
        } else {
            format!("[{table}] {key}")
        });
        last_table = table;
    }
    places.extend(variables.iter().map(|(table, key)| variable(table, key)));

    let file = origins.file.as_ref().filter(|_| !keys.is_empty());
    let file = file.map(|file| format!("{file}: ")).unwrap_or_default();
    format!("{file}{}: {}", places.join(" and "), found.reason)
}

/// What is wrong, without the value found: it may be a secret.
fn reason(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) => format!("wrong type, expected {expected}"),
        Kind::InvalidValue(_, expected) => format!("wrong value, expected {expected}"),
        Kind::UnknownField(name, known) => format!("unknown key{}", nearest(name, known)),
        Kind::MissingField(name) => format!("{name} is missing"),
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::Message(message) => without_excerpt(message),
        other => other.to_string(),
    }
}

/// The known name that was probably meant.
fn nearest(name: &str, known: &[&str]) -> String {
    let likeness = |known: &&&str| (strsim::jaro_winkler(name, known) * 1000.0).round();
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|best| likeness(best) >= 700.0) {
        Some(best) => format!(", did you mean `{best}`?"),
        None => format!(", expected one of {}", known.join(", ")),
    }
}

/// A TOML parser's message without the lines of the file it quotes: they may hold a secret.
fn without_excerpt(message: &str) -> String {
    let is_excerpt = |line: &&str| {
        line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
            .starts_with('|')
    };
    message
        .lines()
        .filter(|line| !is_excerpt(line))
        .collect::<Vec<_>>()
        .join(": ")
}
