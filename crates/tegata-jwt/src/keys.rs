use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair, ParsedPublicKey};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::json;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Family};
use crate::error::{IssueError, KeyError};
use crate::token;

/// A key that signs, parsed once, fit for exactly one algorithm (RFC 8725 3.1).
pub struct SigningKey {
    algorithm: Algorithm,
    kid: Option<String>,
    /// The header of every token it signs, encoded.
    header: String,
    secret: Secret,
}

enum Secret {
    Ecdsa(EcdsaKeyPair),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// A key from an HMAC secret.
    ///
    /// Refused are secrets shorter than the hash (RFC 7518 3.2), well-known samples, and the
    /// texts of public keys, which would let anyone sign (CVE-2016-10555).
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let Family::Hmac(hash) = algorithm.family() else {
            return Err(KeyError::Unfit { algorithm });
        };
        refuse_weak(secret)?;

        Ok(Self {
            algorithm,
            kid: None,
            header: header(algorithm, None),
            secret: Secret::Hmac(Box::new(hmac::Key::new(*hash, secret))),
        })
    }

    /// A key from a private key in PKCS#8 PEM form. Its `kid` is its thumbprint (RFC 7638).
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let unfit = KeyError::Unfit { algorithm };
        let Family::Ecdsa { sign, jwk, .. } = algorithm.family() else {
            return Err(unfit);
        };

        let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| unfit.clone())?;
        let pair = EcdsaKeyPair::from_pkcs8(sign, key.as_bytes()).map_err(|_| unfit.clone())?;
        let kid = thumbprint(&key, *jwk).ok_or(unfit)?;

        Ok(Self {
            algorithm,
            header: header(algorithm, Some(&kid)),
            kid: Some(kid),
            secret: Secret::Ecdsa(pair),
        })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name in the header of its tokens. HMAC keys have none, as in Simple JWT.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        let unfit = KeyError::Unfit {
            algorithm: self.algorithm,
        };
        let public = match (&self.secret, self.algorithm.family()) {
            (Secret::Hmac(key), _) => Public::Hmac(key.clone()),
            (Secret::Ecdsa(pair), Family::Ecdsa { verify, .. }) => {
                let point = pair.public_key().as_ref();
                Public::Asymmetric(ParsedPublicKey::new(*verify, point).map_err(|_| unfit)?)
            }
            (Secret::Ecdsa(_), Family::Hmac(_)) => return Err(unfit),
        };
        Ok(VerifyingKey {
            algorithm: self.algorithm,
            kid: self.kid.clone(),
            public,
        })
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, IssueError> {
        match &self.secret {
            Secret::Ecdsa(pair) => {
                let signature = pair
                    .sign(&SystemRandom::new(), input)
                    .map_err(|_| IssueError)?;
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
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<String>,
    public: Public,
}

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

/// Generates a private key for an asymmetric algorithm, in PKCS#8 PEM form.
pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<String>, KeyError> {
    let Family::Ecdsa { sign, .. } = algorithm.family() else {
        return Err(KeyError::Unfit { algorithm });
    };
    let pair = EcdsaKeyPair::generate(sign).map_err(|_| KeyError::Generation)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
    Ok(Zeroizing::new(pem::encode(&pem::Pem::new(
        "PRIVATE KEY",
        pkcs8.as_ref(),
    ))))
}

/// The header Simple JWT writes, `alg` and `typ`, and the `kid` of a key that has one.
fn header(algorithm: Algorithm, kid: Option<&str>) -> String {
    let alg = algorithm.name();
    let header = match kid {
        None => json!({"alg": alg, "typ": "JWT"}),
        Some(kid) => json!({"alg": alg, "kid": kid, "typ": "JWT"}),
    };
    token::encode(header.to_string().as_bytes())
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
    let text = String::from_utf8_lossy(secret).trim_start().to_lowercase();
    if KEY_TEXTS.iter().any(|start| text.starts_with(start)) {
        return Err(KeyError::KeyAsSecret);
    }
    if secret.len() < LEAST_SECRET {
        return Err(KeyError::ShortSecret {
            length: secret.len(),
            least: LEAST_SECRET,
        });
    }
    let repeats_one_byte = secret.iter().all(|byte| *byte == secret[0]);
    if repeats_one_byte || SAMPLE_STARTS.iter().any(|start| text.starts_with(start)) {
        return Err(KeyError::SampleSecret);
    }
    Ok(())
}

/// How the texts of PEM, JWK and OpenSSH keys begin, in lower case.
const KEY_TEXTS: [&str; 6] = [
    "-----begin",
    "---- begin",
    "{",
    "ssh-",
    "ecdsa-sha2-",
    "sk-",
];

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
const LEAST_SECRET: usize = 32;

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
        let public = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

        assert_eq!(refused(public), KeyError::KeyAsSecret);
        assert_eq!(
            refused(r#" {"kty":"EC","crv":"P-256"}"#),
            KeyError::KeyAsSecret
        );
        assert_eq!(
            refused("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"),
            KeyError::KeyAsSecret
        );
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
        let pem = generate(Algorithm::ES256).unwrap();

        let kid = |pem| SigningKey::from_pem(Algorithm::ES256, pem).unwrap().kid;
        assert_eq!(kid(&pem), kid(&pem));
        assert_eq!(kid(&pem).unwrap().len(), 43);
    }
}
