use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

/// `[compat]`: ways of the originals that are less safe, for the time of a migration.
#[derive(Clone, Debug, Default, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compat {
    /// Whether an HMAC secret may be short or a well-known sample. A warning is logged at each
    /// start.
    pub short_hmac_secret: bool,
    /// Whether a refresh leaves the user out of account, so that disabled and deleted users go on
    /// (CVE-2024-22513).
    pub refresh_without_user: bool,
    /// Whether the digest of `CHECK_REVOKE_TOKEN` is the MD5 of the password hash, so that a Simple
    /// JWT beside accepts our tokens, and we its. Whoever reads a token can try passwords on it.
    pub md5_revoke_token: bool,
}
