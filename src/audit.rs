//! Audit events: what an operator must be able to find again in the log, each with a stable name
//! and stable fields. Never a token, a password, a hash or a key.

use tegata_jwt::{Jti, UserId};

/// An audit event.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Somebody logged in.
    Login {
        /// Who.
        user: &'a UserId,
        /// The user's name, as it is stored.
        username: &'a str,
        /// What was issued.
        kind: Kind,
        /// The identifier of the refresh token or of the sliding token.
        jti: Option<&'a Jti>,
    },
    /// There were too many wrong logins: this is the first of those that are not looked at.
    LoginLimited {
        /// The name as it was given.
        username: &'a str,
    },
    /// A login was refused. Why, is not told: who measures the service must not learn it, either.
    LoginRefused {
        /// The name as it was given.
        username: &'a str,
    },
    /// A refresh token came again after its rotation: it is in two hands.
    ReuseDetected {
        /// Whose it was.
        user: Option<&'a UserId>,
        /// The token that came again.
        jti: &'a Jti,
        /// The token at the end of its family, which was blacklisted.
        ended: &'a Jti,
    },
    /// A refresh token, or what took its place, was blacklisted at the wish of its holder.
    TokenBlacklisted {
        /// Whose it was.
        user: Option<&'a UserId>,
        /// The token that was sent.
        jti: Option<&'a Jti>,
    },
    /// All tokens of a user were blacklisted.
    UserRevoked {
        /// Who.
        user: &'a UserId,
        /// The user's name.
        username: &'a str,
        /// How many tokens there were.
        tokens: usize,
    },
}

/// What a login issues.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An access token and a refresh token.
    Pair,
    /// A sliding token.
    Sliding,
}

impl Event<'_> {
    /// Puts the event into the log: refusals and what was ended for safety's sake at `warn`, the
    /// rest at `info`.
    pub fn log(self) {
        match self {
            Self::Login {
                user,
                username,
                kind,
                jti,
            } => tracing::info!(
                target: TARGET,
                event = "login",
                user_id = user.to_string(),
                username = cut(username),
                kind = kind.name(),
                jti = jti.map(Jti::as_str),
                "logged in"
            ),
            Self::LoginLimited { username } => tracing::warn!(
                target: TARGET,
                event = "login_limited",
                username = cut(username),
                "too many wrong logins: further ones are not looked at for now"
            ),
            Self::LoginRefused { username } => tracing::warn!(
                target: TARGET,
                event = "login_refused",
                username = cut(username),
                "a login was refused"
            ),
            Self::ReuseDetected { user, jti, ended } => tracing::warn!(
                target: TARGET,
                event = "reuse_detected",
                user_id = user.map(UserId::to_string),
                jti = jti.as_str(),
                ended = ended.as_str(),
                "a refresh token came again after its rotation: its family has ended"
            ),
            Self::TokenBlacklisted { user, jti } => tracing::info!(
                target: TARGET,
                event = "token_blacklisted",
                user_id = user.map(UserId::to_string),
                jti = jti.map(Jti::as_str),
                "a refresh token was blacklisted"
            ),
            Self::UserRevoked {
                user,
                username,
                tokens,
            } => tracing::info!(
                target: TARGET,
                event = "user_revoked",
                user_id = user.to_string(),
                username = cut(username),
                tokens,
                "all tokens of a user were blacklisted"
            ),
        }
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Sliding => "sliding",
        }
    }
}

/// As much as the log takes of what a caller wrote: about a hundred characters.
#[must_use]
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

const TARGET: &str = "tegata::audit";
const MAX_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wrote_is_cut_between_two_characters() {
        assert_eq!(cut("alice"), "alice");
        assert_eq!(cut(&"x".repeat(70_000)).len(), 100);
        assert_eq!(cut(&"ユ".repeat(50)), "ユ".repeat(33));
    }
}
