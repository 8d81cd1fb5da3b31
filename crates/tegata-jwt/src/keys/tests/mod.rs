//! Keys in all their forms, and those that are refused.

mod forms;
mod jwk;
mod jwk_set;

mod refused;

use crate::algorithm::Algorithm;
use crate::error::KeyError;
use crate::fixtures::key_file;
use crate::keys::{SigningKey, VerifyingKey};

/// Why a file in `tests/keys/` is no private key for the algorithm.
fn private_refused(algorithm: Algorithm, file: &str) -> KeyError {
    let key = SigningKey::parse(algorithm, &key_file(file));
    key.err().expect("the key was to be refused")
}

/// Why a text is no public key for the algorithm.
fn public_refused(algorithm: Algorithm, text: &str) -> KeyError {
    let key = VerifyingKey::parse(algorithm, text);
    key.err().expect("the key was to be refused")
}

fn unfit(algorithm: Algorithm) -> KeyError {
    KeyError::Unfit { algorithm }
}
