use std::sync::Arc;
use std::time::Duration;

/// Something that is needed for an answer is not there now: nobody's fault, and nothing decided.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The cryptographic library failed.
    #[error(transparent)]
    Crypto(#[from] tegata_jwt::CryptoError),
    /// More requests are under way than are allowed.
    #[error("too many requests are under way")]
    Full,
    /// More passwords wait to be checked than can be in good time.
    #[error("too many passwords are waiting to be checked")]
    HashingBusy,
    /// A password could not be hashed to its end.
    #[error("hashing a password failed")]
    HashingFailed,
    /// The keys of an issuer could not be had.
    #[error("the keys of {issuer} are not there")]
    Keys {
        /// Whose, as they are configured.
        issuer: Arc<str>,
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
    /// The database failed. Told whole, and so no source: it would be told twice.
    #[error("the store failed: {0:#}")]
    Store(anyhow::Error),
}

impl Unavailable {
    /// After how many seconds it is worth trying again.
    pub(super) fn retry_after(&self) -> u64 {
        match self {
            Self::Keys { retry_after, .. } => {
                let begun = u64::from(retry_after.subsec_nanos() > 0);
                (retry_after.as_secs() + begun).max(1)
            }
            _ => 1,
        }
    }
}

impl From<anyhow::Error> for Unavailable {
    fn from(error: anyhow::Error) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn what_failed_is_told_once() {
        let error = anyhow::Error::from(Unavailable::from(anyhow!("no table").context("reading")));

        assert_eq!(format!("{error:#}"), "the store failed: reading: no table");
    }
}
