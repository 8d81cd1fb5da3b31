//! Keys in all their forms, and those that are refused.

use super::*;

#[test]
fn a_key_of_another_curve_is_refused() {
    let p384 = EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING);
    let pkcs8 = p384.unwrap().to_pkcs8v1().unwrap();
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", pkcs8.as_ref()));

    let refused = SigningKey::parse(Algorithm::ES256, &pem).err().unwrap();
    assert_eq!(
        refused,
        KeyError::Unfit {
            algorithm: Algorithm::ES256
        }
    );
}

#[test]
fn a_generated_key_is_read_back_under_one_kid() {
    let pem = SigningKey::generate_pem(Algorithm::ES256).unwrap();

    let kid = |pem| {
        SigningKey::parse(Algorithm::ES256, pem)
            .unwrap()
            .verifying
            .kid
    };
    assert_eq!(kid(&pem), kid(&pem));
    assert_eq!(kid(&pem).unwrap().len(), 43);
}
