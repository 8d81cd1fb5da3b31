//! What `make fuzz` keeps, held to the same rules.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/rules/config.rs"]
mod config;
#[path = "../../fuzz/rules/jwk.rs"]
mod jwk;
#[path = "../../fuzz/rules/login_body.rs"]
mod login_body;
#[path = "../../fuzz/rules/verify.rs"]
mod verify;

/// Applies a rule to every file of the folders below the root.
fn each(folders: &[&str], rule: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in folders {
        for input in fs::read_dir(root.join(folder)).unwrap() {
            rule(&fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn kept_tokens_hold_the_rule_of_tokens() {
    each(&["fuzz/seeds/verify", "fuzz/corpus/verify"], verify::hold);
}

#[test]
fn kept_keys_hold_the_rule_of_keys() {
    each(&["fuzz/seeds/jwk", "fuzz/corpus/jwk"], jwk::hold);
}

#[test]
fn kept_settings_hold_the_rule_of_settings() {
    each(&["fuzz/seeds/config", "fuzz/corpus/config"], config::hold);
}

#[test]
fn kept_bodies_hold_the_rule_of_logins() {
    each(
        &["fuzz/seeds/login_body", "fuzz/corpus/login_body"],
        login_body::hold,
    );
}
