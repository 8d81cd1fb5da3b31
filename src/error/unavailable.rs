/// Something that is needed for an answer is not there now: nobody's fault, and nothing decided.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The cryptographic library failed.
    #[error(transparent)]
    Crypto(#[from] tegata_jwt::CryptoError),
    /// More passwords wait to be checked than can be in good time.
    #[error("too many passwords are waiting to be checked")]
    HashingBusy,
    /// A password could not be hashed to its end.
    #[error("hashing a password failed")]
    HashingFailed,
    /// The database failed.
    #[error("the store failed: {0:#}")]
    Store(#[from] anyhow::Error),
}
