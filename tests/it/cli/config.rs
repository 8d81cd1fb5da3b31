use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::command::Folder;

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
