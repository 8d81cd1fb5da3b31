use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

/// `[blacklist]`: what is kept of issued tokens.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blacklist {
    /// Whether the blacklist app is installed: refresh tokens are recorded as outstanding, and
    /// blacklisted ones refused.
    pub enabled: bool,
    /// What an outstanding token's row holds of it: `"full"` as Django does, `"unsigned"` without
    /// its signature, so that a stolen database holds no usable token, or `"none"`.
    pub stored_token: StoredToken,
}

impl Default for Blacklist {
    fn default() -> Self {
        Self {
            enabled: true,
            stored_token: StoredToken::Full,
        }
    }
}

/// What an outstanding token's row holds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    rename_all = "lowercase",
    expecting = "\"full\", \"unsigned\" or \"none\""
)]
pub enum StoredToken {
    /// The token as it was sent.
    Full,
    /// Header and claims.
    Unsigned,
    /// Nothing.
    None,
}

impl StoredToken {
    /// The part of a token that is kept.
    #[must_use]
    pub fn of(self, token: &str) -> &str {
        match self {
            Self::Full => token,
            Self::Unsigned => token.rsplit_once('.').map_or("", |(unsigned, _)| unsigned),
            Self::None => "",
        }
    }
}
