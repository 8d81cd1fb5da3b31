use chrono::{DateTime, TimeDelta, Utc};
use tegata_jwt::Unverified;

use crate::settings::Settings;

/// When tokens can last be of use, leeway aside.
pub(super) struct LastUse {
    refresh_exp_claim: String,
    sliding_lifetime: TimeDelta,
    leeway: TimeDelta,
}

impl LastUse {
    pub(super) fn new(settings: &Settings) -> Self {
        let jwt = &settings.jwt;
        Self {
            refresh_exp_claim: jwt.sliding_token_refresh_exp_claim.clone(),
            sliding_lifetime: jwt.sliding_token_lifetime.span().max(TimeDelta::zero()),
            leeway: jwt.leeway.span().max(TimeDelta::zero()),
        }
    }

    /// The last use of a token, by what its row holds of it and when that says it expires. Django's
    /// row of a sliding token expires with the token as it was first issued, but its refreshes have
    /// the same identifier. A row that expires at no time is kept.
    pub(super) fn of(&self, token: &str, expires_at: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let expires_at = expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let last = self.end_of_last_refresh(token);
        last.map_or(expires_at, |last| expires_at.max(last))
    }

    fn end_of_last_refresh(&self, token: &str) -> Option<DateTime<Utc>> {
        let parsed = Unverified::parse(token).and_then(|token| token.claims_unverified());
        // Without its signature a token lacks the last of its dots, too.
        let whole = || format!("{token}.");
        let claims = parsed.or_else(|_| Unverified::parse(&whole())?.claims_unverified());
        let seconds = claims.ok()?.raw(&self.refresh_exp_claim)?.parse().ok()?;
        DateTime::from_timestamp(seconds, 0)?
            .checked_add_signed(self.leeway + self.sliding_lifetime)
    }
}
