use super::*;
use crate::fixtures::asymmetric;

fn private(algorithm: Algorithm, text: &str) -> SigningKey {
    SigningKey::parse(algorithm, text).unwrap()
}

fn public(algorithm: Algorithm, text: &str) -> VerifyingKey {
    VerifyingKey::parse(algorithm, text).unwrap()
}

/// The key is the one of the file, with the same name and digests.
fn assert_is(key: &SigningKey, file: &str) {
    let expected = private(key.algorithm(), &key_file(file));
    assert_eq!(key.kid(), expected.kid());
    assert_eq!(key.digest("text"), expected.digest("text"));
    assert!(key.verifying_key().is_same(&expected.verifying_key()));
}

#[test]
fn an_rsa_key_is_the_same_in_pkcs1_pkcs8_and_jwk() {
    for form in ["rsa_pkcs1.pem", "rsa.jwk"] {
        assert_is(&private(Algorithm::PS256, &key_file(form)), "rsa.pem");
    }
}

#[test]
fn an_ec_key_is_the_same_in_sec1_behind_its_parameters() {
    let text = key_file("p256_sec1.pem");

    assert!(text.starts_with("-----BEGIN EC PARAMETERS-----"));
    assert_is(&private(Algorithm::ES256, &text), "p256.pem");
}

#[test]
fn an_ed25519_key_is_the_same_in_both_versions_of_pkcs8() {
    let second = private(Algorithm::EdDSA, &key_file("ed25519_v2.pem"));

    assert_is(&second, "ed25519.pem");
}

#[test]
fn a_public_key_is_the_same_in_spki_pkcs1_and_a_certificate() {
    let forms = [
        (Algorithm::RS512, "rsa.pem", "rsa_public.pem"),
        (Algorithm::RS512, "rsa.pem", "rsa_public_pkcs1.pem"),
        (Algorithm::RS512, "rsa.pem", "rsa_certificate.pem"),
        (Algorithm::ES256, "p256.pem", "p256_public.pem"),
        (Algorithm::ES256, "p256.pem", "p256_certificate.pem"),
        (Algorithm::EdDSA, "ed25519.pem", "ed25519_public.pem"),
    ];
    for (algorithm, private_file, public_file) in forms {
        let own = private(algorithm, &key_file(private_file)).verifying_key();
        let read = public(algorithm, &key_file(public_file));

        assert!(read.is_same(&own), "{public_file}");
        assert_eq!(read.kid(), own.kid());
    }
}

#[test]
fn the_public_key_of_a_private_one_is_read_back_from_pem_and_jwk() {
    for algorithm in asymmetric() {
        let key = crate::fixtures::key(algorithm);
        let own = key.verifying_key();

        assert!(public(algorithm, &key.public_pem().unwrap()).is_same(&own));
        assert!(public(algorithm, &own.jwk().unwrap()).is_same(&own));
    }
}

#[test]
fn line_ends_of_windows_a_byte_order_mark_and_a_text_before_do_not_matter() {
    for file in ["p256_sec1.pem", "rsa.pem", "ed25519.pem", "rsa.jwk"] {
        let algorithm = match &file[..2] {
            "p2" => Algorithm::ES256,
            "rs" => Algorithm::RS256,
            _ => Algorithm::EdDSA,
        };
        let text = key_file(file);

        assert_is(&private(algorithm, &text.replace('\n', "\r\n")), file);
        assert_is(&private(algorithm, &format!("\u{feff}{text}\n\n")), file);
    }
    let text = format!("Bag Attributes\n    a: b\n{}", key_file("rsa.pem"));
    assert_is(&private(Algorithm::RS256, &text), "rsa.pem");
}

#[test]
fn a_certificate_may_stand_beside_the_private_key() {
    let (key, certificate) = (key_file("rsa.pem"), key_file("rsa_certificate.pem"));

    for text in [format!("{key}{certificate}"), format!("{certificate}{key}")] {
        assert_is(&private(Algorithm::RS256, &text), "rsa.pem");
    }
}

#[test]
fn a_generated_key_is_read_back_under_one_kid() {
    for algorithm in [
        Algorithm::RS256,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::EdDSA,
    ] {
        let pem = SigningKey::generate_pem(algorithm).unwrap();

        let kid = private(algorithm, &pem).kid().unwrap().to_owned();
        assert_eq!(private(algorithm, &pem).kid(), Some(kid.as_str()));
        assert_eq!(kid.len(), 43);
    }
}

#[test]
fn any_form_is_written_as_pkcs8() {
    let written = |algorithm, file: &str| SigningKey::to_pem(algorithm, &key_file(file)).unwrap();

    let pem = written(Algorithm::RS256, "rsa_pkcs1.pem");
    assert_eq!(pem.as_str(), key_file("rsa.pem"));
    assert_is(&private(Algorithm::RS256, &pem), "rsa.pem");
    let pem = written(Algorithm::ES256, "p256_sec1.pem");
    assert_is(&private(Algorithm::ES256, &pem), "p256.pem");
    let jwk = written(Algorithm::RS256, "rsa.jwk");
    assert_is(&private(Algorithm::RS256, &jwk), "rsa.pem");
}

#[test]
fn what_is_no_key_of_the_algorithm_is_not_written_as_one() {
    let pem = key_file("rsa.pem");

    let refused = |algorithm| SigningKey::to_pem(algorithm, &pem).err();
    assert_eq!(refused(Algorithm::ES256), Some(unfit(Algorithm::ES256)));
    assert_eq!(refused(Algorithm::HS256), Some(unfit(Algorithm::HS256)));
}
