use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::ParsedPublicKey;

use super::parts::PublicParts;
use super::{published, text};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::KeyError;

/// A key that verifies.
///
/// A public key and an HMAC secret are never the same kind of value, so the one can never be
/// taken for the other.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
    /// The header of every token that its owner signs, encoded.
    header: String,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Asymmetric {
        key: ParsedPublicKey,
        parts: PublicParts,
    },
    Hmac(Box<hmac::Key>),
}

impl VerifyingKey {
    /// A public key from a text: PEM (SPKI, PKCS#1, a certificate) or JWK.
    pub fn parse(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        Self::from_parts(algorithm, text::public_key(algorithm, text)?)
    }

    pub(super) fn from_hmac(algorithm: Algorithm, key: Box<hmac::Key>) -> Self {
        Self {
            algorithm,
            kid: None,
            header: header(algorithm, None),
            public: Public::Hmac(key),
        }
    }

    pub(super) fn from_parts(algorithm: Algorithm, parts: PublicParts) -> Result<Self, KeyError> {
        parts.check(algorithm)?;
        let unfit = || KeyError::Unfit { algorithm };
        let kid = published::thumbprint(algorithm, &parts).ok_or_else(unfit)?;
        let key = parts.parse(algorithm).ok_or_else(unfit)?;
        Ok(Self {
            algorithm,
            header: header(algorithm, Some(&kid)),
            kid: Some(kid.into()),
            public: Public::Asymmetric { key, parts },
        })
    }

    /// The same key under the name that its owner gives it: the `kid` in the header of the tokens
    /// it verifies. Of a key in PEM nothing else can know that.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<String>) -> Self {
        self.named(Some(kid.into().into()))
    }

    /// The same key under another name, or none.
    pub(super) fn named(self, kid: Option<Arc<str>>) -> Self {
        Self {
            header: header(self.algorithm, kid.as_deref()),
            kid,
            ..self
        }
    }

    /// The one algorithm whose signatures it verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name in the header of the tokens it verifies: its thumbprint (RFC 7638), or what its
    /// JWK or [`with_kid`](Self::with_kid) says.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The same, for whoever keeps it.
    pub(crate) fn shared_kid(&self) -> Option<Arc<str>> {
        self.kid.clone()
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// Whether this is the same public key as `other`, whatever they are called. Secrets are not
    /// compared.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.public, &other.public) {
            (
                Public::Asymmetric { parts, .. },
                Public::Asymmetric {
                    parts: other_parts, ..
                },
            ) => parts == other_parts,
            _ => false,
        }
    }

    /// The public key as JWK (RFC 7517) in JSON; `None` where it is a secret.
    #[must_use]
    pub fn jwk(&self) -> Option<String> {
        match &self.public {
            Public::Asymmetric { parts, .. } => published::json(self.algorithm, parts, self.kid()),
            Public::Hmac(_) => None,
        }
    }

    /// Whether the signature fits. Constant in time for HMAC.
    pub(crate) fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Asymmetric { key, .. } => key.verify_sig(input, signature).is_ok(),
            Public::Hmac(key) => hmac::verify(key, input, signature).is_ok(),
        }
    }
}

/// The header Simple JWT writes, `alg` and `typ`, and the `kid` of a key that has one.
fn header(algorithm: Algorithm, kid: Option<&str>) -> String {
    let member = |kid| format!(r#""kid":{},"#, serde_json::Value::from(kid));
    let kid = kid.map_or(String::new(), member);
    base64url::encode(format!(r#"{{"alg":"{algorithm}",{kid}"typ":"JWT"}}"#).as_bytes())
}
