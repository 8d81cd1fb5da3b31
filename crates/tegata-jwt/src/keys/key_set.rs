use serde_json::value::RawValue;

use super::jwk::{Jwk, malformed};
use super::nesting;
use super::text;
use super::verifying::VerifyingKey;
use crate::algorithm::Algorithm;
use crate::error::KeyError;
use crate::object::Object;

/// The keys that an issuer publishes (RFC 7517 5), as far as they are of use to verify its tokens.
///
/// Each member is read by itself: one that nobody can use takes no other with it. A key without
/// `alg` stands here once for each algorithm it may be for.
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    unusable: Vec<UnusableKey>,
    ignored: usize,
}

/// A member of a key set that verifies nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableKey {
    /// Which of the set, from 0.
    pub position: usize,
    /// Why, as one of few names.
    pub reason: UnusableReason,
    /// Why, exactly. Never holds any part of the key.
    pub error: KeyError,
}

/// Why a member of a key set verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableReason {
    /// Not a JWK, or one with members that no JWK has so.
    Malformed,
    /// A private key: its issuer has lost it.
    Private,
    /// An HMAC secret (`kty` is `oct`): whoever can read it can sign.
    Secret,
    /// It is for something else than signatures, as `use` or `key_ops` say.
    Purpose,
    /// `alg` is none of those that are allowed, or not one of its `kty`.
    Algorithm,
    /// Of a kind or on a curve that none of the allowed algorithms has.
    Kind,
    /// Too weak to trust, or too long to compute with.
    Strength,
}

impl UnusableReason {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::Private,
        Self::Secret,
        Self::Purpose,
        Self::Algorithm,
        Self::Kind,
        Self::Strength,
    ];

    /// Its stable name, as a label of a metric.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Private => "private",
            Self::Secret => "secret",
            Self::Purpose => "use",
            Self::Algorithm => "alg",
            Self::Kind => "kty",
            Self::Strength => "strength",
        }
    }
}

/// What to do with a key that stands in a set with its private members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateKeys {
    Refuse,
    #[cfg_attr(
        not(feature = "jwks"),
        expect(dead_code, reason = "remote sets alone may ask for it")
    )]
    TakePublicPart,
}

impl KeySet {
    /// The keys that stand in a set for any of `algorithms`. An empty set is one, too.
    pub fn parse(json: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        Self::read(json, algorithms, PrivateKeys::Refuse)
    }

    pub(crate) fn read(
        json: &str,
        algorithms: &[Algorithm],
        private: PrivateKeys,
    ) -> Result<Self, KeyError> {
        let json = text::readable(json, MAX_BYTES)?;
        let object = Object::parse(json.as_bytes()).ok_or(malformed("no JSON object"))?;
        let members = object.get("keys").ok_or(malformed("no `keys`"))?;
        let members: Vec<&RawValue> =
            serde_json::from_str(members).map_err(|_| malformed("`keys` is no list"))?;
        let ignored = members.len().saturating_sub(MAX_KEYS);

        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        for (position, member) in members.into_iter().take(MAX_KEYS).enumerate() {
            match usable(member, algorithms, private) {
                Ok(fit) => keys.extend(fit),
                Err((reason, error)) => unusable.push(UnusableKey {
                    position,
                    reason,
                    error,
                }),
            }
        }
        Ok(Self {
            keys,
            unusable,
            ignored,
        })
    }

    /// Keys of one's own choice.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            unusable: Vec::new(),
            ignored: 0,
        }
    }

    /// Those that may have signed a token of that header. A key without `kid` serves tokens
    /// without one alone.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &VerifyingKey> {
        let fits = move |key: &&VerifyingKey| {
            key.algorithm() == algorithm && (kid.is_none() || key.kid() == kid)
        };
        self.keys.iter().filter(fits).take(MAX_CANDIDATES)
    }

    /// The keys of use.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The others.
    #[must_use]
    pub fn unusable(&self) -> &[UnusableKey] {
        &self.unusable
    }

    /// How many more members the set has, behind the 64 that are read.
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// Whether the keys of use are the same, under the same names and in the same order.
    #[cfg(feature = "jwks")]
    pub(crate) fn has_keys_of(&self, other: &Self) -> bool {
        let is_same = |(own, other): (&VerifyingKey, &VerifyingKey)| {
            own.kid() == other.kid() && own.algorithm() == other.algorithm() && own.is_same(other)
        };
        self.keys.len() == other.keys.len() && self.keys.iter().zip(&other.keys).all(is_same)
    }
}

type Unusable = (UnusableReason, KeyError);

fn usable(
    member: &RawValue,
    algorithms: &[Algorithm],
    private: PrivateKeys,
) -> Result<Vec<VerifyingKey>, Unusable> {
    let jwk = readable(member).map_err(|error| (UnusableReason::Malformed, error))?;
    check(&jwk, private)?;

    let mut refused = None;
    let mut fit = Vec::new();
    for algorithm in algorithms.iter().filter(|one| jwk.may_be_for(**one)) {
        match jwk.published_key(*algorithm) {
            Ok(key) => fit.push(key),
            Err(KeyError::Unfit { .. }) => {}
            Err(error) => refused = Some(error),
        }
    }
    if fit.is_empty() {
        return Err(why(&jwk, refused));
    }
    Ok(fit)
}

fn readable(member: &RawValue) -> Result<Jwk, KeyError> {
    if nesting::is_deeper(member.get(), MAX_DEPTH) {
        return Err(malformed("it is nested too deep"));
    }
    let jwk = Jwk::parse(member.get())?;
    jwk.kid()?;
    Ok(jwk)
}

/// What can be said of a key whatever its algorithm is.
fn check(jwk: &Jwk, private: PrivateKeys) -> Result<(), Unusable> {
    if jwk.is_secret().map_err(of_purpose)? {
        let error = malformed("a secret has no place in a set that is open to all");
        return Err((UnusableReason::Secret, error));
    }
    if jwk.is_private() && private == PrivateKeys::Refuse {
        return Err((UnusableReason::Private, KeyError::NotPublic));
    }
    jwk.check_purpose("verify").map_err(of_purpose)
}

fn of_purpose(error: KeyError) -> Unusable {
    match error {
        KeyError::JwkMember { .. } => (UnusableReason::Malformed, error),
        _ => (UnusableReason::Purpose, error),
    }
}

/// Why none of the algorithms that are allowed can have the key.
fn why(jwk: &Jwk, refused: Option<KeyError>) -> Unusable {
    let unfit = malformed("it is for none of the algorithms that are allowed");
    let reason = match &refused {
        Some(KeyError::RsaSize { .. } | KeyError::RsaExponent | KeyError::LowOrder) => {
            UnusableReason::Strength
        }
        Some(KeyError::JwkMember { .. }) => UnusableReason::Malformed,
        _ if jwk.names_algorithm() => UnusableReason::Algorithm,
        _ => UnusableReason::Kind,
    };
    (reason, refused.unwrap_or(unfit))
}

/// Far above what issuers publish.
const MAX_BYTES: usize = 256 * 1024;
/// What stands behind them is not read.
const MAX_KEYS: usize = 64;
/// More keys of one name are tried for no token.
const MAX_CANDIDATES: usize = 4;
/// Of one member. In the set it stands two levels down, which makes 16 of the whole.
const MAX_DEPTH: usize = 14;
