//! What a careless verifier takes for an RSA signature. The key is `tests/keys/rsa.pem`.

use tegata_jwt::{Algorithm, TokenError, Unverified, VerifyingKey};

use super::vector;

fn check(algorithm: Algorithm, file: &str) -> Result<(), TokenError> {
    let key = VerifyingKey::parse(algorithm, &vector("../keys/rsa_public.pem")).unwrap();
    let token = vector(&format!("forged/{file}.jws"));
    Unverified::parse(token.trim_end())
        .unwrap()
        .check_signature(&key)
}

#[test]
fn a_pss_signature_of_another_salt_length_is_refused() {
    for length in [0, 20, 222] {
        let refused = check(Algorithm::PS256, &format!("ps256_salt_of_{length}"));

        assert_eq!(refused, Err(TokenError::BadSignature), "{length}");
    }
    assert_eq!(check(Algorithm::PS256, "ps256_salt_of_32"), Ok(()));
}

#[test]
fn a_pss_signature_with_another_mask_is_refused() {
    let refused = check(Algorithm::PS256, "ps256_mask_of_sha1");

    assert_eq!(refused, Err(TokenError::BadSignature));
}

#[test]
fn an_rsa_signature_whose_padding_is_not_compared_as_a_whole_is_refused() {
    let forged = [
        "short_padding",
        "padding_of_zeros",
        "block_type_2",
        "without_null",
        "bare_hash",
    ];
    for forgery in forged {
        let refused = check(Algorithm::RS256, &format!("rs256_{forgery}"));

        assert_eq!(refused, Err(TokenError::BadSignature), "{forgery}");
    }
    assert_eq!(check(Algorithm::RS256, "rs256_well_formed"), Ok(()));
}

#[test]
fn an_rsa_signature_over_another_hash_is_refused() {
    let refused = check(Algorithm::RS256, "rs256_of_sha512");

    assert_eq!(refused, Err(TokenError::BadSignature));
}
