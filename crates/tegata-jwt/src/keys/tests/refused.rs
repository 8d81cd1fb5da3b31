use proptest::prelude::*;

use super::*;
use crate::base64url;
use crate::fixtures::{asymmetric, key, pem as key_of};

fn rsa_jwk(modulus: &[u8], exponent: &[u8]) -> String {
    let (n, e) = (base64url::encode(modulus), base64url::encode(exponent));
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
}

/// An odd number of so many bits.
fn odd_number(bits: usize) -> Vec<u8> {
    let mut number = vec![0xff; bits.div_ceil(8)];
    number[0] >>= number.len() * 8 - bits;
    number
}

#[test]
fn a_private_rsa_key_under_2048_bits_is_refused() {
    for bits in [1024, 2047] {
        for form in ["pem", "jwk"] {
            let refused = private_refused(Algorithm::RS256, &format!("rsa_{bits}.{form}"));

            assert_eq!(refused, KeyError::RsaSize { bits }, "{form}");
        }
        let pkcs1 = pem::parse(key_file(&format!("rsa_{bits}.pem"))).unwrap();
        // The envelope of PKCS#8 has 26 bytes.
        let pkcs1 = pem::Pem::new("RSA PRIVATE KEY", &pkcs1.contents()[26..]);
        let refused = SigningKey::parse(Algorithm::PS512, &pem::encode(&pkcs1)).err();
        assert_eq!(refused, Some(KeyError::RsaSize { bits }));
    }
}

#[test]
fn an_rsa_key_of_8192_bits_is_taken_and_a_longer_one_is_not() {
    for form in ["rsa_8192.pem", "rsa_8192.jwk"] {
        let key = SigningKey::parse(Algorithm::RS256, &key_file(form)).unwrap();
        let public = key.public_pem().unwrap();

        assert!(VerifyingKey::parse(Algorithm::RS256, &public).is_ok());
    }
    let jwk = rsa_jwk(&odd_number(8193), &[1, 0, 1]);
    let refused = public_refused(Algorithm::RS256, &jwk);
    assert_eq!(refused, KeyError::RsaSize { bits: 8193 });
}

#[test]
fn a_public_rsa_key_under_2048_bits_is_refused() {
    for bits in [1, 512, 1024, 2047] {
        let jwk = rsa_jwk(&odd_number(bits), &[1, 0, 1]);

        let refused = public_refused(Algorithm::RS256, &jwk);
        assert_eq!(refused, KeyError::RsaSize { bits });
    }
}

#[test]
fn an_rsa_exponent_that_is_even_or_one_or_huge_is_refused() {
    let modulus = odd_number(2048);
    let exponents = [&[1][..], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1], &[0xff; 32]];

    for exponent in exponents {
        let refused = public_refused(Algorithm::RS256, &rsa_jwk(&modulus, exponent));
        assert_eq!(refused, KeyError::RsaExponent, "{exponent:?}");
    }
    assert!(VerifyingKey::parse(Algorithm::RS256, &rsa_jwk(&modulus, &[3])).is_ok());
    assert!(VerifyingKey::parse(Algorithm::RS256, &rsa_jwk(&modulus, &[1, 0, 0, 1])).is_ok());
}

#[test]
fn a_key_of_another_kind_or_curve_is_refused() {
    for wanted in asymmetric() {
        let others = asymmetric().filter(|other| other.key_kind() != wanted.key_kind());
        for other in others {
            let refused = SigningKey::parse(wanted, key_of(other)).err();
            assert_eq!(refused, Some(unfit(wanted)), "{other}");

            let public = key(other).public_pem().unwrap();
            assert_eq!(public_refused(wanted, &public), unfit(wanted));
            let jwk = key(other).verifying_key().jwk().unwrap();
            assert!(VerifyingKey::parse(wanted, &jwk).is_err());
        }
    }
}

#[test]
fn a_key_of_a_kind_that_no_algorithm_has_is_refused() {
    let files = [
        (Algorithm::EdDSA, "x25519"),
        (Algorithm::ES256, "secp256k1"),
    ];
    for (algorithm, kind) in files {
        let private = private_refused(algorithm, &format!("{kind}.pem"));
        assert_eq!(private, unfit(algorithm));
        let public = key_file(&format!("{kind}_public.pem"));
        assert_eq!(public_refused(algorithm, &public), unfit(algorithm));
    }
    // Bound to PSS by its identifier: no other algorithm may use it, and we do not look.
    let pss = private_refused(Algorithm::PS256, "rsa_pss.pem");
    assert_eq!(pss, unfit(Algorithm::PS256));
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let spki = pem::parse(key_file("p256_public.pem")).unwrap();
    let mut der = spki.contents().to_vec();
    *der.last_mut().unwrap() ^= 1;

    let moved = pem::encode(&pem::Pem::new("PUBLIC KEY", der));
    let refused = public_refused(Algorithm::ES256, &moved);
    assert_eq!(refused, unfit(Algorithm::ES256));
}

#[test]
fn an_ed25519_key_of_low_order_is_refused() {
    // Under the first, the signature of that point and zero fits every token.
    let points = [
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
        "7P________________________________________8",
        "7v_______________________________________38",
    ];
    for point in points {
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{point}"}}"#);

        assert_eq!(public_refused(Algorithm::EdDSA, &jwk), KeyError::LowOrder);
    }
}

#[test]
fn an_encrypted_key_is_refused_with_the_way_out() {
    let files = [
        (Algorithm::RS256, "rsa_encrypted.pem"),
        (Algorithm::RS256, "rsa_pkcs1_encrypted.pem"),
        (Algorithm::ES256, "p256_sec1_encrypted.pem"),
    ];
    for (algorithm, file) in files {
        let refused = private_refused(algorithm, file);

        assert_eq!(refused, KeyError::Encrypted, "{file}");
        assert!(refused.to_string().contains("openssl pkey"));
    }
}

#[test]
fn a_public_key_where_the_private_one_belongs_is_refused() {
    let public = [
        "rsa_public.pem",
        "rsa_public_pkcs1.pem",
        "rsa_certificate.pem",
    ];
    for file in public {
        let refused = private_refused(Algorithm::RS256, file);
        assert_eq!(refused, KeyError::NotPrivate, "{file}");
    }
    let jwk = key(Algorithm::RS256).verifying_key().jwk().unwrap();
    let refused = SigningKey::parse(Algorithm::RS256, &jwk).err();
    assert_eq!(refused, Some(KeyError::NotPrivate));
}

#[test]
fn a_private_key_where_the_public_one_belongs_is_refused() {
    let both = key_file("rsa_public.pem") + &key_file("rsa.pem");
    let private = [
        "rsa.pem",
        "rsa_pkcs1.pem",
        "rsa_encrypted.pem",
        "rsa.jwk",
        "p256_sec1.pem",
    ];
    for text in private.map(key_file).into_iter().chain([both]) {
        let refused = public_refused(Algorithm::RS256, &text);

        assert_eq!(refused, KeyError::NotPublic);
    }
}

#[test]
fn several_keys_in_one_text_are_refused() {
    let private = key_file("rsa.pem") + &key_file("p256.pem");
    let refused = SigningKey::parse(Algorithm::RS256, &private).err();
    assert_eq!(refused, Some(KeyError::SeveralKeys));

    let public = key_file("rsa_public.pem") + &key_file("rsa_certificate.pem");
    let refused = public_refused(Algorithm::RS256, &public);
    assert_eq!(refused, KeyError::SeveralKeys);
}

#[test]
fn what_is_no_key_at_all_is_refused() {
    let texts = [
        "",
        "secret",
        "[]",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
    ];
    for text in texts {
        assert!(SigningKey::parse(Algorithm::EdDSA, text).is_err(), "{text}");
        assert!(
            VerifyingKey::parse(Algorithm::EdDSA, text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn a_huge_text_is_refused_unread() {
    let huge = key_file("p256.pem") + &"\n".repeat(64 * 1024);
    let too_long = KeyError::TooLong { limit: 64 * 1024 };

    let refused = SigningKey::parse(Algorithm::ES256, &huge).err();
    assert_eq!(refused.as_ref(), Some(&too_long));
    assert_eq!(public_refused(Algorithm::ES256, &huge), too_long);
}

#[test]
fn a_refusal_holds_no_part_of_the_key() {
    for file in [
        "rsa_1024.pem",
        "rsa_2047.jwk",
        "rsa_encrypted.pem",
        "secp256k1.pem",
    ] {
        let refused = format!("{0} {0:?}", private_refused(Algorithm::RS256, file));

        let text = key_file(file);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let mut parts = words.filter(|word| word.len() > 7 && *word != "ENCRYPTED");
        assert!(parts.all(|part| !refused.contains(part)), "{refused}");
    }
}

proptest! {
    #[test]
    fn a_damaged_key_never_panics(
        file in prop::sample::select(&[
            "rsa.pem", "rsa_pkcs1.pem", "p256_sec1.pem", "ed25519_v2.pem", "rsa.jwk",
            "rsa_public.pem", "rsa_certificate.pem", "p256_certificate.pem",
        ]),
        at in any::<prop::sample::Index>(),
        with in "[ -~]{0,3}",
        algorithm in prop::sample::select(&[Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]),
    ) {
        let mut text = key_file(file);
        let at = at.index(text.len());
        text.replace_range(at..=at, &with);

        let _ = SigningKey::parse(algorithm, &text);
        let _ = VerifyingKey::parse(algorithm, &text);
    }
}
