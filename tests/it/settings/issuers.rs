//! The tables of `[[jwt.issuers]]`, each setting by itself.

use super::{Row, load_text, rows_of};
use documented::DocumentedFields;
use tegata::settings::tables;
use tegata_jwt::IssuerSettings;

const ISSUER: &str = "issuer = \"https://id.example\"\n";
const AUDIENCE: &str = "audience = \"shop\"\n";
const ALGORITHMS: &str = "algorithms = [\"ES256\"]\n";

fn rows() -> Vec<Row> {
    rows_of(include_str!("issuers.md"))
}

/// A table that is whole by this one line and what it needs beside it.
fn whole(header: &str, setting: &str, value: &str) -> String {
    let rest = match setting.to_lowercase().as_str() {
        "issuer" => AUDIENCE.to_owned() + ALGORITHMS,
        "audience" => ISSUER.to_owned() + ALGORITHMS,
        "algorithms" => ISSUER.to_owned() + AUDIENCE,
        "user_id_claim" => ISSUER.to_owned() + AUDIENCE + ALGORITHMS + "user_id_field = \"id\"\n",
        "user_id_field" => ISSUER.to_owned() + AUDIENCE + ALGORITHMS + "user_id_claim = \"sub\"\n",
        _ => ISSUER.to_owned() + AUDIENCE + ALGORITHMS,
    };
    format!("{header}\n{rest}{setting} = {value}\n")
}

/// What the setting of the first table is then, or why there is none.
fn outcome(header: &str, setting: &str, value: &str) -> String {
    let settings = match load_text(&whole(header, setting, value)) {
        Ok(settings) => settings,
        Err(refusal) => return refusal,
    };
    let tables = tables(&settings);
    let issuer = tables.iter().find(|table| table.is_listed).unwrap();
    let field = setting.to_lowercase();
    let mut entries = issuer.entries.iter();
    let entry = entries.find(|entry| entry.field == field).unwrap();
    entry.value.clone()
}

fn refusal(toml: &str) -> String {
    load_text(toml).unwrap_err()
}

#[test]
fn every_setting_has_its_row() {
    let covered: Vec<_> = rows().iter().map(|row| row.setting).collect();

    assert_eq!(covered, IssuerSettings::FIELD_NAMES);
}

#[test]
fn what_is_left_out_has_its_default() {
    let toml = format!("[[jwt.issuers]]\n{ISSUER}{AUDIENCE}{ALGORITHMS}");

    let settings = load_text(&toml).unwrap();

    let given = ["issuer", "audience", "algorithms"];
    let tables = tables(&settings);
    let issuer = tables.iter().find(|table| table.is_listed).unwrap();
    for (entry, row) in issuer.entries.iter().zip(rows()) {
        assert!(
            entry.value == row.default || given.contains(&row.setting),
            "{entry:?}"
        );
    }
}

#[test]
fn a_value_is_accepted_under_its_name_in_either_case_and_djangos_name_of_the_table() {
    for row in rows() {
        let lower = outcome("[[jwt.issuers]]", row.setting, row.accepted);
        let setting = row.setting.to_uppercase();
        let upper = outcome("[[NINJA_JWT.ISSUERS]]", &setting, row.accepted);

        assert_eq!((lower.as_str(), upper.as_str()), (row.shown, row.shown));
    }
}

#[test]
fn a_wrong_value_is_refused_with_file_number_key_and_reason() {
    for row in rows() {
        let refusal = outcome("[[jwt.issuers]]", row.setting, row.refused);

        let Row {
            setting, reason, ..
        } = row;
        assert_eq!(
            refusal,
            format!("config.toml: [[jwt.issuers]] number 1, {setting}: {reason}")
        );
    }
}

#[test]
fn the_table_that_is_wrong_is_told_by_its_number_and_an_unknown_key_by_the_nearest() {
    let good = format!("[[jwt.issuers]]\n{ISSUER}{AUDIENCE}{ALGORITHMS}");
    let other = "[[jwt.issuers]]\nissuer = \"https://b.example\"\n";

    assert_eq!(
        refusal(&format!("{good}{other}algoritms = \"ES256\"")),
        "config.toml: [[jwt.issuers]] number 2, algoritms: unknown key, did you mean `algorithms`?"
    );
    assert_eq!(
        refusal(&format!("{good}{other}{AUDIENCE}")),
        "config.toml: [[jwt.issuers]] number 2: algorithms is missing"
    );
    assert_eq!(
        refusal(&format!(
            "{good}{other}{AUDIENCE}{ALGORITHMS}ALGORITHMS = \"ES256\""
        )),
        "config.toml: [[jwt.issuers]] number 2, algorithms: given twice, in two spellings"
    );
}

#[test]
fn an_issuer_without_an_audience_is_refused_unless_it_is_written_out() {
    let toml = format!("[[jwt.issuers]]\n{ISSUER}{ALGORITHMS}");

    let refused = refusal(&toml);
    let written_out = load_text(&format!("{toml}any_audience = true"));

    assert!(
        refused.contains("number 1, audience: say whom"),
        "{refused}"
    );
    assert!(written_out.unwrap().jwt.issuers[0].any_audience);
}

#[test]
fn one_issuer_is_trusted_once_and_never_as_ourselves() {
    let table = format!("[[jwt.issuers]]\n{ISSUER}{AUDIENCE}{ALGORITHMS}");

    assert_eq!(
        refusal(&format!("{table}{table}")),
        "config.toml: [[jwt.issuers]] number 2, issuer: an earlier one has the same"
    );
    assert_eq!(
        refusal(&format!("[jwt]\n{ISSUER}{table}")),
        "config.toml: [[jwt.issuers]] number 1, issuer: it is [jwt] issuer, and nobody else issues \
         as that"
    );
}

#[test]
fn half_a_mapping_of_users_is_refused() {
    let table = format!("[[jwt.issuers]]\n{ISSUER}{AUDIENCE}{ALGORITHMS}");

    let claim = refusal(&format!("{table}user_id_claim = \"sub\""));
    let field = refusal(&format!("{table}user_id_field = \"username\""));

    assert!(
        claim.contains("number 1, user_id_field: name the column"),
        "{claim}"
    );
    assert!(
        field.contains("number 1, user_id_claim: name the claim"),
        "{field}"
    );
}

#[test]
fn an_issuer_that_is_no_url_needs_one_for_its_keys() {
    let named = "[[jwt.issuers]]\nissuer = \"accounts\"\n";
    let url = "jwks_url = \"https://id.example/jwks\"\n";

    let without = refusal(&format!("{named}{AUDIENCE}{ALGORITHMS}"));
    let with = load_text(&format!("{named}{url}{AUDIENCE}{ALGORITHMS}"));

    assert!(
        without.contains("number 1, issuer: expected a URL"),
        "{without}"
    );
    assert!(with.is_ok());
}

#[test]
fn what_is_no_list_of_tables_is_refused() {
    let expected = "expected tables, each below a line [[jwt.issuers]]";

    assert_eq!(
        refusal("[jwt.issuers]\nissuer = \"a\""),
        format!("config.toml: [[jwt.issuers]]: {expected}")
    );
    assert_eq!(
        refusal("[jwt]\nissuers = \"https://id.example\""),
        format!("config.toml: [[jwt.issuers]]: {expected}")
    );
    assert_eq!(
        refusal("[[jwt.issuer]]\nissuer = \"https://id.example\""),
        "config.toml: [jwt] issuer: no list of tables, did you mean [[jwt.issuers]]?"
    );
}
