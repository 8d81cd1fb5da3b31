//! Whatever comes as a token, nothing panics, and nothing is accepted that was not signed.
//!
//! A text is a token, for each of the keys, unless it begins with `{`: then its first line is a header,
//! and the rest are claims, which are signed.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use tegata_jwt::{
    Algorithm, Audience, Clock, Issuer, Settings, SigningKey, TokenBackend, TokenClass,
    TrustedIssuer, Verifier, VerifyingKey,
};

pub(crate) fn hold(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if text.starts_with('{') {
        let (header, claims) = text.split_once('\n').unwrap_or((text, ""));
        accepted_claims_are_what_they_say(header, claims);
    } else {
        only_what_was_signed_is_accepted(text);
    }
}

fn only_what_was_signed_is_accepted(text: &str) {
    for (backend, genuine) in SIGNED.iter() {
        if backend.decode_own(text).is_ok() {
            // Whoever sees a signature of ES256 can write another of the same input.
            assert_eq!(signing_input(text), signing_input(genuine));
            assert!(text.split('.').all(is_canonical), "{text}");
        }
    }
}

fn accepted_claims_are_what_they_say(header: &str, claims: &str) {
    let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    let token = format!("{input}.{}", BASE64URL.encode(signature));

    for (issuer, backend) in SITES.iter() {
        let decoded = || backend.decode_own(&token);
        if let Ok(verified) = backend.verify(&token) {
            assert_eq!(verified.claims().json(), claims);
            assert!(verified.claims().iter().count() > 0);
            check_header(header);
            check_end(claims);
            let _ = verified.user_id();
            let _ = issuer.is_of_password(&verified, "argon2$x");
        }
        if let Ok(sliding) = decoded().and_then(|token| backend.require_sliding(token)) {
            let next = issuer.slide(&sliding).expect("HMAC never fails");
            is_of_use(backend, &next.token, TokenClass::Sliding);
        }
        if let Ok(refresh) = decoded().and_then(|token| backend.require_refresh(token)) {
            let access = issuer.access(&refresh).expect("HMAC never fails");
            is_of_use(backend, &access.token, TokenClass::Access);
            let successor = issuer.successor().expect("there is randomness");
            let next = issuer
                .rotate(&refresh, &successor)
                .expect("HMAC never fails");
            is_of_use(backend, &next.token, TokenClass::Refresh);
        }
    }
    if let Ok(verified) = TRUSTING.verify_now(&token) {
        assert_eq!(verified.claims().json(), claims);
        assert_eq!(verified.claims().text("iss").as_deref(), Some("a"));
        assert!(verified.claims().raw("cnf").is_none());
        check_header(header);
        check_end(claims);
    }
}

/// A token that was issued on the strength of another. It may be longer than that, by the claims which
/// the other lacked, and so too long.
fn is_of_use(backend: &TokenBackend, token: &str, class: TokenClass) {
    let verified = backend.verify_as(token, class);
    assert!(verified.is_ok() || token.len() > MAX_TOKEN, "{token}");
}

/// By a reader of JSON that knows nothing of tokens.
fn check_header(header: &str) {
    let Ok(Value::Object(header)) = serde_json::from_str(header) else {
        return assert!(is_beyond_value(header), "{header}");
    };
    assert_eq!(header["alg"], "HS256");
    assert!(
        !["crit", "b64", "zip"]
            .iter()
            .any(|name| header.contains_key(*name))
    );
}

fn check_end(claims: &str) {
    let Ok(Value::Object(claims)) = serde_json::from_str(claims) else {
        return assert!(is_beyond_value(claims), "{claims}");
    };
    let end = &claims["exp"];
    assert!(
        end.as_f64().is_some_and(|end| end > f64::from(NOW)),
        "{end}"
    );
}

/// What is JSON, and more than a [`Value`] holds: deep, large, or halves of surrogate pairs. A name
/// of serde's own, too.
fn is_beyond_value(json: &str) -> bool {
    match serde_json::from_str::<Value>(json) {
        Ok(_) => json.contains("$serde_json"),
        Err(error) => {
            let error = error.to_string();
            let known = [
                "recursion limit",
                "number out of range",
                "surrogate",
                "hex escape",
            ];
            known.iter().any(|limit| error.contains(limit))
        }
    }
}

/// Whether a segment is what its bytes are written as.
fn is_canonical(segment: &str) -> bool {
    BASE64URL
        .decode(segment)
        .is_ok_and(|bytes| BASE64URL.encode(bytes) == segment)
}

fn signing_input(token: &str) -> &str {
    token
        .rsplit_once('.')
        .expect("a token has three segments")
        .0
}

/// Two ways to be set up: the usual one, and one that asks for more.
static SITES: LazyLock<[(Issuer, TokenBackend); 2]> = LazyLock::new(|| {
    let strict = Settings {
        audience: Some(Audience::Many(vec!["a".to_owned()])),
        issuer: Some("a".to_owned()),
        ..Settings::default()
    };
    [Settings::default(), strict].map(|settings| {
        let key = SigningKey::from_secret(Algorithm::HS256, SECRET).expect("it is no sample");
        let backend = TokenBackend::new(&settings, key.verifying_key(), clock());
        (Issuer::new(&settings, key, clock()), backend)
    })
});

/// Whoever takes the tokens of another.
static TRUSTING: LazyLock<Verifier> = LazyLock::new(|| {
    let key = SigningKey::from_secret(Algorithm::HS256, SECRET).expect("it is no sample");
    let issuer = TrustedIssuer::secret("a", key.verifying_key())
        .audience(["a"])
        .algorithms([Algorithm::HS256])
        .leeway(Duration::ZERO);
    let verifier = Verifier::builder().issuer(issuer).clock(clock()).build();
    verifier.expect("all is said")
});

/// For each kind of key a backend, and a token that it accepts.
static SIGNED: LazyLock<[(TokenBackend, &str); 4]> = LazyLock::new(|| {
    let secret = SigningKey::from_secret(Algorithm::HS256, SECRET).expect("it is no sample");
    let public = |algorithm, pem| {
        let key = SigningKey::parse(algorithm, pem).expect("it is a key of the tests");
        key.verifying_key()
    };
    let known = |key: VerifyingKey, genuine: &'static str| {
        let backend = TokenBackend::new(&Settings::default(), key, clock());
        let genuine = genuine.trim_ascii_end();
        assert!(backend.verify(genuine).is_ok(), "{genuine}");
        (backend, genuine)
    };
    [
        known(
            secret.verifying_key(),
            include_str!("../seeds/verify/hs256.jwt"),
        ),
        known(
            public(Algorithm::RS256, include_str!("../../tests/keys/rs256.pem")),
            include_str!("../seeds/verify/rs256.jwt"),
        ),
        known(
            public(Algorithm::ES256, include_str!("../../tests/keys/es256.pem")),
            include_str!("../seeds/verify/es256.jwt"),
        ),
        known(
            public(
                Algorithm::EdDSA,
                include_str!("../../crates/tegata-jwt/tests/keys/ed25519.pem"),
            ),
            include_str!("../seeds/verify/eddsa.jwt"),
        ),
    ]
});

fn clock() -> Clock {
    Clock::fixed(DateTime::UNIX_EPOCH + TimeDelta::seconds(NOW.into()))
}

const NOW: u32 = 1_795_280_000;
/// The longest token that is read.
const MAX_TOKEN: usize = 16 * 1024;
const SECRET: &[u8] = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";
