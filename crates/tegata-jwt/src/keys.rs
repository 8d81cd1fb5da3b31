use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Family};
use crate::base64url;
use crate::error::{CryptoError, KeyError};

/// A key that signs, parsed once, fit for exactly one algorithm (RFC 8725 3.1).
pub struct SigningKey {
    secret: Secret,
    verifying: VerifyingKey,
    /// The header of every token it signs, encoded.
    header: String,
}

enum Secret {
    Ecdsa(EcdsaKeyPair),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// A key from a text of the kind the algorithm takes: a secret, or a private key's PEM.
    pub fn parse(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Hmac(_) => Self::from_secret(algorithm, text.as_bytes()),
            _ => Self::from_pem(algorithm, text),
        }
    }

    /// A key from an HMAC secret.
    ///
    /// Refused are secrets shorter than the hash (RFC 7518 3.2), well-known samples, and the
    /// texts of public keys, which would let anyone sign (CVE-2016-10555).
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let Family::Hmac(hash) = algorithm.family() else {
            return Err(KeyError::Unfit { algorithm });
        };
        refuse_weak(secret)?;

        let key = Box::new(hmac::Key::new(*hash, secret));
        let public = Public::Hmac(key.clone());
        Ok(Self {
            secret: Secret::Hmac(key),
            verifying: VerifyingKey {
                algorithm,
                kid: None,
                public,
            },
            header: header(algorithm, None),
        })
    }

    /// A key from a private key in PKCS#8 PEM form. Its `kid` is its thumbprint (RFC 7638).
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let unfit = || KeyError::Unfit { algorithm };
        let Family::Ecdsa(crate::algorithm::Curve { sign, verify, .. }) = algorithm.family() else {
            return Err(unfit());
        };

        let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| unfit())?;
        let pair = EcdsaKeyPair::from_pkcs8(sign, key.as_bytes()).map_err(|_| unfit())?;
        let public = ParsedPublicKey::new(*verify, pair.public_key()).map_err(|_| unfit())?;
        let kid = thumbprint(&key, jsonwebtoken::Algorithm::ES256).ok_or_else(unfit)?;

        let public = Public::Asymmetric(public);
        Ok(Self {
            secret: Secret::Ecdsa(pair),
            header: header(algorithm, Some(&kid)),
            verifying: VerifyingKey {
                algorithm,
                kid: Some(kid),
                public,
            },
        })
    }

    /// Generates a private key for an asymmetric algorithm, in PKCS#8 PEM form.
    pub fn generate_pem(algorithm: Algorithm) -> Result<Zeroizing<String>, KeyError> {
        let Family::Ecdsa(crate::algorithm::Curve { sign, .. }) = algorithm.family() else {
            return Err(KeyError::Unfit { algorithm });
        };
        let pair = EcdsaKeyPair::generate(sign).map_err(|_| KeyError::Generation)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
        Ok(Zeroizing::new(pem::encode(&pem::Pem::new(
            "PRIVATE KEY",
            pkcs8.as_ref(),
        ))))
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm
    }

    /// Its name in the header of its tokens. HMAC keys have none, as in Simple JWT.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.verifying.kid()
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.secret {
            Secret::Ecdsa(pair) => {
                let signature = pair
                    .sign(&SystemRandom::new(), input)
                    .map_err(|_| CryptoError)?;
                Ok(signature.as_ref().to_vec())
            }
            Secret::Hmac(key) => Ok(hmac::sign(key, input).as_ref().to_vec()),
        }
    }
}

/// A key that verifies, parsed once, fit for exactly one algorithm (RFC 8725 3.1).
///
/// A public key and an HMAC secret are never the same kind of value, so the one can never be
/// taken for the other.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<String>,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Asymmetric(ParsedPublicKey),
    Hmac(Box<hmac::Key>),
}

impl VerifyingKey {
    /// The one algorithm whose signatures it verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name in the header of the tokens it verifies.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the signature fits. Constant in time for HMAC.
    pub(crate) fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Asymmetric(key) => key.verify_sig(input, signature).is_ok(),
            Public::Hmac(key) => hmac::verify(key, input, signature).is_ok(),
        }
    }
}

/// The header Simple JWT writes, `alg` and `typ`, and the `kid` of a key that has one: a
/// thumbprint, which needs no escapes.
fn header(algorithm: Algorithm, kid: Option<&str>) -> String {
    let kid = kid.map_or(String::new(), |kid| format!(r#""kid":"{kid}","#));
    base64url::encode(format!(r#"{{"alg":"{algorithm}",{kid}"typ":"JWT"}}"#).as_bytes())
}

/// RFC 7638, over SHA-256.
fn thumbprint(key: &EncodingKey, algorithm: jsonwebtoken::Algorithm) -> Option<String> {
    // The library would choose its back end by itself, and panic where a dependency brings two.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    Jwk::from_encoding_key(key, algorithm)
        .ok()?
        .thumbprint(ThumbprintHash::SHA256)
        .ok()
}

fn refuse_weak(secret: &[u8]) -> Result<(), KeyError> {
    let text = String::from_utf8_lossy(secret).to_lowercase();
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_key = KEY_STARTS.iter().any(|start| text.starts_with(start))
        || KEY_MARKS.iter().any(|mark| text.contains(mark))
        || is_der(secret)
        || is_der_in_base64(secret);
    if is_key {
        return Err(KeyError::KeyAsSecret);
    }

    if secret.len() < MIN_SECRET {
        return Err(KeyError::ShortSecret {
            length: secret.len(),
            least: MIN_SECRET,
        });
    }
    let repeats_one_byte = secret.iter().all(|byte| *byte == secret[0]);
    if repeats_one_byte || SAMPLE_STARTS.iter().any(|start| text.starts_with(start)) {
        return Err(KeyError::SampleSecret);
    }
    Ok(())
}

/// Whether these are one ASN.1 SEQUENCE from end to end, as every key in DER form is. Random bytes
/// are so once in some million times.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => {
            rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        [0x30, length @ 0..=0x7f, rest @ ..] => {
            rest.len() == usize::from(*length) && matches!(rest.first(), Some(0x02 | 0x30))
        }
        _ => false,
    }
}

/// The same in base64 or base64url, padded or not, broken into lines or not.
fn is_der_in_base64(text: &[u8]) -> bool {
    let mut text = text.trim_ascii_end();
    while let Some(rest) = text.strip_suffix(b"=") {
        text = rest;
    }
    let alphabet = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let solid = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(alphabet);
    STANDARD_NO_PAD
        .decode(solid.collect::<Vec<_>>())
        .is_ok_and(|bytes| is_der(&bytes))
}

/// How the texts of OpenSSH keys begin, in lower case.
const KEY_STARTS: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// What stands in the texts of PEM, SSH2 and JWK keys, in lower case.
const KEY_MARKS: [&str; 3] = ["-----begin", "---- begin", "\"kty\""];

/// How the secrets of tutorials and project templates begin, in lower case.
const SAMPLE_STARTS: [&str; 6] = [
    "django-insecure-",
    "your-256-bit-secret",
    "your-secret-key",
    "a-string-secret-at-least-256-bits-long",
    "changeme",
    "secretsecret",
];

/// RFC 7518 3.2 for HS256, and the least for any secret here.
const MIN_SECRET: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(secret: &str) -> KeyError {
        SigningKey::from_secret(Algorithm::HS256, secret.as_bytes())
            .err()
            .unwrap()
    }

    #[test]
    fn a_public_key_as_hmac_secret_is_refused() {
        let base64 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvR\
                      VEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==";
        let texts = [
            format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----"),
            format!("\u{feff} -----BEGIN PUBLIC KEY-----\n{base64}"),
            format!("Bag Attributes\n-----BEGIN PUBLIC KEY-----\n{base64}"),
            base64.to_owned(),
            base64.replace("NG72", "NG72\n"),
            base64.trim_end_matches('=').to_owned(),
            base64.replace('+', "-").replace('/', "_"),
            r#" {"kty":"EC","crv":"P-256"}"#.to_owned(),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq1".to_owned(),
        ];

        assert!(
            texts
                .iter()
                .all(|text| refused(text) == KeyError::KeyAsSecret)
        );
        let der = STANDARD_NO_PAD
            .decode(base64.trim_end_matches('='))
            .unwrap();
        let refused = SigningKey::from_secret(Algorithm::HS256, &der).err();
        assert_eq!(refused, Some(KeyError::KeyAsSecret));
    }

    #[test]
    fn a_secret_that_only_looks_like_a_key_is_taken() {
        let is_taken =
            |secret: &str| SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).is_ok();

        assert!(is_taken("sk-9fJ2kT8zQ1xWm3rYp0sVb6nHc4eJd9uLg2f"));
        assert!(is_taken("{9fJ2kT8zQ1xWm3rYp0sVb6nHc4eJd9uLg2f}"));
        for byte in 0..=255 {
            let secret = [[0x30, byte].as_slice(), &[0xa5; 46]].concat();
            assert!(is_taken(&STANDARD_NO_PAD.encode(secret)), "{byte}");
        }
    }

    #[test]
    fn a_weak_secret_is_refused() {
        assert_eq!(
            refused("kT8zQ1x-Wm3rYp0s"),
            KeyError::ShortSecret {
                length: 16,
                least: 32
            }
        );
        assert_eq!(refused(&"k".repeat(64)), KeyError::SampleSecret);
        assert_eq!(
            refused(""),
            KeyError::ShortSecret {
                length: 0,
                least: 32
            }
        );
        assert_eq!(
            refused("django-insecure-kT8zQ1x-Wm3rYp0sVb6nHc4e"),
            KeyError::SampleSecret
        );
    }

    #[test]
    fn a_key_of_another_curve_is_refused() {
        let p384 = EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING);
        let pkcs8 = p384.unwrap().to_pkcs8v1().unwrap();
        let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", pkcs8.as_ref()));

        let refused = SigningKey::from_pem(Algorithm::ES256, &pem).err().unwrap();
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
            SigningKey::from_pem(Algorithm::ES256, pem)
                .unwrap()
                .verifying
                .kid
        };
        assert_eq!(kid(&pem), kid(&pem));
        assert_eq!(kid(&pem).unwrap().len(), 43);
    }
}
