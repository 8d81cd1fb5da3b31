//! Whatever stands in `config.toml`, nothing panics, a refusal says where, and what is accepted is the
//! same once more when it is read as `tegata config show` prints it.

use std::io::Write;

use serde_json::Value;
use tegata::settings::{Settings, SettingsError, Source, load, tables};
use tempfile::NamedTempFile;

pub(crate) fn hold(data: &[u8]) {
    match read(data) {
        Ok(settings) => {
            let printed = print(&settings);
            let again = read(printed.as_bytes());
            let again = again.unwrap_or_else(|error| panic!("{error}\n{printed}"));
            assert_eq!(json(&again), json(&settings), "{printed}");
        }
        Err(refusal) => {
            let refusal = refusal.to_string();
            let is_placed = |line: &str| {
                ["[", "line ", "UTF-8"]
                    .iter()
                    .any(|place| line.contains(place))
            };
            assert!(refusal.lines().all(is_placed), "{refusal}");
        }
    }
}

fn read(toml: &[u8]) -> Result<Settings, SettingsError> {
    let mut file = NamedTempFile::new().expect("the disk is not full");
    file.write_all(toml).expect("the disk is not full");
    load(&Source::File(file.path().to_owned()))
}

fn print(settings: &Settings) -> String {
    let mut lines = Vec::new();
    for table in tables(settings) {
        lines.push(format!("[{}]", table.name));
        let entries = table.entries.iter();
        lines.extend(entries.map(|entry| format!("{} = {}", entry.key, entry.value)));
    }
    lines.join("\n")
}

fn json(settings: &Settings) -> Value {
    serde_json::to_value(settings).expect("what is read from texts can be written")
}
