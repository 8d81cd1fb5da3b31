//! Every setting by itself: its default, a value that is accepted, and one that is not.
//! What the values do is asserted where they do it.

mod issuers;

use std::collections::BTreeMap;

use tegata::settings::{Settings, Source, load, reference, tables};
use tempfile::NamedTempFile;

/// A line of `settings/rows.md`.
pub(super) struct Row {
    pub(super) table: &'static str,
    pub(super) setting: &'static str,
    default: &'static str,
    pub(super) accepted: &'static str,
    pub(super) shown: &'static str,
    refused: &'static str,
    reason: &'static str,
}

pub(super) fn rows() -> Vec<Row> {
    rows_of(include_str!("settings/rows.md"))
}

fn rows_of(text: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let (table, lines) = section.split_once('\n').unwrap();
        for line in lines.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let cells: Vec<_> = line.trim_matches(['|', ' ']).split(" | ").collect();
            let [setting, default, accepted, shown, refused, reason] = cells[..] else {
                panic!("{line}");
            };
            rows.push(Row {
                table,
                setting,
                default,
                accepted,
                shown,
                refused,
                reason,
            });
        }
    }
    rows
}

/// The values of all settings as `config show` prints them, by table and setting.
fn shown(settings: &Settings) -> BTreeMap<(&'static str, &'static str), String> {
    let mut values = BTreeMap::new();
    for table in tables(settings) {
        for entry in table.entries {
            values.insert((table.name, entry.field), entry.value);
        }
    }
    values
}

fn load_text(toml: &str) -> Result<Settings, String> {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();

    let result = load(&Source::File(file.path().to_owned()));
    let name = file.path().display().to_string();
    result.map_err(|error| error.to_string().replace(&name, "config.toml"))
}

/// What a file with this one line in this table makes of the setting, beside what it needs.
fn outcome(row: &Row, table: &str, setting: &str, value: &str) -> String {
    let needed = match (row.table, row.setting) {
        ("server.tls", "certificate_file") => "key_file = \"key\"",
        ("server.tls", "key_file") => "certificate_file = \"certificate\"",
        _ => "",
    };
    match load_text(&format!("[{table}]\n{setting} = {value}\n{needed}")) {
        Ok(settings) => shown(&settings)[&(row.table, row.setting)].clone(),
        Err(refusal) => refusal,
    }
}

#[test]
fn every_setting_has_its_row() {
    let covered: Vec<_> = rows().iter().map(|row| (row.table, row.setting)).collect();

    let all: Vec<_> = tables(&Settings::default())
        .into_iter()
        .flat_map(|table| {
            table
                .entries
                .into_iter()
                .map(move |e| (table.name, e.field))
        })
        .collect();

    assert_eq!(covered, all);
}

#[test]
fn what_is_left_out_has_its_default() {
    let defaults = shown(&load_text("").unwrap());

    let documented = rows()
        .iter()
        .map(|row| ((row.table, row.setting), row.default.to_owned()))
        .collect();

    assert_eq!(defaults, documented);
}

#[test]
fn a_value_is_accepted_under_its_name_in_either_case() {
    for row in rows() {
        let (table, setting) = (row.table.to_uppercase(), row.setting.to_uppercase());

        let lower = outcome(&row, row.table, row.setting, row.accepted);
        let upper = outcome(&row, &table, &setting, row.accepted);

        assert_eq!((lower.as_str(), upper.as_str()), (row.shown, row.shown));
    }
}

#[test]
fn a_wrong_value_is_refused_with_file_table_key_and_reason() {
    for row in rows() {
        let refusal = outcome(&row, row.table, row.setting, row.refused);

        let Row {
            table,
            setting,
            reason,
            ..
        } = row;
        assert_eq!(
            refusal,
            format!("config.toml: [{table}] {setting}: {reason}")
        );
    }
}

#[test]
fn every_setting_of_jwt_is_shown_at_work_unless_it_has_one_value_only() {
    let tests = [
        include_str!("token/settings/claims.rs"),
        include_str!("token/settings/grace.rs"),
        include_str!("token/settings/guards.rs"),
        include_str!("token/settings/keys.rs"),
        include_str!("token/settings/lifetimes.rs"),
        include_str!("token/settings/users.rs"),
        include_str!("token/jwk_url.rs"),
        include_str!("token/rotation.rs"),
    ]
    .concat();
    let defaults = Settings::default();
    let tables = tables(&defaults);
    let jwt = tables
        .into_iter()
        .find(|table| table.name == "jwt")
        .unwrap();

    let unseen: Vec<_> = jwt
        .entries
        .iter()
        .filter(|entry| !tests.contains(&format!("jwt.{}", entry.field)))
        .filter(|entry| !entry.doc.contains("supported"))
        .map(|entry| entry.field)
        .collect();

    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn config_toml_is_current() {
    let committed = include_str!("../../config.toml");

    assert_eq!(committed, reference::toml(), "run `make docs`");
}

#[test]
fn the_reference_of_settings_is_current() {
    let committed = include_str!("../../docs/reference/settings.md");

    assert_eq!(committed, reference::markdown(), "run `make docs`");
}

#[test]
fn the_shipped_config_reads_as_it_is_written() {
    let config = include_str!("../../config.toml");

    let settings = load_text(config).unwrap();

    let shown: Vec<_> = tables(&settings)
        .into_iter()
        .flat_map(|table| table.entries)
        .map(|entry| format!("{} = {}", entry.key, entry.value))
        .collect();
    let is_setting = |line: &&str| line.contains(" = ") && !line.starts_with('#');
    let written: Vec<_> = config.lines().filter(is_setting).collect();
    assert_eq!(shown, written);
}

#[test]
fn settings_that_are_printed_for_debugging_show_no_secret() {
    let toml = "[jwt]\nsigning_key = \"hunter2-hunter2\"\nverifying_key = \"hunter2-public\"";

    let printed = format!("{:#?}", load_text(toml).unwrap());

    assert!(printed.contains("signing_key: Some"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn the_password_of_the_database_is_shown_nowhere() {
    let toml = "[database]\nurl = \"postgres://tegata:hunter2@db:5433/shop?sslmode=require\"";

    let settings = load_text(toml).unwrap();

    let shown = &shown(&settings)[&("database", "url")];
    let redacted = "postgres://tegata:[redacted]@db:5433/shop?sslmode=require";
    assert_eq!(*shown, format!("\"{redacted}\""));
    assert!(!format!("{settings:#?}").contains("hunter2"));
}

#[test]
fn a_refusal_of_the_databases_url_repeats_no_password() {
    let toml = "[database]\nurl = \"postgres://tegata:hunter2/x@db:5433/shop\"";

    let refusal = load_text(toml).unwrap_err();

    assert!(refusal.contains("percent-encoded"), "{refusal}");
    assert!(!refusal.contains("hunter2"), "{refusal}");
}
