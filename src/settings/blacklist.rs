use documented::DocumentedFields;
use serde::{Deserialize, Serialize};
use tegata_jwt::Lifetime;

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
    /// How often the service looks for what other programs, such as Django, blacklisted. What
    /// itself blacklists it refuses at once, and refreshes always ask the database.
    pub poll_interval: Lifetime,
    /// Whether, on PostgreSQL, the nodes tell one another at once what they blacklist, by LISTEN and
    /// NOTIFY. Behind a pooler in transaction mode notifications do not arrive: set `false`, and
    /// `poll_interval` serves alone.
    pub listen: bool,
    /// For how long the service answers from memory what is blacklisted while it cannot look.
    /// After that it asks the database each time, and answers 503 where that is away. `0` asks it
    /// each time in any case.
    pub max_staleness: Lifetime,
    /// How often the service deletes rows of tokens that expired over an hour ago, as
    /// `flushexpiredtokens` does by hand. `0` is never.
    pub flush_interval: Lifetime,
}

impl Default for Blacklist {
    fn default() -> Self {
        Self {
            enabled: true,
            stored_token: StoredToken::Full,
            poll_interval: Lifetime::seconds(1),
            listen: true,
            max_staleness: Lifetime::seconds(30),
            flush_interval: Lifetime::seconds(0),
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
