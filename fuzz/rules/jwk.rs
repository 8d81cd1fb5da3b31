//! Whatever comes as a key, nothing panics, what is read is one key in all its forms, and no text is
//! a public key and a secret at once.

use tegata_jwt::{
    Algorithm, Clock, Issuer, JwkSet, KeySet, Settings, SigningKey, TokenBackend, UserId,
    VerifyingKey,
};

pub(crate) fn hold(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(keys) = JwkSet::parse(text) {
        for kid in [None, Some("a")] {
            let any = keys.verifying_key(kid, None);
            let named = ALGORITHMS.map(|algorithm| keys.verifying_key(kid, Some(algorithm)));
            for key in named.into_iter().chain([any]).flatten() {
                is_itself_when_published(&key);
            }
        }
    }
    if let Ok(set) = KeySet::parse(text, &ALGORITHMS) {
        assert!(set.unusable().len() <= 64);
        for key in set.keys() {
            // No secret verifies what comes from others.
            assert!(!key.algorithm().is_symmetric(), "{text}");
            is_itself_when_published(key);
        }
    }
    for algorithm in ALGORITHMS {
        if let Ok(key) = SigningKey::parse(algorithm, text) {
            is_itself_in_all_forms(&key, text);
        }
        if let Ok(key) = VerifyingKey::parse(algorithm, text) {
            is_itself_when_published(&key);
            // CVE-2016-10555: whoever knows the public key could sign.
            assert!(
                SigningKey::from_weak_secret(Algorithm::HS256, data).is_err(),
                "{text}"
            );
        }
    }
}

fn is_itself_when_published(key: &VerifyingKey) {
    let Some(jwk) = key.jwk() else {
        return assert!(key.algorithm().is_symmetric());
    };
    assert!(
        !jwk.contains(r#""d":"#) && !jwk.contains(r#""k":"#),
        "{jwk}"
    );
    let again = VerifyingKey::parse(key.algorithm(), &jwk).expect("we wrote it");
    assert!(again.is_same(key), "{jwk}");
}

fn is_itself_in_all_forms(key: &SigningKey, text: &str) {
    let algorithm = key.algorithm();
    if let Some(public) = key.public_pem() {
        let public = VerifyingKey::parse(algorithm, &public).expect("we wrote it");
        assert!(public.is_same(&key.verifying_key()));
    }
    let own = if algorithm.is_symmetric() {
        text.to_owned()
    } else {
        SigningKey::to_pem(algorithm, text)
            .expect("it is a private key")
            .to_string()
    };
    let again = SigningKey::parse(algorithm, &own).expect("we wrote it");
    assert_eq!(again.kid(), key.kid());

    let settings = Settings::default();
    let sliding = Issuer::new(&settings, again, Clock::System).sliding(&UserId::Number(1).into());
    let token = sliding.expect("a key that was read signs").token;
    let backend = TokenBackend::new(&settings, key.verifying_key(), Clock::System);
    assert!(backend.verify(&token).is_ok(), "the halves are of two keys");
}

/// One for each kind of key, and of ML-DSA the shortest.
const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
    Algorithm::MlDsa44,
];
