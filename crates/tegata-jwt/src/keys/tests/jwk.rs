use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::JwkSet;

/// RFC 7517 A.2.
const P256: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}"#;

/// A key with some members set, or left out where they are null.
fn with(key: &str, members: Value) -> String {
    let mut key: Map<String, Value> = serde_json::from_str(key).unwrap();
    let Value::Object(members) = members else {
        panic!("members are an object");
    };
    for (name, value) in members {
        match value {
            Value::Null => drop(key.remove(&name)),
            _ => drop(key.insert(name, value)),
        }
    }
    Value::Object(key).to_string()
}

fn sign_with(algorithm: Algorithm, text: &str) -> Result<(), String> {
    let key = SigningKey::parse(algorithm, text);
    key.map(drop).map_err(|refused| refused.to_string())
}

fn p256(members: Value) -> Result<(), String> {
    sign_with(Algorithm::ES256, &with(P256, members))
}

fn rsa(members: Value) -> Result<(), String> {
    sign_with(Algorithm::RS256, &with(&key_file("rsa.jwk"), members))
}

fn refused(reason: &str) -> Result<(), String> {
    Err(format!("the JWK cannot be used: {reason}"))
}

#[test]
fn a_jwk_that_says_it_is_for_something_else_is_refused() {
    assert_eq!(p256(json!({"use": "enc"})), refused("`use` is not `sig`"));
    let other = refused("`alg` is another algorithm");
    assert_eq!(p256(json!({"alg": "ES384"})), other);
    assert_eq!(p256(json!({"alg": "es256"})), other);
    let forbidden = refused("`key_ops` does not allow this");
    assert_eq!(p256(json!({"key_ops": ["verify"]})), forbidden);
    assert_eq!(p256(json!({"key_ops": []})), forbidden);
    let twice = refused("`key_ops` names an operation twice");
    assert_eq!(p256(json!({"key_ops": ["sign", "sign"]})), twice);
    assert_eq!(
        p256(json!({"key_ops": "sign"})),
        refused("`key_ops` is no list")
    );
    let fitting = json!({"use": "sig", "alg": "ES256", "key_ops": ["sign", "verify"]});
    assert_eq!(p256(fitting), Ok(()));
}

#[test]
fn a_jwk_of_another_type_is_refused() {
    let unfit = Err(unfit(Algorithm::ES256).to_string());

    assert_eq!(p256(json!({"kty": "RSA"})), unfit);
    assert_eq!(p256(json!({"kty": "ec"})), unfit);
    assert_eq!(p256(json!({"kty": null})), unfit);
    assert_eq!(p256(json!({"crv": "P-384"})), unfit);
    assert_eq!(p256(json!({"crv": "secp256k1"})), unfit);
    assert_eq!(
        p256(json!({"kty": 1})),
        refused("its member `kty` must be a string")
    );
}

#[test]
fn a_coordinate_without_its_zeros_or_with_more_is_refused() {
    let short = "oEJM0hwpRIOKLXXJKzfnbqINnwCJOjtO7oo8Cq_sPg";
    let long = "ADCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-";
    let length = "must be as long as the curve's numbers";

    for member in ["x", "y", "d"] {
        let expected = refused(&format!("its member `{member}` {length}"));
        assert_eq!(p256(json!({ member: short })), expected);
        assert_eq!(p256(json!({ member: long })), expected);
        assert_eq!(p256(json!({ member: "" })), expected);
    }
}

#[test]
fn base64_that_is_not_strict_is_refused() {
    let padded = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=";
    let stray_bits = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D5";
    let spaced = "MKBCTNIcKUSDii11 ySs3526iDZ8AiTo7Tu6KPAqv7D4";

    let expected = refused("its member `x` must be base64url without padding");
    for x in [padded, stray_bits, spaced, "+/AA", "\u{0}"] {
        assert_eq!(p256(json!({ "x": x })), expected, "{x}");
    }
    assert_eq!(
        p256(json!({"x": null})),
        refused("its member `x` must be there")
    );
    assert_eq!(
        p256(json!({"x": [1]})),
        refused("its member `x` must be a string")
    );
}

#[test]
fn a_private_key_that_is_not_of_the_public_one_is_refused() {
    let other = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    let mismatch = refused("the private key is not that of the public one");

    assert_eq!(p256(json!({ "d": other })), mismatch);
    let order = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    assert_eq!(p256(json!({ "d": order })), mismatch);
    assert_eq!(p256(json!({ "d": "A".repeat(43) })), mismatch);
    // Off the curve.
    assert_eq!(p256(json!({ "y": other })), mismatch);
    let ed25519 = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": other,
    });
    assert_eq!(sign_with(Algorithm::EdDSA, &ed25519.to_string()), mismatch);
}

#[test]
fn an_rsa_number_of_zero_or_with_zeros_before_it_is_refused() {
    for member in ["n", "e", "d"] {
        let reason = format!("its member `{member}` must be a number without zeros before it");

        // Nothing, 0, and 0 before 1.
        for zero in ["", "AA", "AAE"] {
            assert_eq!(rsa(json!({ member: zero })), refused(&reason));
        }
    }
}

#[test]
fn rsa_numbers_that_do_not_go_together_are_refused() {
    let alone = "`d` does not go with `n` and `e`, or the primes `p` and `q` are needed too";
    let all = "`d`, `p` and `q` do not go with `n` and `e`";

    for d in ["AQ", "Ag", "AQAB"] {
        assert_eq!(rsa(json!({ "d": d })), refused(alone));
        assert_eq!(rsa(json!({ "d": d, "p": "AQ", "q": "AQ" })), refused(all));
    }
    assert_eq!(rsa(json!({"e": "Aw"})), refused(alone));
    assert_eq!(
        rsa(json!({"p": "Ag"})),
        refused("its member `q` must be there")
    );
    let longer = refused("a private number is longer than the modulus `n`");
    assert_eq!(rsa(json!({ "d": "_".repeat(400) })), longer);
    let three = refused("an RSA key of more than two primes is not supported");
    assert_eq!(rsa(json!({"oth": []})), three);
}

#[test]
fn a_set_where_one_key_belongs_is_refused() {
    let set = format!(r#"{{"keys":[{P256}]}}"#);

    let expected = refused("a set of keys stands where one key belongs");
    assert_eq!(sign_with(Algorithm::ES256, &set), expected);
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let twice = P256.replacen('{', r#"{"\u0064":"AA","#, 1);

    assert_eq!(
        sign_with(Algorithm::ES256, &twice),
        refused("no JSON object")
    );
}

#[test]
fn an_ml_dsa_key_says_its_algorithm_and_has_a_seed_of_its_own() {
    let pem = crate::fixtures::pem(Algorithm::MlDsa44);
    let key = SigningKey::parse(Algorithm::MlDsa44, pem).unwrap();
    let mut jwk: Value = serde_json::from_str(&key.verifying_key().jwk().unwrap()).unwrap();
    jwk["priv"] = "A".repeat(43).into();
    let sign = |jwk: &Value| sign_with(Algorithm::MlDsa44, &jwk.to_string());

    let of_another = "the private key is not that of the public one";
    assert_eq!(sign(&jwk), refused(of_another));
    jwk.as_object_mut().unwrap().remove("alg");
    assert_eq!(sign(&jwk), refused("`alg` is missing"));
}

#[test]
fn a_published_jwk_holds_public_members_only() {
    for algorithm in crate::fixtures::asymmetric() {
        let key = crate::fixtures::key(algorithm);
        let jwk: Map<String, Value> =
            serde_json::from_str(&key.verifying_key().jwk().unwrap()).unwrap();

        let public = ["alg", "crv", "e", "kid", "kty", "n", "pub", "use", "x", "y"];
        assert!(jwk.keys().all(|name| public.contains(&name.as_str())));
        assert_eq!(jwk["alg"], algorithm.name());
        assert_eq!(jwk["kid"], key.kid().unwrap());
    }
    let secret = crate::fixtures::key(Algorithm::HS256).verifying_key();
    assert_eq!(secret.jwk(), None);
}

proptest! {
    #[test]
    fn no_json_makes_a_jwk_panic(
        kty in "RSA|EC|OKP|oct|\\PC{0,3}",
        crv in "P-256|P-521|Ed25519|\\PC{0,3}",
        numbers in prop::collection::vec("[A-Za-z0-9_-]{0,6}|[A-Za-z0-9_-]{43}", 10),
        algorithm in prop::sample::select(&Algorithm::ALL),
    ) {
        let names = ["n", "e", "d", "p", "q", "x", "y", "k", "use", "key_ops"];
        let members = names.into_iter().zip(&numbers).filter(|(_, number)| number.len() != 3);
        let mut jwk: Map<_, _> =
            members.map(|(name, number)| (name.to_owned(), json!(number))).collect();
        jwk.extend([("kty".to_owned(), json!(kty)), ("crv".to_owned(), json!(crv))]);
        let jwk = Value::Object(jwk).to_string();

        let _ = SigningKey::parse(algorithm, &jwk);
        let _ = VerifyingKey::parse(algorithm, &jwk);
        let _ = JwkSet::parse(&jwk).map(|set| set.verifying_key(None, None).map(drop));
    }

    #[test]
    fn no_text_makes_a_key_panic(text in ".{0,200}", json in r#"\{("[a-z]{1,3}":[0-9a-z"\[\]{},]{0,9},?){0,5}\}"#) {
        for text in [text, json] {
            let _ = SigningKey::parse(Algorithm::ES256, &text);
            let _ = VerifyingKey::parse(Algorithm::RS256, &text);
            let _ = JwkSet::parse(&text).map(|set| set.verifying_key(Some("a"), None).map(drop));
        }
    }
}
