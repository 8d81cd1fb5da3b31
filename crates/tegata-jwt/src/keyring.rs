//! The keys of an issuer, wherever they are, and what follows where the right one is not there.

use std::sync::Arc;

use crate::algorithm::Algorithm;
use crate::error::{TokenError, VerifyError};
use crate::jwks::{Kept, Missed, RemoteKeys};
use crate::keys::{KeySet, VerifyingKey};
use crate::token::Presented;

/// The keys of one issuer.
pub(crate) enum Keyring {
    /// Of one's own choice.
    Local(KeySet),
    /// Fetched from where the issuer publishes them.
    #[cfg_attr(
        not(feature = "jwks"),
        expect(dead_code, reason = "nothing fetches keys then")
    )]
    Remote {
        /// Whose, as they are configured.
        issuer: Arc<str>,
        keys: RemoteKeys,
    },
    /// One secret, and it does not matter what the token calls it.
    Secret(VerifyingKey),
}

/// The key that signed a token.
pub(crate) struct Signer {
    pub(crate) kid: Option<Arc<str>>,
    /// Of the set that it was found in.
    pub(crate) generation: u64,
}

impl Keyring {
    /// Finds the key that signed a token: in the newer set, where one was fetched for it, or among
    /// those that are there.
    pub(crate) fn signer(
        &self,
        token: &Presented<'_>,
        algorithm: Algorithm,
        newer: Option<&Kept>,
    ) -> Result<Signer, Refusal<'_>> {
        match self {
            Self::Local(keys) => Ok(Signer::new(find(keys, token, algorithm)?, LOCAL)),
            Self::Remote { issuer, keys } => {
                let miss = |seen, refusal| {
                    Refusal::Missed(Miss {
                        issuer,
                        keys,
                        seen,
                        refusal,
                    })
                };
                let Some(kept) = newer.cloned().or_else(|| keys.now()) else {
                    return Err(miss(None, TokenError::UnknownKey));
                };
                match find(&kept.keys, token, algorithm) {
                    Ok(key) => Ok(Signer::new(key, kept.generation)),
                    // It names its key, and that did not sign it: no other set helps.
                    Err(TokenError::BadSignature) if token.kid().is_some() => {
                        Err(TokenError::BadSignature.into())
                    }
                    Err(refusal) => Err(miss(Some(kept), refusal)),
                }
            }
            Self::Secret(key) if key.algorithm() == algorithm && token.is_signed_by(key) => {
                Ok(Signer::new(key, LOCAL))
            }
            Self::Secret(_) => Err(TokenError::BadSignature.into()),
        }
    }

    /// Which set is there, in the row of those that were different.
    pub(crate) fn generation(&self) -> Option<u64> {
        match self {
            Self::Local(_) | Self::Secret(_) => Some(LOCAL),
            Self::Remote { keys, .. } => keys.now().map(|kept| kept.generation),
        }
    }

    #[cfg(feature = "jwks")]
    pub(crate) fn remote(&self) -> Option<&RemoteKeys> {
        match self {
            Self::Local(_) | Self::Secret(_) => None,
            Self::Remote { keys, .. } => Some(keys),
        }
    }
}

impl Signer {
    fn new(key: &VerifyingKey, generation: u64) -> Self {
        Self {
            kid: key.shared_kid(),
            generation,
        }
    }
}

fn find<'a>(
    keys: &'a KeySet,
    token: &Presented<'_>,
    algorithm: Algorithm,
) -> Result<&'a VerifyingKey, TokenError> {
    let kid = token.kid();
    let mut refusal = TokenError::UnknownKey;
    for key in keys.candidates(kid.as_deref(), algorithm) {
        if token.is_signed_by(key) {
            return Ok(key);
        }
        refusal = TokenError::BadSignature;
    }
    Err(refusal)
}

/// Why a token was refused: for good, or as long as no newer keys are there.
pub(crate) enum Refusal<'a> {
    Final(VerifyError),
    Missed(Miss<'a>),
}

impl From<TokenError> for Refusal<'_> {
    fn from(error: TokenError) -> Self {
        Self::Final(error.into())
    }
}

/// No key that is there signed the token, and a newer one may have.
pub(crate) struct Miss<'a> {
    issuer: &'a Arc<str>,
    keys: &'a RemoteKeys,
    /// The set that was looked through, where there was any.
    seen: Option<Kept>,
    /// What holds if no newer set is to be had.
    refusal: TokenError,
}

impl Miss<'_> {
    /// A newer set, without waiting for it.
    fn newer_now(self) -> Result<Kept, VerifyError> {
        let missed = self.seen.as_ref().map(|seen| self.keys.missed_now(seen));
        self.newest(missed.unwrap_or(Missed::Unknown))
    }

    /// A newer set.
    async fn newer(self) -> Result<Kept, VerifyError> {
        let missed = match &self.seen {
            Some(seen) => self.keys.missed(seen).await,
            None => self
                .keys
                .get()
                .await
                .map_or(Missed::Unknown, Missed::Renewed),
        };
        self.newest(missed)
    }

    fn newest(self, missed: Missed) -> Result<Kept, VerifyError> {
        match missed {
            Missed::Known => Err(self.refusal.into()),
            Missed::Renewed(kept) => Ok(kept),
            Missed::Unknown => Err(VerifyError::KeysUnavailable {
                issuer: Arc::clone(self.issuer),
                retry_after: self.keys.retry_after(),
            }),
        }
    }
}

/// Attempts once, and once more where a newer set is there at once.
pub(crate) fn settle_now<'a, T>(
    mut attempt: impl FnMut(Option<&Kept>) -> Result<T, Refusal<'a>>,
) -> Result<T, VerifyError> {
    let newer = match attempt(None) {
        Ok(done) => return Ok(done),
        Err(Refusal::Final(error)) => return Err(error),
        Err(Refusal::Missed(miss)) => miss.newer_now()?,
    };
    attempt(Some(&newer)).map_err(Refusal::last)
}

/// Attempts once, and again where there were no keys, and where a newer set was fetched.
pub(crate) async fn settle<'a, T>(
    mut attempt: impl FnMut(Option<&Kept>) -> Result<T, Refusal<'a>>,
) -> Result<T, VerifyError> {
    let mut newer = None;
    loop {
        let miss = match attempt(newer.as_ref()) {
            Ok(done) => return Ok(done),
            Err(Refusal::Final(error)) => return Err(error),
            Err(Refusal::Missed(miss)) => miss,
        };
        // A first set may be older than the key; one that was fetched for the token is the last.
        let is_last = miss.seen.is_some();
        newer = Some(miss.newer().await?);
        if is_last {
            return attempt(newer.as_ref()).map_err(Refusal::last);
        }
    }
}

impl Refusal<'_> {
    /// After which nothing is tried any more.
    fn last(self) -> VerifyError {
        match self {
            Self::Final(error) => error,
            Self::Missed(miss) => miss.refusal.into(),
        }
    }
}

/// The generation of keys that never change.
const LOCAL: u64 = 0;
