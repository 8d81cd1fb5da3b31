use super::*;
use crate::JwkSet;
use crate::fixtures::key;

const SECRET: &str = r#"{"kty":"oct","kid":"s","alg":"HS256",
    "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

fn public(algorithm: Algorithm) -> String {
    key(algorithm).verifying_key().jwk().unwrap()
}

fn set(keys: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// The algorithm of the key that is chosen, or why none is.
fn chosen(
    json: &str,
    kid: Option<&str>,
    algorithm: Option<Algorithm>,
) -> Result<Algorithm, String> {
    let set = JwkSet::parse(json).map_err(|refused| refused.to_string())?;
    let key = set.verifying_key(kid, algorithm);
    key.map(|key| key.algorithm())
        .map_err(|refused| refused.to_string())
}

fn refused<T>(reason: &str) -> Result<T, String> {
    Err(format!("the JWK cannot be used: {reason}"))
}

#[test]
fn a_kid_chooses_among_the_keys_of_a_set() {
    let keys = [public(Algorithm::ES256), public(Algorithm::PS384)];
    let keys = set(&[&keys[0], &keys[1]]);

    let kid = key(Algorithm::PS384).kid().unwrap().to_owned();
    assert_eq!(chosen(&keys, Some(&kid), None), Ok(Algorithm::PS384));
    let unknown = refused("no key has the token's `kid`");
    assert_eq!(chosen(&keys, Some("../../dev/null"), None), unknown);
    let none = refused("the token names none of several keys");
    assert_eq!(chosen(&keys, None, None), none);
}

#[test]
fn an_empty_set_is_refused() {
    let empty = refused("the set is empty");

    assert_eq!(chosen(&set(&[]), None, None), empty);
    assert_eq!(chosen(&set(&[]), Some("a"), Some(Algorithm::ES256)), empty);
}

#[test]
fn a_duplicate_kid_is_refused() {
    let other = public(Algorithm::ES384);
    let same = public(Algorithm::ES256).replace(
        key(Algorithm::ES256).kid().unwrap(),
        // The same name behind an escape.
        &key(Algorithm::ES384)
            .kid()
            .unwrap()
            .replacen('-', "\\u002d", 1),
    );

    let twice = refused("two keys have one `kid`");
    assert_eq!(chosen(&set(&[&other, &same]), Some("a"), None), twice);
    assert_eq!(chosen(&set(&[&other, &other]), Some("a"), None), twice);
}

#[test]
fn secrets_beside_public_keys_are_refused() {
    let mixed = refused("secrets and public keys stand side by side");

    let public = public(Algorithm::ES256);
    assert_eq!(chosen(&set(&[SECRET, &public]), Some("s"), None), mixed);
    assert_eq!(chosen(&set(&[&public, SECRET]), Some("s"), None), mixed);
}

#[test]
fn a_secret_for_a_public_algorithm_and_the_reverse_are_refused() {
    let alg = refused("`alg` is another algorithm");
    assert_eq!(chosen(SECRET, None, Some(Algorithm::RS256)), alg);
    assert_eq!(
        chosen(&public(Algorithm::RS256), None, Some(Algorithm::HS256)),
        alg
    );

    let claims_hs256 = public(Algorithm::RS256).replace("RS256", "HS256");
    let unfit = Err(unfit(Algorithm::HS256).to_string());
    assert_eq!(chosen(&claims_hs256, None, None), unfit);
    assert_eq!(chosen(SECRET, None, None), Ok(Algorithm::HS256));
}

#[test]
fn a_short_or_well_known_secret_in_a_jwk_is_refused() {
    let jwk = |k: &str| format!(r#"{{"kty":"oct","alg":"HS256","k":"{k}"}}"#);

    assert!(chosen(&jwk("c2VjcmV0"), None, None).is_err());
    assert!(chosen(&jwk(""), None, None).is_err());
    // `kkkk…`, 32 times.
    let repeated = jwk("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s");
    assert_eq!(
        chosen(&repeated, None, None),
        Err(KeyError::SampleSecret.to_string())
    );
}

#[test]
fn of_one_jwk_the_public_part_is_taken_and_in_a_set_a_private_key_is_refused() {
    let private = key_file("rsa.jwk");

    assert_eq!(
        chosen(&private, None, Some(Algorithm::RS256)),
        Ok(Algorithm::RS256)
    );
    let lost = refused("a private key stands in the set, open to all");
    assert_eq!(
        chosen(&set(&[&private]), None, Some(Algorithm::RS256)),
        lost
    );
}

#[test]
fn a_key_that_is_for_encryption_or_for_signing_only_does_not_verify() {
    let with = |member: &str| public(Algorithm::ES256).replace(r#""use":"sig""#, member);

    assert_eq!(
        chosen(&with(r#""use":"enc""#), None, None),
        refused("`use` is not `sig`")
    );
    let forbidden = refused("`key_ops` does not allow this");
    assert_eq!(
        chosen(&with(r#""key_ops":["sign"]"#), None, None),
        forbidden
    );
    assert!(chosen(&with(r#""key_ops":["verify"]"#), None, None).is_ok());
}

#[test]
fn an_algorithm_that_neither_key_nor_caller_says_is_not_guessed() {
    let rsa = public(Algorithm::RS256).replace(r#""alg":"RS256","#, "");
    let unsaid = refused("neither the key nor you say which algorithm");
    assert_eq!(chosen(&rsa, None, None), unsaid);
    assert_eq!(
        chosen(&rsa, None, Some(Algorithm::PS512)),
        Ok(Algorithm::PS512)
    );

    let none = public(Algorithm::RS256).replace("RS256", "none");
    assert_eq!(chosen(&none, None, None), refused("`alg` is none we know"));
    for algorithm in [Algorithm::ES384, Algorithm::ES512, Algorithm::EdDSA] {
        let alg = format!(r#""alg":"{algorithm}","#);
        let jwk = public(algorithm).replace(&alg, "");
        assert_eq!(chosen(&jwk, None, None), Ok(algorithm));
    }
}

#[test]
fn what_is_neither_jwk_nor_set_is_refused() {
    for json in [
        "",
        "null",
        "[]",
        "{",
        r#"{"a":1,"a":2}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
    ] {
        assert!(JwkSet::parse(json).is_err(), "{json}");
    }
    assert!(JwkSet::parse(r#"{"keys":[{"kid":1}]}"#).is_err());
    let mark = format!("\u{feff}{}", public(Algorithm::ES256));
    assert_eq!(chosen(&mark, None, None), Ok(Algorithm::ES256));
}

#[test]
fn a_flood_of_keys_is_read_at_once_and_a_greater_one_refused_unread() {
    let flood = |count| format!(r#"{{"keys":[{}{{}}]}}"#, "{},".repeat(count));

    assert!(JwkSet::parse(&flood(80_000)).is_ok());
    let refused = JwkSet::parse(&flood(100_000)).err();
    assert_eq!(refused, Some(KeyError::TooLong { limit: 256 * 1024 }));
}
