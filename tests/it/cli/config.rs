use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use super::command::Folder;
use crate::settings::{Row, rows};

#[test]
fn an_unknown_key_is_refused_with_file_key_and_nearest_name() {
    let folder = Folder::with_config("[jwt]\nACCES_TOKEN_LIFETIME = 300\n");

    let refused = folder.run(&["serve"]);

    assert_eq!(refused.code, Some(1));
    assert_eq!(
        refused.stderr,
        "error: config.toml: [jwt] acces_token_lifetime: unknown key, did you mean \
         `access_token_lifetime`?\n"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_is_named_where_it_is_wrong() {
    let folder = Folder::with_config("[jwt]\nleeway = 5\n");

    let refused = folder
        .command(&["migrate"])
        .env("TEGATA_JWT__LEEWAY", "soon")
        .output()
        .unwrap();
    let unknown = folder
        .command(&["migrate"])
        .env("TEGATA_JWT__LEEWY", "5")
        .output()
        .unwrap();
    let elsewhere = folder
        .command(&["migrate"])
        .env("TEGATA_PORT", "tcp://10.0.0.1")
        .output();

    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (refused, unknown) = (text(refused.stderr), text(unknown.stderr));
    assert!(
        refused.starts_with("error: TEGATA_JWT__LEEWAY: `soon` is not a number"),
        "{refused}"
    );
    assert!(
        unknown.starts_with("error: TEGATA_JWT__LEEWY: unknown key"),
        "{unknown}"
    );
    assert!(elsewhere.unwrap().status.success());
}

#[test]
fn a_secret_of_digits_in_the_environment_stays_as_it_is() {
    let folder = Folder::with_config("[jwt]\nsigning_key_file = \"x\"\n");

    let both = folder
        .command(&["migrate"])
        .env(
            "TEGATA_JWT__SIGNING_KEY",
            "0123456789012345678901234567890123456789",
        )
        .output()
        .unwrap();

    let told = String::from_utf8(both.stderr).unwrap();
    assert_eq!(
        told,
        "error: config.toml: [jwt] signing_key_file and TEGATA_JWT__SIGNING_KEY: give only one, \
         and set the other to \"\" where it comes from elsewhere\n"
    );
}

#[test]
fn the_environment_can_take_a_key_file_back() {
    let folder = Folder::with_config("[jwt]\nsigning_key_file = \"x\"\n");

    let migrated = folder
        .command(&["migrate"])
        .env(
            "TEGATA_JWT__SIGNING_KEY",
            "0123456789012345678901234567890123456789",
        )
        .env("TEGATA_JWT__SIGNING_KEY_FILE", "")
        .output()
        .unwrap();

    assert!(migrated.status.success(), "{migrated:?}");
}

#[test]
fn a_variable_in_two_spellings_is_refused() {
    let folder = Folder::new();
    let mut command = folder.command(&["migrate"]);

    let refused = command
        .env("TEGATA_JWT__LEEWAY", "1")
        .env("TEGATA_jwt__LEEWAY", "2")
        .output()
        .unwrap();

    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(
        told,
        "error: TEGATA_JWT__LEEWAY: given twice, in two spellings\n"
    );
}

#[test]
fn a_file_named_by_config_must_be_there() {
    let refused = Folder::new().run(&["migrate", "--config", "elsewhere.toml"]);

    refused.assert_refused("elsewhere.toml");
}

#[test]
fn the_shipped_config_is_accepted() {
    let folder = Folder::with_config(include_str!("../../../config.toml"));

    assert_eq!(folder.run(&["migrate"]).code, Some(0));
}

#[test]
fn a_variable_that_is_not_utf_8_does_no_harm_unless_it_is_a_setting() {
    let folder = Folder::new();
    let odd = OsStr::from_bytes(b"\xff");

    let somebody_elses = folder
        .command(&["migrate"])
        .env("LEGACY", odd)
        .output()
        .unwrap();
    let ours = folder
        .command(&["migrate"])
        .env("TEGATA_KEYS__DIR", odd)
        .output()
        .unwrap();

    assert!(somebody_elses.status.success());
    let told = String::from_utf8(ours.stderr).unwrap();
    assert_eq!(told, "error: TEGATA_KEYS__DIR: not UTF-8\n");
}

#[test]
fn an_address_that_is_none_says_what_was_expected() {
    let folder = Folder::with_config("[server]\nbind = \"localhost\"\n");

    let refused = folder.run(&["serve"]);

    assert!(
        refused
            .stderr
            .contains("[server] bind: `localhost` is not an address and a port")
    );
}

#[test]
fn check_says_which_file_is_fit_to_serve_and_makes_nothing() {
    let folder = Folder::with_config(include_str!("../../../config.toml"));

    let checked = folder.run(&["config", "check"]);

    assert_eq!(checked.code, Some(0));
    assert_eq!(checked.stdout, "");
    assert_eq!(checked.stderr, "config.toml: ok\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn check_refuses_what_contradicts_itself_a_line_each() {
    let folder = Folder::with_config(
        "[jwt]\nalgorithm = \"ES256\"\nuser_id_field = \"email\"\nuser_id_claim = \"exp\"\n",
    );

    let refused = folder.run(&["config", "check"]);

    assert_eq!(refused.code, Some(1));
    assert_eq!(
        refused.stderr,
        "error: config.toml: [jwt] user_id_claim: `exp` has a meaning of its own (RFC 7519 4.1)\n\
         config.toml: [jwt] user_id_field: `email` is not one of id, pk, username: other columns \
         may hold one value twice\n"
    );
}

#[test]
fn check_refuses_a_signing_key_that_cannot_sign() {
    let folder =
        Folder::with_config("[jwt]\nalgorithm = \"ES256\"\nsigning_key_file = \"key.pem\"\n");
    let missing = folder.run(&["config", "check"]);
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();

    let unfit = folder.run(&["config", "check"]);

    missing.assert_refused("cannot read the key file key.pem");
    unfit.assert_refused("key.pem cannot serve as the signing key");
}

#[test]
fn check_refuses_a_table_of_users_that_serve_would_refuse() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let check = |setting: &str, value: &str| {
        let mut command = folder.command(&["config", "check"]);
        let output = command.env(format!("TEGATA_USERS__{setting}"), value);
        String::from_utf8(output.output().unwrap().stderr).unwrap()
    };

    assert!(check("TABLE", "nobodys").contains("has no table nobodys"));
    assert!(check("PASSWORD_COLUMN", "hash").contains("has no column `hash`"));
    assert!(check("TABLE", "auth_user").contains("ok"));
}

#[test]
fn check_refuses_hs256_without_a_secret_as_serve_does() {
    let refused = Folder::with_config("").run(&["config", "check"]);

    refused.assert_refused("HS256 signs with a secret");
}

#[test]
fn show_says_where_each_setting_comes_from() {
    let folder = Folder::with_config("[NINJA_JWT]\nLEEWAY = 7\n[log]\nlevel = \"warn\"\n");
    let mut command = folder.command(&["config", "show"]);

    let shown = command
        .env("TEGATA_DATABASE__URL", "sqlite://shop.db")
        .env("TEGATA_JWT__ISSUER", "shop")
        .output()
        .unwrap();

    let shown = String::from_utf8(shown.stdout).unwrap();
    let set: Vec<_> = shown.lines().filter(|line| line.contains('#')).collect();
    assert_eq!(
        set,
        [
            "url = \"sqlite://shop.db\"  # TEGATA_DATABASE__URL",
            "ISSUER = \"shop\"  # TEGATA_JWT__ISSUER",
            "LEEWAY = \"7s\"  # config.toml",
            "level = \"warn\"  # config.toml",
        ]
    );
    assert!(
        shown.contains("\nACCESS_TOKEN_LIFETIME = \"5m\"\n"),
        "{shown}"
    );
}

#[test]
fn what_show_prints_is_a_config_that_means_the_same() {
    let folder =
        Folder::with_config("[jwt]\nleeway = 7\naudience = [\"a\\u0001\\n\", \"b\\u007f\"]\n");

    let shown = folder.run(&["config", "show"]).stdout;
    std::fs::write(folder.path().join("config.toml"), &shown).unwrap();
    let again = folder.run(&["config", "show"]).stdout;

    let values = |text: &str| -> Vec<_> {
        let value = |line: &str| line.split("  # ").next().unwrap().to_owned();
        text.lines().map(value).collect()
    };
    assert_eq!(values(&shown), values(&again));
}

#[test]
fn show_prints_no_secret() {
    let folder = Folder::with_config("[jwt]\nsigning_key = \"hunter2-hunter2\"\n");

    let toml = folder.run(&["config", "show"]).stdout;
    let json = folder.run(&["config", "show", "--json"]).stdout;

    assert!(
        toml.contains("SIGNING_KEY = \"[redacted]\"  # config.toml\n"),
        "{toml}"
    );
    assert!(json.contains("\"signing_key\": \"[redacted]\""), "{json}");
    assert!(!toml.contains("hunter2") && !json.contains("hunter2"));
}

#[test]
fn show_prints_json_for_programs() {
    let folder = Folder::with_config("[jwt]\nleeway = 7\n");

    let shown = folder.run(&["config", "show", "--json"]).stdout;

    let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(json["jwt"]["leeway"], "7s");
    assert_eq!(json["jwt"]["auth_token_classes"][0], "access");
    assert_eq!(json["server"]["bind"], "127.0.0.1:8000");
}

#[test]
fn reference_prints_what_make_docs_writes_whatever_the_settings() {
    let folder = Folder::with_config("[broken");

    let markdown = folder.run(&["config", "reference"]).stdout;
    let toml = folder.run(&["config", "reference", "--toml"]).stdout;

    assert_eq!(markdown, tegata::settings::reference::markdown());
    assert_eq!(toml, tegata::settings::reference::toml());
}

#[test]
fn every_setting_can_be_set_by_the_environment() {
    // All at once, save those that contradict another row.
    let others = ["enabled", "refresh_without_user"];
    let is_alone =
        |row: &Row| !row.setting.ends_with("_key_file") && !others.contains(&row.setting);
    let rows: Vec<_> = rows().into_iter().filter(is_alone).collect();
    let variable = |row: &Row| {
        let name = format!("TEGATA_{}__{}", row.table, row.setting);
        name.replace('.', "__").to_uppercase()
    };
    let bare = |row: &Row| row.accepted.trim_matches('"').to_owned();
    let folder = Folder::with_config("");
    let mut command = folder.command(&["config", "show"]);

    let shown = command
        .envs(rows.iter().map(|row| (variable(row), bare(row))))
        .output()
        .unwrap();

    let shown = String::from_utf8(shown.stdout).unwrap();
    let set: Vec<_> = shown
        .lines()
        .filter(|line| line.contains('#'))
        .map(|line| line.split_once(" = ").unwrap().1)
        .collect();
    let expected: Vec<_> = rows
        .iter()
        .map(|row| format!("{}  # {}", row.shown, variable(row)))
        .collect();
    assert_eq!(set, expected);
}

#[test]
fn the_environment_sets_no_list_of_tables() {
    let folder = Folder::with_config("");
    let mut show = folder.command(&["config", "show"]);

    let refused = show.env("TEGATA_NINJA_JWT__ISSUERS", "[]").output();

    assert_eq!(
        String::from_utf8(refused.unwrap().stderr).unwrap(),
        "error: TEGATA_JWT__ISSUERS: a list of tables is not set by the environment: write it in \
         the file\n"
    );
}

#[test]
fn show_prints_each_issuer_as_a_table_that_means_the_same() {
    let issuer = |name: &str| {
        format!(
            "[[jwt.issuers]]\nissuer = \"https://{name}.example\"\naudience = \"shop\"\n\
             algorithms = \"ES256\"\n"
        )
    };
    let folder = Folder::with_config(&(issuer("a") + &issuer("b")));

    let shown = folder.run(&["config", "show"]).stdout;
    std::fs::write(folder.path().join("config.toml"), &shown).unwrap();
    let again = folder.run(&["config", "show"]).stdout;

    let tables = |text: &str| -> Vec<_> {
        let value = |line: &str| line.split("  # ").next().unwrap().to_owned();
        let after = text.split_once("[[jwt.issuers]]").unwrap().1;
        after
            .split("[jwks]")
            .next()
            .unwrap()
            .lines()
            .map(value)
            .collect()
    };
    assert!(
        shown.contains("\nissuer = \"https://b.example\"  # config.toml\n"),
        "{shown}"
    );
    assert_eq!(tables(&shown), tables(&again));
}

#[test]
fn an_empty_variable_is_an_empty_list() {
    let folder = Folder::with_config("[server]\ntrusted_proxies = [\"10.0.0.1\"]\n");
    let mut show = folder.command(&["config", "show"]);

    let shown = show.env("TEGATA_SERVER__TRUSTED_PROXIES", "").output();

    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert!(shown.contains("\ntrusted_proxies = []  #"), "{shown}");
}

#[test]
fn a_list_in_the_environment_is_one_and_a_text_in_the_file_is_none() {
    let folder = Folder::with_config("[jwt]\nissuer = \"[::1]\"\naudience = \"[::1]\"\n");
    let audience = |command: &mut Command| {
        let shown = command.output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let line = shown.lines().find(|line| line.starts_with("AUDIENCE"));
        line.unwrap().split("  #").next().unwrap().to_owned()
    };

    let mut show = folder.command(&["config", "show"]);
    assert_eq!(audience(&mut show), "AUDIENCE = \"[::1]\"");
    show.env("TEGATA_JWT__AUDIENCE", "[\"a,b\", c]");
    assert_eq!(audience(&mut show), "AUDIENCE = [\"a,b\", \"c\"]");
}

#[test]
fn neither_key_is_ever_shown() {
    let secret = "kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";
    let config = format!("[jwt]\nSIGNING_KEY = \"{secret}\"\nVERIFYING_KEY = \"{secret}\"\n");
    let folder = Folder::with_config(&config);

    for command in [["config", "show"].as_slice(), &["config", "show", "--json"]] {
        let shown = folder.run(command);

        assert_eq!(shown.code, Some(0));
        assert!(!shown.stdout.contains(secret) && !shown.stderr.contains(secret));
    }
}

#[test]
fn an_empty_variable_names_no_file() {
    let folder = Folder::with_config("[jwt]\nleeway = 5\n");

    let shown = folder
        .command(&["config", "show"])
        .env("TEGATA_CONFIG", "")
        .output();

    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert!(shown.contains("LEEWAY = \"5s\"  # config.toml"), "{shown}");
}
