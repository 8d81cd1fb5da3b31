use std::ops::Deref;

use aws_lc_rs::encoding::{AsBigEndian, AsDer, AsRawBytes, EcPrivateKeyBin, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaKeyPair, RsaSignatureEncoding,
};
use zeroize::Zeroizing;

use super::parts::PublicParts;
use super::verifying::VerifyingKey;
use super::{der, secret, text};
use crate::algorithm::{Algorithm, Family};
use crate::base64url;
use crate::error::{CryptoError, KeyError};

/// A key that signs.
pub struct SigningKey {
    private: Private,
    verifying: VerifyingKey,
    /// Another key, that follows from this one.
    digest: hmac::Key,
}

enum Private {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Box<hmac::Key>),
    MlDsa(PqdsaKeyPair),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
}

impl SigningKey {
    /// A key from a text of the kind the algorithm takes: a secret, or a private key as PEM
    /// (PKCS#8, PKCS#1, SEC1) or JWK. The `kid` of a private key is its thumbprint (RFC 7638).
    /// A certificate or a public key may stand beside the private one.
    pub fn parse(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Hmac(_) => Self::from_secret(algorithm, text.as_bytes()),
            _ => Self::from_pkcs8(algorithm, &text::private_key(algorithm, text)?),
        }
    }

    /// A key from an HMAC secret.
    ///
    /// Refused are secrets shorter than 32 bytes (RFC 7518 3.2), well-known samples, and the
    /// texts of public keys, which would let anyone sign (CVE-2016-10555).
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        secret::refuse_weak(secret)?;
        Self::from_weak_secret(algorithm, secret)
    }

    /// A key from an HMAC secret that may be short or a sample, but no key's text and not empty.
    /// For the time of a migration only.
    pub fn from_weak_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let Family::Hmac(hash) = algorithm.family() else {
            return Err(KeyError::Unfit { algorithm });
        };
        secret::refuse_keys(secret)?;

        let key = Box::new(hmac::Key::new(*hash, secret));
        Ok(Self {
            verifying: VerifyingKey::from_hmac(algorithm, key.clone()),
            private: Private::Hmac(key),
            digest: derive(secret),
        })
    }

    fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let unfit = KeyError::Unfit { algorithm };
        let (private, parts, digest) = match algorithm.family() {
            Family::Ecdsa(curve) => {
                let pair = EcdsaKeyPair::from_pkcs8(curve.sign, pkcs8).map_err(|_| unfit)?;
                let parts = PublicParts::Ecdsa(pair.public_key().as_ref().to_vec());
                let digest = derive(scalar(&pair)?.as_ref());
                (Private::Ecdsa(pair), parts, digest)
            }
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| unfit)?;
                let parts = PublicParts::Ed25519(pair.public_key().as_ref().to_vec());
                let seed = pair.seed().map_err(|_| KeyError::Generation)?;
                let seed = seed.as_be_bytes().map_err(|_| KeyError::Generation)?;
                let digest = derive(seed.as_ref());
                (Private::Ed25519(pair), parts, digest)
            }
            Family::Hmac(_) => return Err(unfit),
            Family::MlDsa(set) => {
                let pair = PqdsaKeyPair::from_pkcs8(set.sign, pkcs8).map_err(|_| unfit)?;
                let parts = PublicParts::MlDsa(pair.public_key().as_ref().to_vec());
                let private = pair.private_key().as_raw_bytes();
                let digest = derive(private.map_err(|_| KeyError::Generation)?.as_ref());
                (Private::MlDsa(pair), parts, digest)
            }
            Family::Rsa { sign, .. } => {
                let (parts, exponent) = der::rsa_numbers(pkcs8).ok_or(unfit.clone())?;
                parts.check(algorithm)?;
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| unfit)?;
                (Private::Rsa(pair, sign), parts, derive(&exponent))
            }
        };

        let verifying = VerifyingKey::from_parts(algorithm, parts)?;
        Ok(Self {
            private,
            verifying,
            digest,
        })
    }

    /// Generates a private key for an asymmetric algorithm, in PKCS#8 PEM form. An RSA key has
    /// 2048 bits.
    pub fn generate_pem(algorithm: Algorithm) -> Result<Zeroizing<String>, KeyError> {
        let failed = |_| KeyError::Generation;
        let pkcs8 = match algorithm.family() {
            Family::Ecdsa(curve) => {
                let pair = EcdsaKeyPair::generate(curve.sign).map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            Family::Hmac(_) => return Err(KeyError::Unfit { algorithm }),
            Family::MlDsa(set) => {
                let pair = PqdsaKeyPair::generate(set.sign).map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            Family::Rsa { .. } => der::generate_rsa(RSA_BITS).ok_or(KeyError::Generation)?,
        };
        Ok(text::pem("PRIVATE KEY", &pkcs8))
    }

    /// The private key of a text as PKCS#8 PEM, whatever form it came in.
    pub fn to_pem(algorithm: Algorithm, text: &str) -> Result<Zeroizing<String>, KeyError> {
        let pkcs8 = text::private_key(algorithm, text)?;
        Self::from_pkcs8(algorithm, &pkcs8)?;
        Ok(text::pem("PRIVATE KEY", &pkcs8))
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
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

    /// The public key in SPKI PEM form; `None` where it is a secret.
    #[must_use]
    pub fn public_pem(&self) -> Option<String> {
        let spki: PublicKeyX509Der<'_> = match &self.private {
            Private::Ecdsa(pair) => pair.public_key().as_der().ok()?,
            Private::Ed25519(pair) => pair.public_key().as_der().ok()?,
            Private::Hmac(_) => return None,
            Private::MlDsa(pair) => pair.public_key().as_der().ok()?,
            Private::Rsa(pair, _) => pair.public_key().as_der().ok()?,
        };
        Some(text::pem("PUBLIC KEY", spki.as_ref()).to_string())
    }

    /// A digest of a text that only a holder of this key can compute: 128 bits in base64url.
    #[must_use]
    pub fn digest(&self, text: &str) -> String {
        base64url::encode(&hmac::sign(&self.digest, text.as_bytes()).as_ref()[..16])
    }

    /// The header of every token it signs, encoded.
    pub(crate) fn header(&self) -> &str {
        self.verifying.header()
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Result<Signature, CryptoError> {
        let random = SystemRandom::new();
        let signed = match &self.private {
            Private::Ecdsa(pair) => pair.sign(&random, input).map(Signature::from),
            Private::Ed25519(pair) => pair.try_sign(input).map(Signature::from),
            Private::Hmac(key) => Ok(Signature::Hmac(hmac::sign(key, input))),
            Private::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(input, &mut signature)
                    .map(|_| Signature::Asymmetric(signature))
            }
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, input, &mut signature)
                    .map(|()| Signature::Asymmetric(signature))
            }
        };
        signed.map_err(|_| CryptoError)
    }
}

/// What was signed with a key.
pub(crate) enum Signature {
    Asymmetric(Vec<u8>),
    Hmac(hmac::Tag),
}

impl From<signature::Signature> for Signature {
    fn from(signature: signature::Signature) -> Self {
        Self::Asymmetric(signature.as_ref().to_vec())
    }
}

impl Deref for Signature {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Asymmetric(bytes) => bytes,
            Self::Hmac(tag) => tag.as_ref(),
        }
    }
}

/// A key for digests, from what is private in a key, whatever form it was written in.
fn derive(private: &[u8]) -> hmac::Key {
    let own = hmac::Key::new(hmac::HMAC_SHA256, private);
    hmac::Key::new(
        hmac::HMAC_SHA256,
        hmac::sign(&own, b"tegata digest").as_ref(),
    )
}

fn scalar(pair: &EcdsaKeyPair) -> Result<EcPrivateKeyBin<'static>, KeyError> {
    let private = pair.private_key();
    private.as_be_bytes().map_err(|_| KeyError::Generation)
}

/// RFC 7518 3.3 wants at least these.
const RSA_BITS: usize = 2048;
