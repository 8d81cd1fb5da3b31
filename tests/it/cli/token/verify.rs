use std::fs;

use serde_json::json;

use super::issue::{token, with_alice};
use crate::cli::command::{Folder, Outcome};
use crate::fake_issuer::FakeIssuer;

/// RFC 7515 A.1: its key and its token, which expired in 2011.
const RFC7515_A1_KEY: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
const RFC7515_A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The outcome of verifying with a file that holds this.
fn verify_with(jwk: &str, more: &[&str]) -> Outcome {
    let folder = Folder::new();
    fs::write(folder.path().join("jwk.json"), jwk).unwrap();
    folder.run(&[&["token", "verify", "--jwk-file", "jwk.json"], more].concat())
}

#[test]
fn a_genuine_token_is_verified_and_its_claims_printed() {
    let folder = with_alice();
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");

    let verified = folder.run_with_input(&["token", "verify"], &format!("{access}\n"));

    assert_eq!(verified.code, Some(0));
    assert!(
        verified
            .stdout
            .starts_with("{\"token_type\":\"access\",\"exp\":")
    );
    assert_eq!(
        verified.stderr,
        "verified; the blacklist was not looked at\n"
    );
}

#[test]
fn a_token_of_another_class_or_key_is_refused() {
    let (folder, other) = (with_alice(), with_alice());
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");

    let wrong_class = folder.run(&["token", "verify", "--class", "refresh", &access]);
    let wrong_key = other.run(&["token", "verify", &access]);

    wrong_class.assert_refused("refused: the token has the wrong type");
    wrong_key.assert_refused("refused: no key has the header's `kid`");
}

/// A token of the issuer's that has long to live.
fn of(issuer: &FakeIssuer) -> String {
    issuer.token(&json!({ "exp": 4_102_444_800_i64 }))
}

fn with_alice_trusting(issuer: &FakeIssuer) -> Folder {
    let folder = with_alice();
    let config = fs::read_to_string(folder.path().join("config.toml")).unwrap();
    folder.configure(&(config + &issuer.table()));
    folder
}

#[test]
fn a_token_of_another_issuer_is_verified_with_its_keys() {
    let issuer = FakeIssuer::spawn();
    let folder = with_alice_trusting(&issuer);

    let verified = folder.run(&["token", "verify", &of(&issuer)]);
    let classed = folder.run(&["token", "verify", "--class", "access", &of(&issuer)]);

    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(
        verified.stdout.contains("\"aud\":\"orders-api\""),
        "{verified:?}"
    );
    let name = issuer.name();
    let said = format!("verified as a token of {name}\n");
    assert!(verified.stderr.ends_with(&said), "{verified:?}");
    classed.assert_refused("refused: the token is of another issuer, and of no class of ours");
}

#[test]
fn a_token_whose_issuer_is_trusted_but_for_a_slash_is_blamed_on_its_issuer() {
    let issuer = FakeIssuer::spawn();
    let folder = with_alice_trusting(&issuer);

    let name = issuer.name() + "/";
    let refused = folder.run(&["token", "verify", &issuer.token(&json!({ "iss": name }))]);

    refused.assert_refused("refused: the token's `iss` is that of no issuer that is trusted");
}

/// Nobody listens on the port of the proxy.
#[test]
fn the_proxy_of_the_environment_is_asked_for_keys_only_where_one_says_so() {
    let issuer = FakeIssuer::spawn();
    let folder = with_alice_trusting(&issuer);
    let token = of(&issuer);
    let verify = || {
        let mut command = folder.command(&["token", "verify", &token]);
        command.env("http_proxy", "http://127.0.0.1:9");
        command.output().unwrap().status.code()
    };

    let without = verify();
    let config = fs::read_to_string(folder.path().join("config.toml")).unwrap();
    folder.configure(&(config + "[jwks]\nuse_environment_proxy = true\n"));
    let with = verify();

    assert_eq!((without, with), (Some(0), Some(1)));
}

#[test]
fn keys_that_cannot_be_had_say_nothing_of_a_token_and_what_failed_is_told() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();
    let folder = with_alice_trusting(&issuer);

    let unknown = folder.run(&["token", "verify", &of(&issuer)]);

    unknown.assert_refused("nothing is known of the token: ");
    unknown.assert_refused("404");
}

#[test]
fn a_signature_is_verified_with_the_key_of_a_file() {
    let verified = verify_with(RFC7515_A1_KEY, &["--alg", "HS256", RFC7515_A1]);

    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(
        verified.stderr,
        "the signature is genuine; no claim was looked at\n"
    );
}

#[test]
fn the_exported_key_set_verifies_what_is_issued() {
    let folder = with_alice();
    let access = token(&folder.run(&["token", "issue", "alice"]), "access");
    let exported = folder.run(&["keys", "export"]).stdout;

    assert_eq!(verify_with(&exported, &[&access]).code, Some(0));
    let forged = format!("{}AAAA", &access[..access.len() - 4]);
    verify_with(&exported, &[&forged]).assert_refused("refused: the signature does not verify");
}

#[test]
fn a_token_never_chooses_its_own_algorithm() {
    let undecided = verify_with(RFC7515_A1_KEY, &[RFC7515_A1]);
    let another = verify_with(RFC7515_A1_KEY, &["--alg", "HS512", RFC7515_A1]);

    undecided.assert_refused("neither the key nor you say which algorithm");
    another.assert_refused("refused: the header's `alg` is not HS512");
}

#[test]
fn an_unknown_algorithm_is_misuse() {
    let misused = verify_with(RFC7515_A1_KEY, &["--alg", "none", RFC7515_A1]);

    assert_eq!(misused.code, Some(2));
}
