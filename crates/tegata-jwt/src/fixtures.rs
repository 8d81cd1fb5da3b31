//! Keys for the tests: those in `tests/keys/`, and generated ones of the other curves.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use crate::algorithm::Algorithm;
use crate::keys::SigningKey;

pub(crate) const SECRET: &[u8] = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";

/// The text of a file in `tests/keys/`.
pub(crate) fn key_file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// A private key for each kind there is: algorithms of one kind share theirs, as an attacker would
/// like.
static PEMS: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let generated = |algorithm| SigningKey::generate_pem(algorithm).unwrap().to_string();
    HashMap::from([
        ("RSA", key_file("rsa.pem")),
        ("P-256", key_file("p256.pem")),
        ("P-384", generated(Algorithm::ES384)),
        ("P-521", generated(Algorithm::ES512)),
        ("Ed25519", key_file("ed25519.pem")),
        ("ML-DSA-44", generated(Algorithm::MlDsa44)),
        ("ML-DSA-65", generated(Algorithm::MlDsa65)),
        ("ML-DSA-87", generated(Algorithm::MlDsa87)),
    ])
});

/// The private key of an asymmetric algorithm.
pub(crate) fn pem(algorithm: Algorithm) -> &'static str {
    &PEMS[algorithm.key_kind()]
}

pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    if algorithm.is_symmetric() {
        return SigningKey::from_secret(algorithm, SECRET).unwrap();
    }
    SigningKey::parse(algorithm, pem(algorithm)).unwrap()
}

pub(crate) fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|one| !one.is_symmetric())
}
